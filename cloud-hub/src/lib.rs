//! The hub: shop orders in, jobs to agents, labels and fulfilments out. Knows no printer protocol.
//!
//! Reading order: [`config`] → [`store`] (everything durable, in the domain's words) → [`inbox`] (webhooks) →
//! [`orders`] (what has to be made) → [`agents`] (hand-out and reports) → [`outbox`] (calls to outside services) →
//! [`web`]. [`db`] below the store knows no domain words; vendor words stop in [`shopify`] and [`sendcloud`].

pub mod agents;
pub mod blobs;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod files;
pub mod hub;
pub mod inbox;
pub mod models;
pub mod net;
pub mod orders;
pub mod outbox;
pub mod reconcile;
pub mod secrets;
pub mod sendcloud;
pub mod shopify;
pub mod simplyprint;
pub mod sources;
pub mod store;
pub mod tasks;
pub mod web;
