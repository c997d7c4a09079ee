//! Webhook subscriptions of the shop: only their rules; deliveries go where a test says.

use serde_json::{Value, json};

use super::shape;
use super::store::Shop;

/// One subscription.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) id: u64,
    pub(super) topic: String,
    pub(super) uri: String,
}

pub(super) fn shape_of(it: &Subscription) -> Value {
    json!({ "id": shape::gid("WebhookSubscription", it.id), "topic": it.topic, "uri": it.uri, "format": "JSON", "filter": null,
        "includeFields": [], "apiVersion": { "handle": "2026-10", "supported": true },
        "createdAt": "2026-11-20T10:00:00Z", "updatedAt": "2026-11-20T10:00:00Z" })
}

fn refused(message: &str) -> Value {
    let field = json!(["webhookSubscription", "callbackUrl"]);
    json!({ "webhookSubscription": null, "userErrors": [{ "field": field, "message": message }] })
}

fn uri_of(input: &Value) -> Result<String, Value> {
    let uri = input.get("uri").and_then(Value::as_str).unwrap_or_default().to_owned();
    if uri.is_empty() {
        return Err(refused("Address can't be blank"));
    }
    if uri.starts_with("http://") {
        return Err(refused("Address protocol http:// is not supported"));
    }
    Ok(uri)
}

pub(super) fn create(shop: &mut Shop, topic: &str, input: &Value) -> Value {
    let uri = match uri_of(input) {
        Ok(uri) => uri,
        Err(refused) => return refused,
    };
    if shop.subscriptions.iter().any(|s| s.topic == topic && s.uri == uri) {
        return refused("Address for this topic has already been taken");
    }
    let made = Subscription { id: shop.id(), topic: topic.to_owned(), uri };
    shop.subscriptions.push(made.clone());
    json!({ "webhookSubscription": shape_of(&made), "userErrors": [] })
}

pub(super) fn update(shop: &mut Shop, id: u64, input: &Value) -> Value {
    let uri = match uri_of(input) {
        Ok(uri) => uri,
        Err(refused) => return refused,
    };
    let Some(found) = shop.subscriptions.iter_mut().find(|s| s.id == id) else {
        let message = "Webhook subscription does not exist";
        return json!({ "webhookSubscription": null, "userErrors": [{ "field": ["id"], "message": message }] });
    };
    found.uri = uri;
    json!({ "webhookSubscription": shape_of(found), "userErrors": [] })
}
