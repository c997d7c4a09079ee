//! `POST /agent/v1/resync`: everything an agent holds, after either side lost its memory.

use serde::{Deserialize, Serialize};

use super::{AttemptRef, Purpose, Replaces, Unit, UnitResult};
use crate::{
    ids::{BootId, Incarnation, JobId},
    units::{Epoch, HubIncarnation, Seq},
};

/// Everything open, and everything closed in the last 45 days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResyncRequest {
    /// The message version.
    pub proto: u16,
    /// The life of the agent's database.
    pub agent_incarnation: Incarnation,
    /// The life of the agent's machine.
    pub boot_id: BootId,
    /// The newest life of the hub the agent has seen.
    pub hub_incarnation_seen: HubIncarnation,
    /// The newest event number; all up to it are contained in `ledger`.
    pub last_seq: Seq,
    /// Every assignment.
    pub ledger: Vec<LedgerEntry>,
}

/// One assignment as the agent holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The job.
    pub job: JobId,
    /// The hand-out.
    pub epoch: Epoch,
    /// What it is for.
    pub purpose: Purpose,
    /// The things on the plate.
    pub units: Vec<Unit>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it replaces, where the agent made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaces>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: LedgerState,
}

/// Where an assignment stands at the agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state")]
pub enum LedgerState {
    /// Stored or prepared; no right to start.
    Preparing,
    /// May start.
    Claimed,
    /// A start intent exists and nobody has counted.
    Started {
        /// The newest attempt.
        on: AttemptRef,
        /// Its state word.
        attempt_state: String,
    },
    /// Over.
    Closed {
        /// How.
        closed_as: ClosedAs,
        /// The count, where one was made.
        counted: Vec<UnitResult>,
        /// The job made for the scrap, if any.
        replaced_by: Option<JobId>,
    },
    /// Given back or declined: nothing has started.
    GivenBack,
}

/// How an assignment was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClosedAs {
    /// All good.
    Good,
    /// Scrap, replaced.
    Replaced,
    /// Scrap, not replaced.
    Failed,
    /// Cancelled.
    Cancelled,
    /// Done without a print.
    DoneWithoutPrint,
}

/// The hub's answer: the agent forgets its cursor and polls again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResyncReply {
    /// The hub's life.
    pub hub_incarnation: HubIncarnation,
    /// Everything up to here counts as applied.
    pub acked_seq: Seq,
    /// Jobs of the agent's former life that are proven, by events the hub had acknowledged, never to have been
    /// printed: a restored agent may work on these again once they are handed out anew.
    pub proven_not_printed: Vec<JobId>,
    /// A person must release this agent first (its life is new to a restored hub).
    pub quarantined: bool,
}
