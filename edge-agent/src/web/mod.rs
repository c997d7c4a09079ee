//! The operators' doors: JSON for devices and scripts, pages for people. Handlers parse, ask the floor, and render;
//! no SQL and no rule lives here.

pub mod actions;
pub mod api;
mod assets;
pub mod auth;
pub mod cause;
mod health;
pub mod host;
mod pages;
pub mod problem;
pub mod routes;
pub mod serve;
mod sse;
#[cfg(test)]
mod tests;
mod tls;

use std::sync::Arc;

use protocol::wire::v1::Summary;
use tokio::sync::watch;

use crate::{clock::Clock, config::Config, floor::Floor, sync::LinkState};

pub use serve::serve;

/// What every handler can reach; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The floor.
    pub floor: Floor,
    /// The settings.
    pub config: Arc<Config>,
    /// The hub link.
    pub link: watch::Receiver<LinkState>,
    /// The present, as the scheduler sees it.
    pub summary: watch::Receiver<Summary>,
    /// Clocks.
    pub clock: Clock,
}
