//! What an agent reports: a closed list of kinds, numbered without gaps.

use serde::{Deserialize, Serialize};

use super::{Purpose, Unit, UnitId};
use crate::{
    ids::{AttemptNo, BootId, JobId, PrinterId, Sha256},
    units::{Epoch, MonoMs, Permille, Seq, WallMs},
    wire::{Named, Tolerant},
};

/// One numbered event of an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number: contiguous from 1 within the agent's incarnation.
    pub seq: Seq,
    /// The job it is about, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The hand-out under which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The machine's life in which `mono_ms` counts.
    pub boot_id: BootId,
    /// When, since boot.
    pub mono_ms: MonoMs,
    /// When, by the wall clock, where it is synchronised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<WallMs>,
    /// What happened.
    pub what: Tolerant<EventKind>,
}

/// An attempt on a printer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptRef {
    /// The attempt.
    pub attempt: AttemptNo,
    /// The printer.
    pub printer: PrinterId,
}

/// A person's count of one unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitResult {
    /// Which.
    pub unit: UnitId,
    /// Good, or why not.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Good or scrap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Goes to the customer.
    Good,
    /// Does not.
    Scrap {
        /// Why, in the operator's words.
        reason: String,
    },
}

/// Which job a new one replaces, and which of its units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replaces {
    /// The job.
    pub job: JobId,
    /// Its scrapped units.
    pub units: Vec<UnitId>,
}

/// Why a bed is not known to be clear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum BedCause {
    /// Our attempt.
    Attempt {
        /// Which.
        attempt: AttemptNo,
    },
    /// Not watched for a while.
    Unobserved,
    /// Not ours.
    ForeignPrint,
    /// The printer is new.
    NewPrinter,
    /// The database was restored.
    Restore,
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$fdoc:meta])* $field:ident: $type:ty,)* })? ,)*) => {
        /// What happened; the closed list of version 1.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum EventKind {
            $($(#[$doc])* $name $({ $($(#[$fdoc])* $field: $type,)* })?,)*
        }
        impl Named for EventKind {
            const TAG: &'static str = "kind";
            const KINDS: &'static [&'static str] = &[$(stringify!($name)),*];
        }
        impl EventKind {
            /// The kind's name, as on the wire.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name $({ $($field: _,)* })? => stringify!($name),)* }
            }
        }
    };
}

event_kinds! {
    /// The assignment is on the agent's disk.
    AssignmentSeen,
    /// It cannot be done here.
    Declined {
        /// Why, in words.
        reason: String,
    },
    /// Its artifact is ready.
    Staged,
    /// A claim that came with the hand-out was taken, or a grant stored.
    Claimed,
    /// Given back: nothing has started and nothing will.
    Released,
    /// A start intent is on disk.
    StartIntent {
        /// The attempt.
        on: AttemptRef,
    },
    /// The printer confirmed the start.
    Started {
        /// The attempt.
        on: AttemptRef,
    },
    /// How far it is; coalesced to the latest per attempt before it gets a number.
    Progress {
        /// The attempt.
        on: AttemptRef,
        /// Share done.
        done_permille: Permille,
    },
    /// Held.
    Paused {
        /// The attempt.
        on: AttemptRef,
    },
    /// Going on.
    Resumed {
        /// The attempt.
        on: AttemptRef,
    },
    /// Printed to the end under our task.
    Finished {
        /// The attempt.
        on: AttemptRef,
    },
    /// Ended badly.
    Failed {
        /// The attempt.
        on: AttemptRef,
        /// Why, in words.
        reason: String,
        /// False only with proof that nothing moved.
        may_have_printed: bool,
    },
    /// A cancel took effect.
    Cancelled {
        /// The attempt, where one had begun.
        on: Option<AttemptRef>,
    },
    /// Nobody knows.
    Unknown {
        /// The attempt.
        on: AttemptRef,
        /// What is known, in words.
        evidence: String,
    },
    /// A person decided an Unknown.
    Decided {
        /// The attempt.
        on: AttemptRef,
        /// The answer's name.
        answer: String,
        /// Who.
        by: String,
        /// Why, in their words.
        reason: String,
    },
    /// A bed is no longer known to be clear.
    BedOccupied {
        /// Whose.
        printer: PrinterId,
        /// Why.
        cause: BedCause,
    },
    /// A bed was confirmed to be clear at the site. For the record: nothing can clear it from here.
    BedCleared {
        /// Whose.
        printer: PrinterId,
        /// Who.
        by: String,
    },
    /// A plate was counted; closes the assignment.
    SignedOff {
        /// The attempt.
        on: AttemptRef,
        /// Every unit of the job.
        units: Vec<UnitResult>,
        /// Who.
        by: String,
        /// The job made for the scrap, if any.
        replaced_by: Option<JobId>,
    },
    /// The agent made a replacement job (the event's job).
    ReplacementCreated {
        /// What it replaces.
        replaces: Replaces,
        /// What it is for.
        purpose: Purpose,
        /// Its own units.
        units: Vec<Unit>,
    },
    /// The agent made a job of its own (the event's job).
    LocalJobCreated {
        /// What it is called.
        label: String,
        /// What it is for.
        purpose: Purpose,
        /// Its units.
        units: Vec<Unit>,
    },
    /// G-code was made.
    ArtifactReady {
        /// Its hash.
        sha256: Sha256,
        /// Estimated print time, seconds.
        time_s: u32,
        /// Filament, millimetres.
        filament_mm: f64,
        /// Filament, grams.
        mass_g: f64,
    },
    /// A printer was added, changed or taken out.
    PrinterChanged {
        /// Which.
        printer: PrinterId,
        /// What changed, in words.
        change: String,
    },
    /// Other material was loaded.
    MaterialChanged {
        /// Which printer.
        printer: PrinterId,
        /// The material; none when unloaded.
        material: Option<String>,
    },
    /// A paper label came out.
    LabelPrinted,
    /// Something a person should know.
    Incident {
        /// What, in words.
        what: String,
    },
    /// Less important events were dropped to keep the important ones.
    Gap {
        /// How many.
        dropped: u64,
        /// Why, in words.
        why: String,
    },
}

impl EventKind {
    /// Whether it may never be dropped, however full the disk is (sync rule I8).
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        !matches!(self, Self::Progress { .. } | Self::PrinterChanged { .. } | Self::MaterialChanged { .. })
    }
}
