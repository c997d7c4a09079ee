//! Rows → fresh read → domain. A webhook is a hint: the same row twice, late or out of order changes nothing more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::ids::ShopId;
use protocol::units::WallMs;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::orders::{Rules, SeenOrder, resolve};
use crate::shopify::connection::{self, NoClient};
use crate::shopify::{ShopifyError, map};
use crate::store::{OrderApplied, Pending, Settled, Shop, ShopState, StoreError};

/// Rows of one round.
const BATCH: u32 = 50;
/// How often the worker looks without being woken.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Longest wait between two tries of one row, milliseconds.
const RETRY_MS_MAX: i64 = 300_000;
/// First wait, milliseconds; doubles.
const RETRY_MS: i64 = 500;

/// Topics that name an order.
const ORDER_TOPICS: [&str; 6] =
    ["orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/edited", "refunds/create"];
/// Of these, the body is a whole order.
const WHOLE_TOPICS: [&str; 4] = ["orders/create", "orders/updated", "orders/paid", "orders/cancelled"];

/// Applies rows until asked to stop.
pub async fn run(hub: Arc<Hub>, stop: CancellationToken) {
    loop {
        let woken = hub.inbox_wake.notified();
        let worked = match round(&hub).await {
            Ok(n) => n > 0,
            Err(error) => {
                tracing::error!(error = %error, "the inbox cannot be read: {error}");
                false
            }
        };
        if worked && !stop.is_cancelled() {
            continue;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = woken => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// One round; answers how many rows were settled.
async fn round(hub: &Hub) -> Result<usize, StoreError> {
    if hub.store.waits_for_agents().await? {
        return Ok(0); // What agents made for orders that a restored database forgot must be known first.
    }
    let due = hub.store.deliveries_due(BATCH).await?;
    // All rows of a round were stored before its first read, so one read answers all of one order.
    let mut read: BTreeMap<(ShopId, String), Settled> = BTreeMap::new();
    for row in &due {
        let settled = settle(hub, row, &mut read).await;
        hub.store.settle(row.id, settled).await?;
    }
    Ok(due.len())
}

async fn settle(hub: &Hub, row: &Pending, read: &mut BTreeMap<(ShopId, String), Settled>) -> Settled {
    let Some(shop) = hub.shops.find(|s| s.id == row.shop) else {
        return Settled::Held("The shop of this message is no longer connected.".into());
    };
    if !ORDER_TOPICS.contains(&row.topic.as_str()) {
        return match row.topic.as_str() {
            "app/uninstalled" => uninstalled(hub, &shop, row).await,
            topic if topic.starts_with("fulfillment_orders/") => {
                Settled::Ignored("Seen with the next reading of the order.".into())
            }
            topic => Settled::Ignored(format!("Messages about {topic:?} mean nothing to this hub.")),
        };
    }
    let id = match map::order_id(&row.topic, &row.body) {
        Ok(id) => id,
        Err(why) => {
            tracing::warn!(inbox.id = row.id, "a signed webhook cannot be read: {why}");
            return Settled::Held("A message of the shop is correctly signed but cannot be read: look at the order in the shop.".into());
        }
    };
    if shop.token.is_none() {
        return from_body(hub, &shop, row).await;
    }
    let key = (shop.id, id.clone());
    if let Some(known) = read.get(&key) {
        return known.clone();
    }
    let settled = match read_and_apply(hub, &shop, &id).await {
        Ok(()) => Settled::Done,
        Err(failed) => failed.settled(hub.clock.wall(), row.tries_n),
    };
    read.insert(key, settled.clone());
    settled
}

/// The topic is not signed: it is believed only when the shop refuses our token, too.
async fn uninstalled(hub: &Hub, shop: &Shop, row: &Pending) -> Settled {
    let asked = match connection::client(hub, shop.id).await {
        Ok(client) => client.ping().await.map_err(NoClient::Shop),
        Err(error) => Err(error),
    };
    match asked {
        Ok(()) => Settled::Ignored(
            "It says that the app was removed, and the shop still answers us: not believed.".into(),
        ),
        Err(error) if error.may_pass() => ApplyError::NoClient(error).settled(hub.clock.wall(), row.tries_n),
        Err(_refused) => {
            let noted = hub.store.set_shop_state(shop.id, ShopState::Uninstalled, String::new()).await;
            let read = match noted {
                Ok(()) => hub.shops.refresh(&*hub.store).await,
                Err(error) => Err(error),
            };
            match read {
                Ok(()) => Settled::Held(
                    "The app was removed in the shop: connect it again on the settings page.".into(),
                ),
                Err(error) => ApplyError::Store(error).settled(hub.clock.wall(), row.tries_n),
            }
        }
    }
}

/// A shop that we cannot read: its signed bodies are all there is.
async fn from_body(hub: &Hub, shop: &Shop, row: &Pending) -> Settled {
    if !WHOLE_TOPICS.contains(&row.topic.as_str()) {
        return Settled::Ignored("The shop is not connected, so only whole orders can be taken over.".into());
    }
    match map::from_webhook(&row.body) {
        Ok(seen) => match apply(hub, shop, &seen).await {
            Ok(_) => Settled::Done,
            Err(error) => ApplyError::Store(error).settled(hub.clock.wall(), row.tries_n),
        },
        Err(why) => {
            tracing::warn!(inbox.id = row.id, "a signed webhook cannot be read: {why}");
            Settled::Held("A message of the shop is correctly signed but cannot be read: look at the order in the shop.".into())
        }
    }
}

/// Why an order was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The shop did not give it.
    #[error("the order cannot be read from the shop")]
    Shop(#[from] ShopifyError),
    /// The store did not take it.
    #[error("the order cannot be stored")]
    Store(#[from] StoreError),
    /// The shop does not know it.
    #[error("the shop does not know the order")]
    Unknown,
    /// There is no token for it now.
    #[error("the shop cannot be asked")]
    NoClient(#[from] NoClient),
}

impl ApplyError {
    fn settled(&self, now: WallMs, tries_n: u32) -> Settled {
        let delay = RETRY_MS.saturating_mul(1_i64 << tries_n.min(16)).min(RETRY_MS_MAX);
        let later = |note: String| Settled::Later { due: WallMs(now.0 + delay), note };
        tracing::warn!(error = %self, "an order is not taken over yet: {self}");
        match self {
            Self::Shop(error) if error.may_pass() => later(error.words()),
            // A refused token or scope may be mended by a person: the row waits for it.
            Self::Shop(error) => later(error.words()),
            Self::Store(_) => later("The database was busy.".into()),
            Self::Unknown => Settled::Held(
                "The shop does not know the order of this message: it may have been deleted.".into(),
            ),
            Self::NoClient(error) => later(error.words()),
        }
    }
}

/// Reads an order fresh and applies it.
///
/// # Errors
/// Why not.
pub async fn read_and_apply(hub: &Hub, shop: &Shop, id: &str) -> Result<(), ApplyError> {
    let client = connection::client(hub, shop.id).await?;
    let seen = client.read_order(id).await?.ok_or(ApplyError::Unknown)?;
    apply(hub, shop, &seen).await?;
    Ok(())
}

/// Resolves and applies an order, and wakes whoever has something to do.
async fn apply(hub: &Hub, shop: &Shop, seen: &SeenOrder) -> Result<OrderApplied, StoreError> {
    let mut mappings = BTreeMap::new();
    for sku in seen.lines.iter().filter_map(|l| l.sku.clone()) {
        if let Some(mapping) = hub.store.mapping(shop.tenant, sku.clone()).await? {
            mappings.insert(sku, mapping);
        }
    }
    let rules =
        Rules { shop, grid: &hub.config.grid, production: &hub.config.production, mappings: &mappings };
    let applied = hub.store.apply_order(resolve(seen, rules)).await?;
    hub.bells.ring(&applied.ring);
    hub.outbox_wake.notify_waiters();
    Ok(applied)
}
