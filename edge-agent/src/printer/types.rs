//! What the rest of the agent and a printer's task say to each other: orders in, reports and a view out.
use std::path::PathBuf;
use std::time::Duration;

use protocol::attempt::{Event, NotStarted};
use protocol::ids::{AttemptNo, JobId, PrinterId, Sha256};
use protocol::units::Permille;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// "Print this file as this attempt, once". Made only after the intent is on disk.
#[derive(Debug, Clone)]
pub struct StartOrder {
    /// The attempt whose intent is durable.
    pub attempt: AttemptNo,
    /// Its job, for logs.
    pub job: JobId,
    /// Our id for printers that own their jobs: digits.
    pub task_id: String,
    /// Plain G-code for a streamed printer, `.gcode.3mf` for one that owns its jobs.
    pub gcode: PathBuf,
    /// Name for people and for the printer's display.
    pub file_name: String,
    /// Hash of the file; checked again before the first byte leaves.
    pub sha256: Sha256,
    /// The slicer's estimate.
    pub estimated: Duration,
}

/// Whether a port may be opened without a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortPolicy {
    /// Open it and keep it open.
    Open,
    /// A streamed job was running when the agent stopped, and opening resets the board: closed until `open_port`.
    StayClosed,
}

/// One thing a printer's task tells the ledger.
#[derive(Debug)]
pub struct Report {
    /// Who says it.
    pub printer: PrinterId,
    /// What it is.
    pub what: What,
}

/// What a report says.
#[derive(Debug)]
pub enum What {
    /// Evidence about an attempt, in the words of the state machine.
    Evidence {
        /// The attempt.
        attempt: AttemptNo,
        /// What happened.
        event: Event,
        /// What was seen, for the record and for a person who has to decide.
        evidence: String,
    },
    /// How far an attempt is. At most one per [`PROGRESS_EVERY`].
    Progress {
        /// The attempt.
        attempt: AttemptNo,
        /// How far.
        progress: Progress,
    },
    /// The last line of a streamed job is next and is withheld until `durable` is answered. Dropped instead of
    /// answered: the line is not sent and the attempt becomes Unknown.
    LastLineNext {
        /// The attempt.
        attempt: AttemptNo,
        /// To be answered when the mark is on disk.
        durable: oneshot::Sender<()>,
    },
    /// The file is at a printer that owns its jobs, and the start command is next: it is withheld until `durable` is
    /// answered. Dropped instead of answered: it is not sent, and nothing was started.
    StartNext {
        /// The attempt.
        attempt: AttemptNo,
        /// To be answered when the mark is on disk.
        durable: oneshot::Sender<()>,
    },
    /// The printer prints, or printed at first contact, something that is not ours: its bed is not clear.
    ForeignPrint {
        /// What the printer calls it.
        name: String,
    },
}

/// Progress is reported at most this often.
pub const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// How far a print is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Job lines acknowledged; 0 where the printer owns the job.
    pub acked_line: u64,
    /// Share done.
    pub done: Permille,
    /// Height in µm.
    pub z_um: i64,
    /// Remaining time, where it is known.
    pub remaining: Option<Duration>,
}

/// An attempt that the ledger holds as not ended, for drivers of printers that own their jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The attempt.
    pub attempt: AttemptNo,
    /// The task id it was started with.
    pub task_id: String,
    /// How far the ledger knows it to be.
    pub was: HeldAs,
}

/// How far an attempt of an earlier life of the agent was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldAs {
    /// Its start may have been sent.
    Starting,
    /// The printer had shown it.
    Running,
    /// Nobody knew.
    Unknown,
}

/// What is known of a printer now. Shown on pages and asked by the start guards; never an order.
#[derive(Debug, Clone, PartialEq)]
pub struct PrinterView {
    /// State of the connection.
    pub connection: Connection,
    /// What the printer does, as far as known.
    pub doing: Doing,
    /// The attempt that is being executed.
    pub attempt: Option<AttemptNo>,
    /// How far it is.
    pub progress: Progress,
    /// What the printer itself calls its job.
    pub job_name: Option<String>,
    /// Temperatures in °C.
    pub temperatures: Temperatures,
    /// When the printer last said something about itself.
    pub heard: Option<Instant>,
    /// What it said of itself: firmware and version.
    pub firmware: Option<String>,
    /// The certificate that the printer showed, where it has one: to be pinned.
    pub leaf: Option<Sha256>,
    /// The newest message for a person: prompt, error, reason of a refusal.
    pub message: Option<String>,
}

impl PrinterView {
    /// Nothing is known yet.
    #[must_use]
    pub fn unseen(why: &str) -> Self {
        Self {
            connection: Connection::Closed { why: why.to_owned() },
            doing: Doing::Unknown,
            attempt: None,
            progress: Progress::default(),
            job_name: None,
            temperatures: Temperatures::default(),
            heard: None,
            firmware: None,
            leaf: None,
            message: None,
        }
    }

    /// Whether the printer is idle by its own word, not older than `fresh_max`.
    #[must_use]
    pub fn is_idle(&self, now: Instant, fresh_max: Duration) -> bool {
        let fresh = self.heard.is_some_and(|heard| now.saturating_duration_since(heard) <= fresh_max);
        fresh && self.connection == Connection::Up && self.doing == Doing::Idle && self.attempt.is_none()
    }
}

/// State of the connection to a printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// Not connected; `why` is for a person.
    Closed {
        /// What is wrong or awaited.
        why: String,
    },
    /// Connecting, booting, asking.
    Opening,
    /// Talking.
    Up,
    /// The firmware halted; only a reset helps.
    Halted {
        /// Its words.
        why: String,
    },
    /// Connected, but it does not answer.
    Silent,
}

/// What a printer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// Not known.
    Unknown,
    /// Nothing.
    Idle,
    /// Receives or prepares our job.
    Preparing,
    /// Prints our job.
    Printing,
    /// Holds our job.
    Paused,
    /// Ends or cancels our job.
    Ending,
    /// Prints something that is not ours.
    Foreign,
    /// Waits for a person at the printer.
    NeedsPerson,
    /// Reports an error and does nothing.
    Faulty,
}

/// Temperatures in °C as reported last.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Temperatures {
    /// Nozzle.
    pub nozzle_c: Option<f32>,
    /// Target of the nozzle.
    pub nozzle_target_c: Option<f32>,
    /// Bed.
    pub bed_c: Option<f32>,
    /// Target of the bed.
    pub bed_target_c: Option<f32>,
}

impl Temperatures {
    /// Takes over what a newer report says.
    pub fn update(&mut self, newer: &Self) {
        self.nozzle_c = newer.nozzle_c.or(self.nozzle_c);
        self.nozzle_target_c = newer.nozzle_target_c.or(self.nozzle_target_c);
        self.bed_c = newer.bed_c.or(self.bed_c);
        self.bed_target_c = newer.bed_target_c.or(self.bed_target_c);
    }
}

/// Why a start was refused. No line of the job and no start command left: the reason is proof of that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct StartRefused {
    /// For a person.
    pub why: String,
    /// What to tell the ledger.
    pub proof: NotStarted,
}
