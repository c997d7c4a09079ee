//! Reads the shop's recently changed orders, because webhooks get lost: on start and every few minutes.
//!
//! Takes no input: the path after a crash is the everyday path. Applying an order again changes nothing.

use std::sync::Arc;
use std::time::Duration;

use protocol::units::WallMs;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::inbox::task::{ApplyError, read_and_apply};
use crate::shopify::{ShopifyError, connection};
use crate::store::{Shop, ShopState, StoreError};

/// How far a look goes back beyond the last one, milliseconds: changes that were not yet visible then.
const OVERLAP_MS: i64 = 60_000;
/// How far the first look of a shop goes back, milliseconds: 7 days.
const FIRST_MS: i64 = 7 * 86_400_000;
/// Pages of one look.
const PAGES_MAX: usize = 200;

/// Looks at all shops until asked to stop.
pub async fn run(hub: Arc<Hub>, stop: CancellationToken) {
    let every = Duration::from_secs(hub.config.shopify.reconcile_s);
    loop {
        for shop in hub.shops.all().into_iter().filter(|s| s.token.is_some()) {
            let looked = look(&hub, &shop).await;
            if let Err(error) = &looked {
                tracing::warn!(error = %error, shop.id = %shop.id, "changed orders of shop {} cannot be read: {error}", shop.id);
            }
            if let Err(error) = note(&hub, &shop, looked.err()).await {
                tracing::error!(error = %error, "the state of a shop cannot be noted: {error}");
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Notes that the shop refuses us, or does no more.
async fn note(hub: &Hub, shop: &Shop, failed: Option<ApplyError>) -> Result<(), StoreError> {
    let (state, words) = match failed {
        Some(ApplyError::Shop(error @ ShopifyError::Denied { .. })) => (ShopState::Refused, error.words()),
        None => (ShopState::Connected, String::new()),
        Some(_passes_or_was_noted) => return Ok(()),
    };
    let now = hub.shops.find(|s| s.id == shop.id).map(|s| s.state);
    if now == Some(state) || now == Some(ShopState::Uninstalled) {
        return Ok(());
    }
    hub.store.set_shop_state(shop.id, state, words).await?;
    hub.shops.refresh(&*hub.store).await
}

/// One look at one shop. The mark moves only past orders that were applied.
async fn look(hub: &Hub, shop: &Shop) -> Result<(), ApplyError> {
    if hub.store.waits_for_agents().await? {
        return Ok(()); // After a restore the agents are heard first.
    }
    let client = connection::client(hub, shop.id).await?;
    let now = hub.clock.wall();
    let mark = hub.store.reconciled_until(shop.id).await?;
    let since = mark.map_or(WallMs(now.0 - FIRST_MS), |m| WallMs(m.0 - OVERLAP_MS));
    let (mut after, mut seen_until) = (None, mark);
    for _page in 0..PAGES_MAX {
        let page = client.changed(since, after.as_deref()).await?;
        for (id, updated) in page.orders {
            match read_and_apply(hub, shop, &id).await {
                Ok(()) | Err(ApplyError::Unknown) => {}
                Err(error) => return Err(error),
            }
            seen_until = seen_until.max(updated);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if let Some(until) = seen_until {
        hub.store.set_reconciled(shop.id, until).await?;
    }
    Ok(())
}
