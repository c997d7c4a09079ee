//! The signature of a webhook: base64 HMAC-SHA256 of the raw bytes, compared in constant time.

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secrets::Secret;

/// Whether `signature` was made over exactly these bytes with `secret`.
#[must_use]
pub fn is_signed(secret: &Secret, body: &[u8], signature: &str) -> bool {
    let Ok(given) = base64::engine::general_purpose::STANDARD.decode(signature) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_signed;
    use crate::secrets::Secret;

    #[test]
    fn the_recorded_vector_is_right_and_nothing_else_is() {
        let secret = Secret::new("hush");
        let signature = "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=";
        assert!(is_signed(&secret, br#"{"id":1}"#, signature));
        assert!(!is_signed(&secret, br#"{"id":2}"#, signature));
        assert!(!is_signed(&Secret::new("hus"), br#"{"id":1}"#, signature));
        assert!(!is_signed(&secret, br#"{"id":1}"#, "not base64"));
        assert!(!is_signed(&secret, br#"{"id":1}"#, ""));
    }
}
