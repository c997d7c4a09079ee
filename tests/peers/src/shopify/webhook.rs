//! Sends signed webhooks as Shopify does: same bytes and id on every retry, at most eight retries, no order guarantee.

use std::time::Duration;

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use super::Shopify;
use super::store::{now_ms, stamp};

/// Shopify gives up on an answer after this.
pub(super) const ANSWER_WAIT_MAX: Duration = Duration::from_secs(5);
/// Retries before an API-made subscription is deleted.
const RETRIES_MAX: u32 = 8;

/// What goes wrong with the deliveries of one request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of a test")]
pub(super) struct Delivery {
    /// Never sent.
    pub(super) lost: bool,
    /// Sent this many times more with the same id.
    pub(super) duplicates: u32,
    /// `orders/updated` before `orders/create`.
    pub(super) reordered: bool,
    /// Signed with another secret.
    pub(super) wrong_signature: bool,
    /// Sent only after this time.
    pub(super) late_ms: u64,
    /// The body instead of the order, correctly signed.
    pub(super) body: Option<String>,
    /// Another topic than the real one.
    pub(super) topic: Option<String>,
}

/// Where a request wants its webhooks.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) secret: String,
}

/// Base64 HMAC-SHA256 of the body.
pub(super) fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length is allowed");
    mac.update(body);
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

struct Signed {
    topic: String,
    id: String,
    signature: String,
    body: Vec<u8>,
}

/// Sends `topic` once or as `faults` say, in the background.
pub(super) fn send(
    shopify: &Shopify,
    target: &Target,
    topic: &str,
    body: &serde_json::Value,
    faults: &Delivery,
) {
    if faults.lost || target.url.is_empty() {
        shopify.lock().counters.webhooks_lost_n += 1;
        return;
    }
    let body = faults.body.clone().unwrap_or_else(|| body.to_string()).into_bytes();
    let key = if faults.wrong_signature { "not the secret" } else { &target.secret };
    let id = shopify.lock().id();
    let signed = Signed {
        topic: faults.topic.clone().unwrap_or_else(|| topic.to_owned()),
        id: format!("b54557e4-bdd9-4b37-8a5f-{id:016x}"),
        signature: sign(key, &body),
        body,
    };
    let (shopify, url, late) = (shopify.clone(), target.url.clone(), Duration::from_millis(faults.late_ms));
    let copies = faults.duplicates + 1;
    crate::control::background(async move {
        tokio::time::sleep(late).await;
        for _copy in 0..copies {
            deliver(&shopify, &url, &signed).await;
        }
    });
}

async fn deliver(shopify: &Shopify, url: &str, signed: &Signed) {
    for attempt in 0..=RETRIES_MAX {
        shopify.lock().counters.webhooks_sent_n += 1;
        let request = shopify
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("x-shopify-topic", &signed.topic)
            .header("x-shopify-hmac-sha256", &signed.signature)
            .header("x-shopify-shop-domain", &shopify.config.shop)
            .header("x-shopify-api-version", "2026-10")
            .header("x-shopify-webhook-id", &signed.id)
            .header("x-shopify-event-id", format!("e-{}", signed.id))
            .header("x-shopify-triggered-at", stamp(now_ms()))
            .body(signed.body.clone());
        if request.send().await.is_ok_and(|answer| answer.status().is_success()) {
            shopify.lock().counters.webhooks_accepted_n += 1;
            return;
        }
        tokio::time::sleep(Duration::from_millis(shopify.config.retry_ms << attempt.min(8))).await;
    }
    shopify.lock().counters.subscriptions_deleted_n += 1;
}
