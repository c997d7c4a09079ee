//! A job as the hub keeps it: "print this artifact once for this purpose".
//!
//! Invariant: at most one agent holds the right to start, bound to its incarnation and to one epoch; a held
//! job changes hands only by that agent's word or by a person who accepts that it may be printed twice.
//! This module never looks at a clock: a claim does not expire.

#[cfg(test)]
mod tests;
mod transition;

use crate::{
    ids::{AgentId, Incarnation},
    units::{Epoch, HubIncarnation},
};

pub use transition::{Applied, ClaimAnswer, ForceRefused, Incident, Why};

/// Who holds the right to start, and by which hand-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Holder {
    /// The agent.
    pub agent: AgentId,
    /// The life of its database that was granted the claim.
    pub incarnation: Incarnation,
    /// The hand-out.
    pub epoch: Epoch,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobState {
    /// Nobody's.
    Queued,
    /// Meant for an agent, which may stage but not start: taken back at any time.
    Reserved {
        /// The agent.
        agent: AgentId,
        /// The hand-out.
        epoch: Epoch,
    },
    /// An agent may start it.
    Claimed(Holder),
    /// An agent has written a start intent.
    Running(Holder),
    /// The print ended; nobody has counted yet.
    NeedsSignOff(Holder),
    /// The agent does not know whether it runs or ran.
    Unknown(Holder),
    /// All units good.
    Good,
    /// Scrap; another job replaces it.
    Replaced,
    /// Scrap; nothing replaces it.
    Failed,
    /// No longer wanted, and nothing had started.
    Withdrawn,
    /// Stopped.
    Cancelled,
}

/// A job: its state and the newest epoch ever handed out for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Job {
    /// Where it stands.
    pub state: JobState,
    /// The newest hand-out; the next one is after it.
    pub last_epoch: Epoch,
    /// Whether anybody still wants it: a released job that is not wanted is withdrawn.
    pub wanted: bool,
}

/// What an agent's event means for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Report {
    /// The agent has it on disk or staged it: nothing changes hands.
    Preparing,
    /// The agent took a claim that came with the hand-out.
    Claimed,
    /// A start intent is on the agent's disk.
    StartIntent,
    /// The attempt is proven not to have started.
    NotStarted,
    /// The attempt ended and may have printed.
    Ended,
    /// The agent does not know.
    Unknown,
    /// Counted: all good.
    Good,
    /// Counted: scrap, replaced by another job.
    Replaced,
    /// Counted: scrap, nothing replaces it.
    Failed,
    /// A cancel took effect after a start.
    Cancelled,
    /// Given back: nothing has started and nothing will.
    Released,
    /// Cannot be done there.
    Declined,
    /// The G-code was made, or the label printed: done without a print.
    DoneWithoutPrint,
}

impl Job {
    /// A new job of a hub in its life `hub`.
    #[must_use]
    pub const fn new(hub: HubIncarnation) -> Self {
        Self { state: JobState::Queued, last_epoch: Epoch::born_at_agent(hub), wanted: true }
    }

    /// A job that an agent made itself (local or replacement): claimed by its birth.
    #[must_use]
    pub const fn born_at(holder: Holder) -> Self {
        Self { state: JobState::Claimed(holder), last_epoch: holder.epoch, wanted: true }
    }

    /// The agent that may be printing it, if any.
    #[must_use]
    pub const fn holder(self) -> Option<Holder> {
        match self.state {
            JobState::Claimed(h)
            | JobState::Running(h)
            | JobState::NeedsSignOff(h)
            | JobState::Unknown(h) => Some(h),
            JobState::Queued
            | JobState::Reserved { .. }
            | JobState::Good
            | JobState::Replaced
            | JobState::Failed
            | JobState::Withdrawn
            | JobState::Cancelled => None,
        }
    }

    /// Whether nothing more can happen to it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self.state {
            JobState::Good
            | JobState::Replaced
            | JobState::Failed
            | JobState::Withdrawn
            | JobState::Cancelled => true,
            JobState::Queued
            | JobState::Reserved { .. }
            | JobState::Claimed(_)
            | JobState::Running(_)
            | JobState::NeedsSignOff(_)
            | JobState::Unknown(_) => false,
        }
    }
}
