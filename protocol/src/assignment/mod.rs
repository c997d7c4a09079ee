//! An assignment: a job given to an agent, as the agent's ledger keeps it.
//!
//! Invariant: a claimed assignment leaves the agent only by `Released` (nothing has started) or `Closed`; a
//! started one only by `Closed`. This module never asks whether a start is allowed now: that is
//! [`crate::sync::right`] and the agent's guards.

#[cfg(test)]
mod tests;
mod transition;

pub use transition::{Refused, Step, Why};

/// How an agent may come to the right to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// The claim came with the assignment: may start offline. The default.
    Pinned,
    /// A start needs the hub's grant.
    Pooled,
}

/// What an assignment asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobKind {
    /// Print once.
    Print,
    /// Make the G-code only; may be repeated.
    SliceOnly,
    /// Print a paper label; may be repeated.
    PrintLabel,
}

/// Where an assignment stands at the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Assignment {
    /// On disk; nothing prepared.
    Seen,
    /// Being generated or sliced.
    Staging,
    /// The artifact is there and audited.
    Ready,
    /// Ours to start.
    Claimed,
    /// An intent was written.
    Started,
    /// Done, in one of the ways below.
    Closed(Closed),
    /// Not possible here; the hub gives it to another agent or holds it.
    Declined,
    /// Given back before anything started.
    Released,
}

/// How an assignment was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Closed {
    /// All units good.
    Good,
    /// Scrap, with a replacement job.
    Replaced,
    /// Scrap, without a replacement.
    Failed,
    /// Cancelled, acknowledged.
    Cancelled,
    /// G-code made (`SliceOnly`).
    Sliced,
    /// Label printed (`PrintLabel`).
    LabelPrinted,
}

/// What may happen to an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// The pipeline took it.
    StageBegan,
    /// The pipeline failed in a way that may pass (disk full, engine killed): tried again later.
    StageFailed,
    /// The artifact is ready.
    Staged,
    /// Claimed here (`Pinned`) or granted by the hub (`Pooled`).
    ClaimGranted,
    /// It cannot be done here.
    Declined,
    /// The hub no longer wants it, or a person gives it back: only where nothing has begun.
    Withdraw,
    /// The intent of an attempt is on disk.
    StartIntent,
    /// The attempt is proven, or said by a person, not to have started.
    NotStarted,
    /// A person (or a rule) counted the units.
    SignedOff(Closed),
    /// A cancel took effect: nothing runs any more.
    CancelDone,
    /// `SliceOnly`: the artifact was reported.
    ArtifactReported,
    /// `PrintLabel`: done.
    LabelPrinted,
}

impl Assignment {
    /// Whether nothing more can happen to it here.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Closed(_) | Self::Declined | Self::Released => true,
            Self::Seen | Self::Staging | Self::Ready | Self::Claimed | Self::Started => false,
        }
    }

    /// The word on every screen while no attempt has one of its own.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Seen => "Queued",
            Self::Staging => "Slicing",
            Self::Ready | Self::Claimed => "Waiting for printer",
            Self::Started => "Starting",
            Self::Closed(_) => "Finished",
            Self::Declined | Self::Released => "Given back",
        }
    }
}
