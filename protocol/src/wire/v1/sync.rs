//! `POST /agent/v1/sync`: events up, the compacted set of assignments down, one request at a time.

use serde::{Deserialize, Serialize};

use super::{Assignment, BedCause, Event};
use crate::{
    ids::{AttemptNo, BootId, Incarnation, JobId, PrinterId},
    units::{Cursor, Epoch, HubIncarnation, MonoMs, Permille, Seq, WallMs},
    wire::Tolerant,
};

/// What an agent sends at each poll.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// The message version.
    pub proto: u16,
    /// The life of the agent's database.
    pub agent_incarnation: Incarnation,
    /// The life of the agent's machine.
    pub boot_id: BootId,
    /// The newest life of the hub the agent has seen; 0 before the first answer.
    pub hub_incarnation_seen: HubIncarnation,
    /// Everything up to here is on the agent's disk.
    pub down_cursor: Cursor,
    /// Contiguous from the last acknowledged number.
    pub events: Vec<Event>,
    /// The agent's clocks.
    pub clock: ClockReading,
    /// Free room for files, bytes.
    pub free_bytes: u64,
    /// Events still waiting behind this batch.
    pub backlog_events: u64,
    /// How long the hub may hold the answer, milliseconds.
    pub wait_ms: u32,
    /// The present, so that a long backlog never hides it.
    pub summary: Summary,
}

/// The agent's clocks when it asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReading {
    /// Wall time.
    pub wall_ms: WallMs,
    /// Time since boot.
    pub mono_ms: MonoMs,
    /// Whether the wall clock is synchronised.
    pub synced: bool,
}

/// The present state of a site.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Every printer, in shelf order.
    pub printers: Vec<PrinterSummary>,
    /// Jobs waiting at the agent.
    pub jobs_waiting: u32,
}

/// One printer now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrinterSummary {
    /// Which.
    pub printer: PrinterId,
    /// Its name on screen.
    pub name: String,
    /// Its profile.
    pub profile: String,
    /// Its state word, as on every screen.
    pub state: String,
    /// Why its bed is not known to be clear; none when it is clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bed: Option<BedCause>,
    /// What runs or waits for a decision there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptSummary>,
}

/// One attempt now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptSummary {
    /// Which.
    pub attempt: AttemptNo,
    /// Of which job.
    pub job: JobId,
    /// Its state word.
    pub state: String,
    /// Share done.
    pub done_permille: Permille,
}

/// The hub's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncReply {
    /// The hub's life.
    pub hub_incarnation: HubIncarnation,
    /// Everything up to here is applied and committed at the hub.
    pub acked_seq: Seq,
    /// Events that changed nothing, and why; acknowledged all the same.
    #[serde(default)]
    pub rejected: Vec<Rejected>,
    /// What changed of what the hub wants.
    pub down: Down,
    /// When to ask again.
    pub next: Next,
    /// The hub's clock, for display and for the agent's time floor.
    pub hub_wall_ms: WallMs,
}

/// An event that changed nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// Which.
    pub seq: Seq,
    /// Why, in words.
    pub why: String,
}

/// The way down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Down {
    /// Changes since the agent's cursor.
    Delta(Delta),
    /// The agent must send everything it holds first.
    MustResync {
        /// Why, in words.
        why: String,
    },
}

/// Assignments that changed, latest revision only.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Delta {
    /// The agent's cursor after storing these.
    pub cursor: Cursor,
    /// New or changed. One of an unknown kind is declined with its name.
    pub upserts: Vec<Tolerant<Assignment>>,
    /// Nobody's any more: closed and acknowledged, or released.
    pub removed: Vec<JobId>,
}

/// When and how to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// How long the hub will hold the next answer, milliseconds.
    pub wait_ms: u32,
    /// Not before this long, milliseconds.
    pub after_ms: u32,
    /// Largest batch of events, bytes of JSON.
    pub batch_bytes_max: u32,
}

/// `POST /agent/v1/claim`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The job.
    pub job: JobId,
    /// The hand-out.
    pub epoch: Epoch,
    /// The life that asks.
    pub agent_incarnation: Incarnation,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum ClaimReply {
    /// This agent may start it, once.
    Granted {
        /// The hand-out.
        epoch: Epoch,
    },
    /// It may not.
    Refused {
        /// Why, in words.
        why: String,
    },
}
