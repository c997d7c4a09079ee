//! Keeps the shop's webhook subscriptions: Shopify deletes one after eight deliveries that failed, and says nothing.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::connection::{self, NoClient};
use super::{Client, ShopifyError};
use crate::hub::Hub;
use crate::store::Shop;

/// What the hub wants to be told of.
pub const TOPICS: [&str; 15] = [
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_PAID",
    "ORDERS_CANCELLED",
    "ORDERS_EDITED",
    "REFUNDS_CREATE",
    "FULFILLMENT_ORDERS_PLACED_ON_HOLD",
    "FULFILLMENT_ORDERS_HOLD_RELEASED",
    "FULFILLMENT_ORDERS_CANCELLED",
    "FULFILLMENT_ORDERS_SPLIT",
    "FULFILLMENT_ORDERS_MERGED",
    "FULFILLMENT_ORDERS_MOVED",
    "APP_UNINSTALLED",
    "APP_SCOPES_UPDATE",
    "PRODUCTS_UPDATE",
];
/// Pages of subscriptions that are read.
const PAGES_MAX: usize = 10;

/// A subscription that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) topic: String,
    pub(super) uri: String,
}

/// What has to be done for one topic.
#[derive(Debug, PartialEq, Eq)]
enum Todo {
    Make(&'static str),
    /// Ours that leads elsewhere, by its id.
    Lead(&'static str, String),
}

/// The difference between what there is and what should be. A second subscription of a topic that leads to somebody else
/// is left alone; one that leads to an older address of this hub is corrected.
fn missing(seen: &[Seen], address: &str, hub: &str) -> Vec<Todo> {
    let of = |topic: &'static str| {
        let mut all = seen.iter().filter(move |s| s.topic == topic);
        if all.clone().any(|s| s.uri == address) {
            return None;
        }
        Some(match all.find(|s| s.uri.starts_with(hub)) {
            Some(old) => Todo::Lead(topic, old.id.clone()),
            None => Todo::Make(topic),
        })
    };
    TOPICS.into_iter().filter_map(of).collect()
}

/// Looks at all shops at start and every so often until asked to stop.
pub async fn run(hub: Arc<Hub>, stop: CancellationToken) {
    let every = Duration::from_secs(hub.config.shopify.subscriptions_s);
    loop {
        for shop in hub.shops.all().into_iter().filter(|s| s.token.is_some()) {
            if let Err(error) = keep(&hub, &shop).await {
                tracing::warn!(error = %error, shop.id = %shop.id, "subscriptions of shop {} are not looked at: {error}", shop.id);
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = hub.shops.connected.notified() => {}
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Makes what is missing; nothing without the hub's public address.
async fn keep(hub: &Hub, shop: &Shop) -> Result<(), NoClient> {
    let Some(public) = &hub.config.web.public_url else { return Ok(()) };
    let hub_address = format!("{}/api/v1/webhooks/shopify", public.as_str().trim_end_matches('/'));
    let address = format!("{hub_address}/{}", shop.endpoint);
    let client = connection::client(hub, shop.id).await?;
    let seen = client.subscriptions().await?;
    let todo = missing(&seen, &address, &hub_address);
    for it in &todo {
        match it {
            Todo::Make(topic) => client.subscribe(topic, &address).await?,
            Todo::Lead(_, id) => client.lead(id, &address).await?,
        }
    }
    if !todo.is_empty() {
        let topics: Vec<&str> = todo
            .iter()
            .map(|t| match t {
                Todo::Make(topic) | Todo::Lead(topic, _) => *topic,
            })
            .collect();
        let (n, detail) = (topics.len(), topics.join(", "));
        tracing::info!(shop.id = %shop.id, "{n} webhook subscriptions were made or corrected: {detail}");
        hub.store.audit("hub".into(), "subscriptions restored", shop.domain.clone(), detail).await?;
    }
    Ok(())
}

impl Client {
    async fn subscriptions(&self) -> Result<Vec<Seen>, ShopifyError> {
        let (mut all, mut after) = (Vec::new(), None);
        for _page in 0..PAGES_MAX {
            let page = self.subscriptions_page(after.as_deref()).await?;
            all.extend(page.0);
            after = page.1;
            if after.is_none() {
                break;
            }
        }
        Ok(all)
    }

    async fn subscribe(&self, topic: &str, address: &str) -> Result<(), ShopifyError> {
        let subscription = json!({ "uri": address, "format": "JSON" });
        let said = self.subscribed(json!({ "topic": topic, "subscription": subscription })).await?;
        // Somebody made it in the same moment: that is what was wanted.
        let is_there = said.iter().all(|m| m == "Address for this topic has already been taken");
        if is_there { Ok(()) } else { Err(refused("HubWebhookSubscriptionCreate", &said)) }
    }

    async fn lead(&self, id: &str, address: &str) -> Result<(), ShopifyError> {
        let subscription = json!({ "uri": address, "format": "JSON" });
        let said = self.led(json!({ "id": id, "subscription": subscription })).await?;
        if said.is_empty() { Ok(()) } else { Err(refused("HubWebhookSubscriptionUpdate", &said)) }
    }
}

fn refused(operation: &'static str, said: &[String]) -> ShopifyError {
    ShopifyError::Refused { operation, what: said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::{Seen, TOPICS, Todo, missing};

    #[test]
    fn what_is_missing_is_made_and_what_leads_elsewhere_is_corrected() {
        let (hub, here) = ("https://hub.example/api", "https://hub.example/api/new");
        let seen = |topic: &str, uri: &str| Seen {
            id: format!("gid {topic} {uri}"),
            topic: topic.into(),
            uri: uri.into(),
        };
        assert_eq!(missing(&[], here, hub).len(), TOPICS.len());
        let all: Vec<Seen> = TOPICS.iter().map(|t| seen(t, here)).collect();
        assert_eq!(missing(&all, here, hub), []);
        let mut some = all.clone();
        some[0].uri = "https://hub.example/api/old".into();
        some[1].uri = "https://erp.example/orders".into();
        some.push(seen("ORDERS_PAID", "https://erp.example/paid"));
        let expected = [Todo::Lead(TOPICS[0], some[0].id.clone()), Todo::Make(TOPICS[1])];
        assert_eq!(missing(&some, here, hub), expected, "other programs' subscriptions stay");
    }
}
