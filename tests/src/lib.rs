//! What whole-system tests and the demonstration share: real processes on free ports in one folder, and an operator
//! who acts through the agent's API on what the simulated printers really did.
//!
//! It speaks only public doors: commands, HTTP, files named in the contracts. No crate's private types.

pub mod agent;
pub mod disk;
pub mod farm;
pub mod http;
pub mod hub;
pub mod killer;
pub mod link;
pub mod log;
pub mod mutants;
pub mod operator;
pub mod process;
pub mod seed;
pub mod shift;
pub mod strace;
pub mod transitions;
pub mod truth;
pub mod wait;
pub mod webhook;
