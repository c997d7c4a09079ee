//! Simulated printers and stand-ins of the outside services, one binary each, and the same as a library for tests.
//!
//! They count what really happened and never judge a run. Reading order: `control` and the services; `machine`, what a
//! printer's mechanics do, and the printers.

pub mod bambu;
pub mod control;
pub mod fault_proxy;
pub mod http;
pub mod machine;
pub mod marlin;
pub mod sendcloud;
pub mod shopify;
pub mod simplyprint;
