//! Encrypts and decrypts secrets in the database; the only place with the key.
//!
//! XChaCha20-Poly1305 with a random nonce; the associated data is `table/row/column`, so that a sealed value that was
//! moved to another row does not open.

use std::fmt;
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::{files, sources};

/// Bytes of a nonce.
const NONCE_LEN: usize = 24;

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The text, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why a secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The key file.
    #[error("cannot read or make the key file {path}")]
    Key {
        /// Which.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Wrong length.
    #[error("{path} is not a key: expected 64 hexadecimal digits")]
    NotAKey {
        /// Which.
        path: String,
    },
    /// Another key, or the value was changed or moved.
    #[error("the sealed value of {place} does not open with this key")]
    Sealed {
        /// `table/row/column`.
        place: String,
    },
}

/// The key that seals secrets.
#[derive(Clone)]
pub struct Vault(XChaCha20Poly1305);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(***)")
    }
}

impl Vault {
    /// A vault with this key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Reads the key file, or makes one.
    ///
    /// # Errors
    /// When it cannot be read or written, or is not a key.
    pub fn open(path: &Path) -> Result<Self, SecretError> {
        let fault = |source| SecretError::Key { path: path.display().to_string(), source };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
                let fresh = sources::token();
                files::write_atomic(path, fresh.as_bytes()).map_err(fault)?;
                fresh
            }
            Err(source) => return Err(fault(source)),
        };
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key)
            .map_err(|_not_hex| SecretError::NotAKey { path: path.display().to_string() })?;
        Ok(Self::new(&key))
    }

    /// Seals `secret` for `place` (`table/row/column`).
    ///
    /// # Panics
    /// Never: the texts are far below the cipher's limit.
    #[must_use]
    pub fn seal(&self, place: &str, secret: &Secret) -> Vec<u8> {
        let nonce = sources::random::<NONCE_LEN>();
        let payload = Payload { msg: secret.expose().as_bytes(), aad: place.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("short texts always seal");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`Self::seal`] made for the same place.
    ///
    /// # Errors
    /// [`SecretError::Sealed`] for another key or place, or changed bytes.
    pub fn unseal(&self, place: &str, sealed: &[u8]) -> Result<Secret, SecretError> {
        let fault = || SecretError::Sealed { place: place.to_owned() };
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(fault)?;
        let opened = self.0.decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: place.as_bytes() });
        let text = String::from_utf8(opened.map_err(|_bad| fault())?).map_err(|_not_text| fault())?;
        Ok(Secret(text))
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, Vault};

    #[test]
    fn a_secret_opens_only_at_its_place_with_its_key() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal("shop/1/token", &Secret::new("shpat_x"));
        assert_eq!(vault.unseal("shop/1/token", &sealed).unwrap().expose(), "shpat_x");
        assert!(vault.unseal("shop/2/token", &sealed).is_err());
        assert!(Vault::new(&[8; 32]).unseal("shop/1/token", &sealed).is_err());
        assert!(!sealed.windows(5).any(|w| w == b"shpat"));
        assert_eq!(format!("{:?}", Secret::new("x")), "***");
    }
}
