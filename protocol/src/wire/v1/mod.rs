//! Messages of version 1. A change here is a new version, except for new optional fields and new kinds.
//!
//! Golden files in `testdata/wire/v1/` pin every message byte for byte.

mod assignment;
mod enrol;
mod event;
mod resync;
mod sync;
#[cfg(test)]
mod tests;

pub use assignment::{Artifact, Assignment, Desired, Kind, OnScrap, Purpose, Right, Unit, UnitId, Wants};
pub use enrol::{EnrolReply, EnrolRequest, Nonce, Proof, TokenGrant, TokenRequest, token_message};
pub use event::{AttemptRef, BedCause, Event, EventKind, Replaces, UnitResult, Verdict};
pub use resync::{ClosedAs, LedgerEntry, LedgerState, ResyncReply, ResyncRequest};
pub use sync::{
    AttemptSummary, Claim, ClaimReply, ClockReading, Delta, Down, Next, PrinterSummary, Rejected, Summary,
    SyncReply, SyncRequest,
};
