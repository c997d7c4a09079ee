//! The key under which everything made from a specification is kept.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

const BYTES: usize = 32;

/// SHA-256 of a specification's canonical text; printed and sent as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GridKey([u8; BYTES]);

/// A text that is no grid key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a grid key has 64 hex digits in lower case")]
pub struct NotAGridKey;

impl GridKey {
    /// The key of a canonical text.
    #[must_use]
    pub(super) fn of(canonical_text: &str) -> Self {
        Self(Sha256::digest(canonical_text.as_bytes()).into())
    }

    /// The first eight hex digits, for labels.
    #[must_use]
    pub fn short(self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for GridKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for GridKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GridKey({self})")
    }
}

impl FromStr for GridKey {
    type Err = NotAGridKey;

    fn from_str(text: &str) -> Result<Self, NotAGridKey> {
        let mut bytes = [0; BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_no_detail| NotAGridKey)?;
        let key = Self(bytes);
        // One spelling only: keys are compared as text in databases and file names.
        if key.to_string() == text { Ok(key) } else { Err(NotAGridKey) }
    }
}

impl TryFrom<String> for GridKey {
    type Error = NotAGridKey;

    fn try_from(text: String) -> Result<Self, NotAGridKey> {
        text.parse()
    }
}

impl From<GridKey> for String {
    fn from(key: GridKey) -> Self {
        key.to_string()
    }
}
