//! An attempt: one try to start a job on one printer (states and rules of the published contract, §2–§4, §7).
//!
//! Invariant: no event leads from a terminal state to another one, and nothing but proof or a person leads
//! out of [`Attempt::Unknown`]. This module never decides that a silent printer did or did not print.

mod event;
#[cfg(test)]
mod tests;
mod transition;

pub use event::{Answer, Event, Lost, NotStarted, Task};
pub use transition::{Refused, Step, Why};

/// Who keeps a started job going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// We feed it line by line: a lost link ends it.
    Stream,
    /// The printer has the file and goes on without us.
    Printer,
}

/// The state of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attempt {
    /// The intent is on disk; the first byte may or may not have left.
    Starting,
    /// The printer has confirmed that it prints this attempt.
    Printing,
    /// Held by a person or by the printer.
    Paused,
    /// Printed to the end under our task.
    Finished,
    /// Ended badly.
    Failed {
        /// What ended it.
        why: FailWhy,
        /// False only with proof that nothing moved.
        may_have_printed: bool,
    },
    /// Ended by a person.
    Cancelled,
    /// Nobody knows: evidence or a person decides.
    Unknown {
        /// What took the evidence away.
        lost: Lost,
        /// The printer had confirmed this attempt before: "not started" can then not be proven by a machine.
        seen_running: bool,
    },
}

/// What ended a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailWhy {
    /// Proof, or a person's word, that nothing started.
    NotStarted,
    /// The printer reported the failure of our task.
    PrinterSaid,
    /// A fatal firmware message: the printer halted itself.
    Halted,
    /// The board restarted in mid-print.
    BoardReset,
    /// The agent restarted while it streamed.
    Interrupted,
    /// A person found plastic but no plate.
    PersonSaid,
}

impl Attempt {
    /// Whether no event can change it any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Finished | Self::Failed { .. } | Self::Cancelled => true,
            Self::Starting | Self::Printing | Self::Paused | Self::Unknown { .. } => false,
        }
    }

    /// Whether the plate may bear plastic of this attempt: true unless proven otherwise.
    #[must_use]
    pub const fn may_have_printed(self) -> bool {
        match self {
            Self::Failed { may_have_printed, .. } => may_have_printed,
            Self::Starting
            | Self::Printing
            | Self::Paused
            | Self::Finished
            | Self::Cancelled
            | Self::Unknown { .. } => true,
        }
    }

    /// The word on every screen.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Printing => "Printing",
            Self::Paused => "Paused",
            Self::Finished => "Finished",
            Self::Failed { .. } => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Unknown { .. } => "Unknown",
        }
    }
}
