//! Raw bytes → signature → row → 200. Never looks inside a body, never does anything else in the request.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::verify::is_signed;
use crate::hub::Hub;
use crate::store::{Delivery, Shop};
use crate::web::problem::Problem;

/// Longest header that is stored, bytes.
const HEADER_BYTES_MAX: usize = 255;

/// `POST /api/v1/webhooks/shopify/{endpoint}`: the shop's own unguessable address.
///
/// # Errors
/// 401 for a wrong signature, 413 for a body above the bound, 400 for a missing header, 503 when too much waits; nothing is stored then.
pub async fn by_endpoint(
    State(hub): State<Arc<Hub>>,
    Path(endpoint): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let shop = hub.shops.find(|s| s.endpoint == endpoint);
    receive(&hub, shop, &headers, whole(&hub, body)?).await
}

/// `POST /api/v1/webhooks/shopify`: the original system's address; the shop is named by an unsigned header, so its own
/// secret must match, and nothing is believed before a fresh read.
///
/// # Errors
/// As [`by_endpoint`].
pub async fn by_header(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let domain = header(&headers, "x-shopify-shop-domain").unwrap_or_default().to_ascii_lowercase();
    let shop = hub.shops.find(|s| s.domain == domain);
    receive(&hub, shop, &headers, whole(&hub, body)?).await
}

/// The body, if it came whole and within the bound.
fn whole(hub: &Hub, body: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    body.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let most = hub.config.web.webhook_bytes_max;
            let detail = format!(
                "This message is larger than {most} bytes: nothing was stored. Raise web.webhook_bytes_max if your orders are that large."
            );
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
        }
        status => Problem::new(status, "cut-off", "The message did not arrive whole: nothing was stored."),
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|v| !v.is_empty() && v.len() <= HEADER_BYTES_MAX)
}

async fn receive(
    hub: &Hub,
    shop: Option<Shop>,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    // A missing shop and a wrong signature look the same from outside.
    let signature = header(headers, "x-shopify-hmac-sha256").unwrap_or_default();
    let previous = hub.config.shopify.app.as_ref().and_then(|app| app.previous_secret.as_ref());
    let is_good = |s: &Shop| {
        is_signed(&s.secret, &body, signature)
            || previous.is_some_and(|secret| s.is_app && is_signed(secret, &body, signature))
    };
    let Some(shop) = shop.filter(is_good) else {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "bad-signature",
            "The signature does not match: nothing was stored. Check the webhook secret of this shop on both sides.",
        ));
    };
    let (Some(topic), Some(webhook_id)) =
        (header(headers, "x-shopify-topic"), header(headers, "x-shopify-webhook-id"))
    else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "missing-header",
            "The headers X-Shopify-Topic and X-Shopify-Webhook-Id must be there: nothing was stored.",
        ));
    };
    let delivery =
        Delivery { shop: shop.id, webhook_id: webhook_id.into(), topic: topic.into(), body: body.to_vec() };
    hub.store.receive(delivery).await.map_err(|e| Problem::of_store(&e))?;
    // Debug: at thousands a second a line each would cost more than the row.
    tracing::debug!(milestone = "webhook_stored", shop.id = %shop.id, "a webhook is stored");
    hub.inbox_wake.notify_one();
    Ok(axum::response::IntoResponse::into_response(StatusCode::OK))
}
