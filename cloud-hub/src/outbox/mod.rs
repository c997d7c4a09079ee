//! Every outbound change is a row, committed as in flight before the call: the only writer through the service clients.
//!
//! Reading order: [`task`] (the loop), `label` and `fulfill` (one effect each), [`backoff`], [`breaker`].

pub mod backoff;
pub mod breaker;
mod fulfill;
mod label;
pub mod task;
