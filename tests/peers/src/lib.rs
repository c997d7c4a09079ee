//! Simulated printers and stand-ins of the outside services, one binary each, and the same as a library for tests.
//!
//! They count what really happened and never judge a run. Reading order: `control`, then one folder per service.

pub mod control;
pub mod sendcloud;
pub mod shopify;
pub mod simplyprint;
