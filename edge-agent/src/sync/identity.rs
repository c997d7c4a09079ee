//! The agent's Ed25519 key: made on the device, never leaves it, left out of clear backups.

use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use protocol::{ids::AgentId, wire::v1::token_message};

use super::SyncError;
use crate::{files, sources};

/// The key file below the data directory.
const FILE: &str = "agent.key";

/// Signs for the agent.
#[derive(Clone)]
pub struct Identity(SigningKey);

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(***)")
    }
}

impl Identity {
    /// Reads the key, or makes one at first use.
    ///
    /// # Errors
    /// [`SyncError::Key`], [`SyncError::NotAKey`], [`SyncError::Random`].
    pub fn load_or_make(data_dir: &Path) -> Result<Self, SyncError> {
        let path = data_dir.join(FILE);
        if path.exists() {
            let text = std::fs::read_to_string(&path).map_err(files::FileError::of("read", &path))?;
            let mut seed = [0; 32];
            hex::decode_to_slice(text.trim(), &mut seed).map_err(|_not_hex| SyncError::NotAKey(path))?;
            return Ok(Self(SigningKey::from_bytes(&seed)));
        }
        let seed = sources::random::<32>()?;
        files::write_atomic(&path, hex::encode(seed).as_bytes(), true)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The public half, 64 hexadecimal digits.
    #[must_use]
    pub fn public_key(&self) -> String {
        hex::encode(self.0.verifying_key().to_bytes())
    }

    /// The answer to a nonce, 128 hexadecimal digits.
    #[must_use]
    pub fn sign(&self, agent: AgentId, nonce: &str) -> String {
        hex::encode(self.0.sign(&token_message(agent, nonce)).to_bytes())
    }
}
