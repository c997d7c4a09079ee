//! Stand-in for Sendcloud's v3 shipments: announce with label, documents, cancel. Never talks to a carrier.
//!
//! A reused `external_reference_id` is answered 409 with the existing shipment, which is the only idempotency there is.

mod check;
mod label;
mod routes;
mod store;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;

use crate::control::Control;
use store::Desk;

/// How the service behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Public key of the integration.
    pub public_key: String,
    /// Secret key of the integration.
    pub secret_key: String,
    /// First parcel number.
    pub id_base: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { public_key: "sc_public".into(), secret_key: "sc_secret".into(), id_base: 383_707_000 }
    }
}

/// The running service; clones share it.
#[derive(Clone)]
pub struct Sendcloud {
    config: Arc<Config>,
    control: Control,
    desk: Arc<Mutex<Desk>>,
}

impl Sendcloud {
    /// A service without shipments.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            control: Control::new("sendcloud", config.id_base),
            desk: Arc::new(Mutex::new(Desk::new(config.id_base))),
            config: Arc::new(config),
        }
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

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
