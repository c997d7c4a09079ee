//! Stand-in for a Shopify store: the Admin GraphQL endpoint, its order and fulfilment states, and the webhook sender.
//!
//! Every request is checked against the real schema's shape; an unknown or deprecated field is a violation.
//! It counts what was created twice; it never protects a client from itself more than Shopify does.

mod cost;
mod fulfil;
mod graphql;
mod oauth;
mod place;
mod project;
mod rest;
mod routes;
mod shape;
mod store;
mod subscriptions;
#[cfg(test)]
mod tests;
mod webhook;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use axum::Router;

use crate::control::Control;
use store::Shop;

const SCHEMA: &str = include_str!("../../testdata/shopify_admin_2026-10.graphql");

/// How the store behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Host name of the shop, as in the webhook headers.
    pub shop: String,
    /// Access token that requests must carry.
    pub token: String,
    /// The app's public number.
    pub client_id: String,
    /// How long a token of the app is good, seconds.
    pub token_s: i64,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// Client secret: signs the webhooks.
    pub secret: String,
    /// Where webhooks go when a request does not say; empty: nowhere.
    pub webhook_url: String,
    /// First wait before a webhook is sent again, in milliseconds; doubles each time.
    pub retry_ms: u64,
    /// Decides ids; two stores with one base give the same ids.
    pub id_base: u64,
    /// Bucket restore in points per second.
    pub restore_per_s: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            shop: "demo-grids.myshopify.com".into(),
            token: "shpat_stand_in".into(),
            client_id: "app-of-the-hub".into(),
            token_s: 3_600,
            scopes: [
                "read_orders",
                "read_products",
                "read_locations",
                "write_merchant_managed_fulfillment_orders",
                "write_fulfillments",
            ]
            .map(String::from)
            .to_vec(),
            secret: "hush".into(),
            webhook_url: String::new(),
            retry_ms: 250,
            id_base: 6_301_000_000_000,
            restore_per_s: 100.0,
        }
    }
}

/// The running store; clones share it.
#[derive(Clone)]
pub struct Shopify {
    config: Arc<Config>,
    control: Control,
    schema: Arc<Valid<Schema>>,
    shop: Arc<Mutex<Shop>>,
    client: reqwest::Client,
}

impl Shopify {
    /// A store without orders.
    ///
    /// # Errors
    /// When the schema in the source tree is not valid.
    pub fn new(config: Config) -> anyhow::Result<Self> {
        let schema = Schema::parse_and_validate(SCHEMA, "shopify.graphql")
            .map_err(|e| anyhow::anyhow!("schema in testdata: {e}"))?;
        Ok(Self {
            control: Control::new("shopify", config.id_base),
            schema: Arc::new(schema),
            shop: Arc::new(Mutex::new(Shop::new(config.id_base, config.restore_per_s))),
            client: crate::control::http_client(webhook::ANSWER_WAIT_MAX),
            config: Arc::new(config),
        })
    }

    /// The control side: faults, log, violations.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// All routes, control included.
    pub fn routes(&self) -> Router {
        self.control.wrap(routes::routes(self.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Shop> {
        self.shop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks a client's operations against the shape of the real schema: valid, and nothing deprecated.
///
/// # Errors
/// What is wrong.
pub fn check_operation(text: &str) -> anyhow::Result<()> {
    let shopify = Shopify::new(Config::default())?;
    let document =
        apollo_compiler::ExecutableDocument::parse_and_validate(&shopify.schema, text, "operation.graphql")
            .map_err(|faults| anyhow::anyhow!("{faults}"))?;
    for operation in document.operations.iter() {
        graphql::report_deprecated(&shopify, operation);
    }
    let found = shopify.control.violations();
    anyhow::ensure!(found.is_empty(), "{}", found.join("; "));
    Ok(())
}
