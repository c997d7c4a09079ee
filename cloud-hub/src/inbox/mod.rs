//! Webhooks: stored before anybody looks inside, then applied from a fresh read.
//!
//! Reading order: [`verify`], [`receive`] (the request), [`task`] (the worker).

pub mod receive;
pub mod task;
pub mod verify;
