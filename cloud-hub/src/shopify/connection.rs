//! A client whose token is good now: tokens that end are renewed before they do, one renewal at a time.

use protocol::ids::ShopId;

use super::{Client, ShopifyError, oauth};
use crate::hub::Hub;
use crate::store::{Shop, ShopState, StoreError};

/// A token is renewed so long before it ends, milliseconds.
const EARLY_MS: i64 = 5 * 60_000;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    /// The shop was never connected with a token, or has taken it back.
    #[error("the shop is not connected")]
    NotConnected,
    /// Its token has ended and a new one did not come.
    #[error("the shop gave no new token")]
    Shop(#[from] ShopifyError),
    /// The database.
    #[error("the new token cannot be stored")]
    Store(#[from] StoreError),
}

impl NoClient {
    /// Whether waiting may help without anybody doing anything.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::NotConnected => false,
            Self::Shop(error) => error.may_pass(),
            Self::Store(_) => true,
        }
    }

    /// For the person who sees it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NotConnected => "The shop is not connected: connect it on the settings page.".into(),
            Self::Shop(error) => error.words(),
            Self::Store(_) => "The database was busy.".into(),
        }
    }
}

/// A client for a shop.
///
/// # Errors
/// Why there is none now.
pub async fn client(hub: &Hub, shop: ShopId) -> Result<Client, NoClient> {
    let known =
        hub.shops.find(|s| s.id == shop).filter(|s| s.token.is_some()).ok_or(NoClient::NotConnected)?;
    if !is_ending(hub, &known) {
        return made(hub, &known);
    }
    let _turn = hub.shops.renewing.lock().await;
    // Whoever waited finds what the one before it got.
    let known = hub.shops.find(|s| s.id == shop).ok_or(NoClient::NotConnected)?;
    if !is_ending(hub, &known) {
        return made(hub, &known);
    }
    match renew(hub, &known).await {
        Ok(()) => made(hub, &hub.shops.find(|s| s.id == shop).ok_or(NoClient::NotConnected)?),
        // The old token still has some minutes.
        Err(error) if error.may_pass() && known.expires.is_some_and(|at| at > hub.clock.wall()) => {
            tracing::warn!(error = %error, shop.id = %shop, "a token is not renewed yet: {error}");
            made(hub, &known)
        }
        Err(NoClient::Shop(error @ ShopifyError::Denied { .. })) => {
            hub.store.set_shop_state(shop, ShopState::Refused, error.words()).await?;
            hub.shops.refresh(&*hub.store).await?;
            Err(NoClient::Shop(error))
        }
        Err(error) => Err(error),
    }
}

fn is_ending(hub: &Hub, shop: &Shop) -> bool {
    shop.refresh.is_some() && shop.expires.is_some_and(|at| at.0 - EARLY_MS <= hub.clock.wall().0)
}

fn made(hub: &Hub, shop: &Shop) -> Result<Client, NoClient> {
    let token = shop.token.clone().ok_or(NoClient::NotConnected)?;
    let base = hub.shops.base(&shop.domain).ok_or(NoClient::NotConnected)?;
    Client::new(hub.shops.http.clone(), &base, &hub.shops.version, token)
        .map_err(|_bad| NoClient::NotConnected)
}

async fn renew(hub: &Hub, shop: &Shop) -> Result<(), NoClient> {
    let (Some(app), Some(token)) = (&hub.config.shopify.app, &shop.refresh) else {
        return Err(NoClient::NotConnected);
    };
    let base = hub.shops.base(&shop.domain).ok_or(NoClient::NotConnected)?;
    let grant = oauth::refresh(&hub.shops.http, &base, app, token, hub.clock.wall()).await?;
    hub.store.put_grant(shop.domain.clone(), app.client_secret.clone(), grant).await?;
    hub.shops.refresh(&*hub.store).await?;
    tracing::info!(shop.id = %shop.id, "the token of shop {} was renewed", shop.id);
    Ok(())
}
