//! What a printer says when it is asked, and what that proves about an attempt that we started. Pure.
//!
//! Our file has a name of its own for each attempt (it ends with the task id), and the name is the task: only a job with
//! that name proves anything about us. Nothing here says that an attempt did not start.
use std::time::Duration;

use protocol::attempt::{Event, Lost, Task};

use crate::printer::mqtt::evidence::{Known, Says};
use crate::printer::types::Temperatures;

/// What the printer does, in the words of neither dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Idle,
    /// Busy, not printing yet.
    Preparing,
    /// Prints.
    Printing,
    /// Holds.
    Paused,
    /// The last job ended well.
    Finished,
    /// The last job was cancelled.
    Cancelled,
    /// The last job failed.
    Failed,
    /// Out of order, and with it the job; in the printer's words.
    Faulty(String),
    /// Waits for a person; a job goes on afterwards.
    NeedsPerson,
    /// A word that is not known.
    Other(String),
}

impl State {
    /// A word for logs and refusals.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Idle => "idle",
            Self::Preparing => "busy",
            Self::Printing => "printing",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Cancelled => "stopped",
            Self::Failed => "failed",
            Self::Faulty(_) => "out of order",
            Self::NeedsPerson => "waiting for a person",
            Self::Other(word) => word,
        }
    }

    /// Whether a start may be asked for.
    #[must_use]
    pub const fn takes_start(&self) -> bool {
        match self {
            Self::Idle | Self::Finished | Self::Cancelled | Self::Failed => true,
            Self::Preparing
            | Self::Printing
            | Self::Paused
            | Self::Faulty(_)
            | Self::NeedsPerson
            | Self::Other(_) => false,
        }
    }

    /// Whether a job is in hand.
    #[must_use]
    pub const fn is_at_work(&self) -> bool {
        match self {
            Self::Preparing | Self::Printing | Self::Paused => true,
            Self::Idle
            | Self::Finished
            | Self::Cancelled
            | Self::Failed
            | Self::Faulty(_)
            | Self::NeedsPerson
            | Self::Other(_) => false,
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// What it does.
    pub state: State,
    /// Name of its job's file; of the last one, where it says so.
    pub name: String,
    /// Its own number of the job, for commands about it.
    pub job: Option<String>,
    /// Share done, per mille.
    pub permille: u64,
    /// Remaining time.
    pub remaining: Option<Duration>,
    /// Temperatures.
    pub temperatures: Temperatures,
}

/// How a job of the printer's own history ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It has not.
    Running,
    /// Well.
    Completed,
    /// Cancelled by a person or by us.
    Cancelled,
    /// Not well.
    Failed,
}

/// One entry of the printer's history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Name of the file.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// Longest readable part of a file's name.
const READABLE_CHARS_MAX: usize = 40;

/// The file's name on the printer: readable, and ending with the whole task id.
#[must_use]
pub fn file_name(readable: &str, task_id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let readable: String = readable.chars().map(plain).take(READABLE_CHARS_MAX).collect();
    format!("{readable}_{task_id}.gcode")
}

/// Whether a name on the printer is the file of this task.
#[must_use]
pub fn is_task(name: &str, task_id: &str) -> bool {
    !task_id.is_empty() && name.ends_with(&format!("_{task_id}.gcode"))
}

/// Reads an answer with an attempt's task id in mind. `shown`: the answer before this one, moments ago, showed our task at
/// work; a printer that forgets the name of its job when it ends is then still understood.
#[must_use]
pub fn read(status: &Status, task_id: &str, known: Known, shown: bool) -> Says {
    let ours = is_task(&status.name, task_id) || (status.name.is_empty() && shown && known == Known::Seen);
    if ours {
        return match &status.state {
            State::Preparing | State::Printing => Says::Goes(Event::SeenRunning(Task::Ours)),
            State::Paused | State::NeedsPerson => Says::Goes(Event::SeenPaused(Task::Ours)),
            State::Finished => Says::Ends(Event::SeenFinished(Task::Ours)),
            State::Cancelled => Says::Ends(Event::CancelAcked),
            State::Failed => Says::Ends(Event::SeenFailed(Task::Ours)),
            State::Faulty(_) if known == Known::Lost => Says::Nothing,
            State::Faulty(_) => Says::Ends(Event::SeenFailed(Task::Ours)),
            State::Idle if known == Known::Seen => Says::Goes(Event::EvidenceLost(Lost::Contradiction)),
            State::Idle | State::Other(_) => Says::Nothing,
        };
    }
    match (known, &status.state) {
        // Ours was seen and is gone: how it ended is not known from this answer.
        (Known::Seen, State::Preparing | State::Printing) if !status.name.is_empty() => {
            Says::Goes(Event::SeenRunning(Task::Other))
        }
        (Known::Seen, State::Paused) if !status.name.is_empty() => Says::Goes(Event::SeenPaused(Task::Other)),
        (
            Known::Seen,
            State::Idle | State::Finished | State::Cancelled | State::Failed | State::Faulty(_),
        ) => Says::Goes(Event::EvidenceLost(Lost::Contradiction)),
        (
            Known::Seen,
            State::Preparing | State::Printing | State::Paused | State::NeedsPerson | State::Other(_),
        )
        | (Known::Sent | Known::Lost, _) => Says::Nothing,
    }
}

/// What the printer's history says of a task: the oldest entry is the one that we started.
#[must_use]
pub fn read_past(past: &[Past], task_id: &str) -> Says {
    match past.iter().find(|it| is_task(&it.name, task_id)).map(|it| it.outcome) {
        Some(Outcome::Completed) => Says::Ends(Event::SeenFinished(Task::Ours)),
        Some(Outcome::Cancelled) => Says::Ends(Event::CancelAcked),
        Some(Outcome::Failed) => Says::Ends(Event::SeenFailed(Task::Ours)),
        Some(Outcome::Running) | None => Says::Nothing,
    }
}

/// Whether an answer shows something on the bed that none of our tasks put there. `ours` are the tasks under way, `ended`
/// those that have ended: one of those at work again was started by somebody else. `first`: nothing was heard before.
#[must_use]
pub fn is_foreign<'a>(
    status: &Status,
    mut ours: impl Iterator<Item = &'a str>,
    mut ended: impl Iterator<Item = &'a str>,
    first: bool,
) -> bool {
    if status.state.is_at_work() {
        return !ours.any(|task_id| is_task(&status.name, task_id));
    }
    let was_at_work = matches!(status.state, State::Finished | State::Cancelled | State::Failed);
    first
        && was_at_work
        && !status.name.is_empty()
        && !ours.any(|task_id| is_task(&status.name, task_id))
        && !ended.any(|task_id| is_task(&status.name, task_id))
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
