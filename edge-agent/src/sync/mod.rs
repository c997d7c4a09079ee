//! The hub: enrolment, token, one long poll at a time, resync. Drives the rules of `protocol::sync`; decides
//! nothing itself. The agent works for weeks without it.

mod backoff;
mod client;
mod error;
mod identity;
mod resync;
mod task;

pub use backoff::Backoff;
pub use client::HubClient;
pub use error::SyncError;
pub use identity::Identity;
pub use task::{Link, LinkState, SyncTask};
