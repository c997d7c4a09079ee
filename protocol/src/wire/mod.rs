//! What agent and hub send each other: serde forms by version, nothing else.
//!
//! An unknown kind of event or wish decodes to [`Tolerant::Unrecognised`] and is declined with its name, never
//! ignored. There is no way to say on the wire that a bed is clear.

mod tolerant;
pub mod v1;

pub use tolerant::{Named, Tolerant};

/// The version of the messages in [`v1`].
pub const PROTO: u16 = 1;
/// Largest body of a sync request, bytes: the hub refuses more.
pub const SYNC_BYTES_MAX: usize = 1_000_000;
/// Longest wait of one poll that a hub grants, milliseconds.
pub const WAIT_MS_MAX: u32 = 50_000;
