//! The daemon beside the printers: it generates, slices and prints what the hub or an operator wants, with or
//! without the internet, and never starts a print twice or on a bed that nobody knows to be clear.
//!
//! Reading order: [`config`], [`ledger`] (what is durable), [`scheduler`] (what may start), `printer` (how it is
//! driven), `pipeline` (how G-code is made), [`sync`] (the hub), `web` (the operators' pages).

pub mod assemble;
pub mod blobs;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod db;
pub mod files;
pub mod floor;
pub mod housekeeping;
pub mod ledger;
pub mod net;
pub mod pipeline;
pub mod printer;
pub mod sandbox;
pub mod scheduler;
pub mod sources;
pub mod sync;
pub mod tasks;
pub mod web;
