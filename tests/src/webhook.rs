//! Webhooks as Shopify signs them: base64 of HMAC-SHA-256 over the raw body.

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The shop of runs and its secret, as in the settings of [`crate::hub::Hub`].
pub const SHOP: &str = "demo-grids.myshopify.com";
/// Its webhook secret.
pub const SECRET: &str = "hush";
/// Where the hub takes them.
pub const PATH: &str = "/api/v1/webhooks/shopify";

/// A signed webhook, ready to be sent.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Header names and values.
    pub headers: [(&'static str, String); 5],
    /// The raw body.
    pub body: Vec<u8>,
}

impl Webhook {
    /// Signs `body`.
    ///
    /// # Errors
    /// The signer refuses the secret.
    pub fn signed(topic: &str, id: &str, body: Vec<u8>) -> anyhow::Result<Self> {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
        mac.update(&body);
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("x-shopify-topic", topic.to_owned()),
            ("x-shopify-shop-domain", SHOP.to_owned()),
            ("x-shopify-webhook-id", id.to_owned()),
            ("x-shopify-hmac-sha256", signature),
        ];
        Ok(Self { headers, body })
    }
}
