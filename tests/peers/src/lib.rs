//! Simulated printers and stand-ins of the outside services, one binary each, and the same as a library for tests.
//!
//! They count what really happened and never judge a run.
pub mod bambu;
pub mod machine;
pub mod marlin;
