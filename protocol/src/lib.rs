//! Shared vocabulary of the agent and the hub.
pub mod grid;
