//! Shared vocabulary of the agent and the hub.
