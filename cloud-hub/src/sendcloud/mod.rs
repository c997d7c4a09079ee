//! Sendcloud at arm's length: vendor words stop here. Buys nothing that costs money unless the owner said so.

mod client;
mod error;
mod map;
mod types;

pub use client::{Client, Label};
pub use error::SendcloudError;
