//! Newtypes for everything that is named, each with one parser and one printer.
//!
//! Ids made by us are UUIDs of version 7 (ordered by the time they were made); this module parses and
//! prints them and never makes one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Longest name of a printer, characters.
pub const PRINTER_ID_CHARS_MAX: usize = 64;

/// Why a text is not the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a UUID of version 7.
    #[error("{text:?} is not a {what} id (a UUID of version 7)")]
    NotUuid7 {
        /// What the id should have named.
        what: &'static str,
        /// The text given.
        text: String,
    },
    /// A printer id with forbidden characters or of the wrong length.
    #[error(
        "{text:?} is not a printer id: 1 to 64 of a-z, 0-9, '-', '_' and '.', starting with a letter or digit"
    )]
    NotPrinter {
        /// The text given.
        text: String,
    },
    /// A hexadecimal text of the wrong length or with other characters.
    #[error("{text:?} is not {digits} hexadecimal digits")]
    NotHex {
        /// The text given.
        text: String,
        /// How many digits are right.
        digits: usize,
    },
    /// Not `incarnation/number`.
    #[error(
        "{text:?} is not an attempt: expected INCARNATION/NUMBER, for example 0123456789abcdef0123456789abcdef/14"
    )]
    NotAttempt {
        /// The text given.
        text: String,
    },
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID made by the caller's source of ids. `None` unless it is of version 7.
            #[must_use]
            pub fn from_uuid(id: Uuid) -> Option<Self> {
                (id.get_version_num() == 7).then_some(Self(id))
            }

            /// The first eight characters: for file names and printers' displays, never as a key.
            #[must_use]
            pub fn short(&self) -> String {
                let mut text = self.0.simple().to_string();
                // The tail is the random part: two jobs made in the same millisecond differ there.
                text.split_off(24)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.hyphenated().fmt(f) }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::parse_str(text).ok().and_then(Self::from_uuid)
                    .ok_or_else(|| IdError::NotUuid7 { what: $what, text: text.chars().take(64).collect() })
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> { text.parse() }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self { id.to_string() }
        }
    )*};
}

uuid_ids! {
    /// A company on the hub.
    TenantId, "tenant";
    /// A connected shop of a tenant.
    ShopId, "shop";
    /// A place where an agent stands.
    SiteId, "site";
    /// A shop order as the hub keeps it.
    OrderId, "order";
    /// A line of an order.
    LineId, "line";
    /// One thing the customer gets.
    PartId, "part";
    /// "Print this artifact once for this purpose".
    JobId, "job";
    /// An agent, given at enrolment.
    AgentId, "agent";
    /// A product mapping.
    ProductId, "product";
}

macro_rules! hex128_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u128);

        impl $name {
            /// Takes 128 bits made by the caller's source of randomness.
            #[must_use]
            pub const fn new(bits: u128) -> Self { Self(bits) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{:032x}", self.0) }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let fault = || IdError::NotHex { text: text.chars().take(64).collect(), digits: 32 };
                if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) { return Err(fault()); }
                u128::from_str_radix(text, 16).map(Self).map_err(|_not_hex| fault())
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> { text.parse() }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self { id.to_string() }
        }
    )*};
}

hex128_ids! {
    /// One life of an agent's database: made with it, and again after a restore.
    Incarnation;
    /// One life of the machine (`/proc/sys/kernel/random/boot_id`): monotonic times compare within it only.
    BootId;
}

/// The name of a printer at its site, as in the settings: `ender-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PrinterId(String);

impl PrinterId {
    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for PrinterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for PrinterId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let ok = text.len() <= PRINTER_ID_CHARS_MAX && text.starts_with(first) && text.chars().all(allowed);
        ok.then(|| Self(text.to_owned()))
            .ok_or_else(|| IdError::NotPrinter { text: text.chars().take(80).collect() })
    }
}
impl TryFrom<String> for PrinterId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}
impl From<PrinterId> for String {
    fn from(id: PrinterId) -> Self {
        id.0
    }
}

/// One try to start a job: durable before the first byte leaves. Printed as `INCARNATION/NUMBER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttemptNo {
    /// The life of the ledger that counted it.
    pub incarnation: Incarnation,
    /// Counts from 1 within that life and is never used again.
    pub n: u64,
}

impl fmt::Display for AttemptNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.incarnation, self.n)
    }
}
impl FromStr for AttemptNo {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let fault = || IdError::NotAttempt { text: text.chars().take(80).collect() };
        let (incarnation, n) = text.split_once('/').ok_or_else(fault)?;
        let n = n.parse().ok().filter(|n| *n > 0).ok_or_else(fault)?;
        Ok(Self { incarnation: incarnation.parse().map_err(|_not_hex| fault())?, n })
    }
}
impl TryFrom<String> for AttemptNo {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}
impl From<AttemptNo> for String {
    fn from(no: AttemptNo) -> Self {
        no.to_string()
    }
}

/// The SHA-256 of some bytes; printed as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Takes a finished digest.
    #[must_use]
    pub const fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Hashes `bytes` at once; streams are hashed where they are read.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl FromStr for Sha256 {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut digest = [0; 32];
        let fault = || IdError::NotHex { text: text.chars().take(80).collect(), digits: 64 };
        hex::decode_to_slice(text, &mut digest).map_err(|_not_hex| fault())?;
        Ok(Self(digest))
    }
}
impl TryFrom<String> for Sha256 {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}
impl From<Sha256> for String {
    fn from(digest: Sha256) -> Self {
        digest.to_string()
    }
}
