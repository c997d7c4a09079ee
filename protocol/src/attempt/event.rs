//! What may happen to an attempt, by who says it.

/// Whose task the printer speaks of. Another task proves nothing about ours: a Bambu printer reports the
/// finish of the job before until the next one runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    /// It carries the id we gave.
    Ours,
    /// It carries another id, or none.
    Other,
}

/// Proof that nothing started; each kind names where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NotStarted {
    /// The port was never opened, so no byte left.
    PortNeverOpened,
    /// The upload was refused or incomplete, and no start was published.
    UploadRefused,
    /// The printer answered our start with a refusal.
    PrinterSaidNo,
    /// The printer is idle and does not have our file.
    FileNeverArrived,
}

/// What took the evidence away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lost {
    /// The link to the printer was lost and the agent kept running.
    Link,
    /// The start was not confirmed within the profile's time.
    StartNotConfirmed,
    /// The printer reports what cannot be true of our task.
    Contradiction,
    /// The agent restarted.
    Restart,
    /// The agent's database was restored.
    Restored,
}

/// A person's answer to "did it start?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// It did not start, and the bed is empty.
    DidNotStart,
    /// It is printing now (only where the printer owns the job).
    PrintingNow,
    /// The whole plate is on the bed.
    WholePlate,
    /// There is plastic on the bed, not the plate.
    PlasticOnly,
    /// Leave it.
    LeaveIt,
}

/// One thing that happened to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// Streamed: the first line of the job was acknowledged.
    FirstLineAcked,
    /// Streamed: host or printer holds.
    StreamPaused,
    /// Streamed: going on after a hold.
    StreamResumed,
    /// Streamed: the last line and the `M400` behind it were acknowledged.
    StreamDone,
    /// Streamed: a fatal firmware message.
    Halted,
    /// Streamed: a restart banner of the board after the job's first line was sent.
    BoardReset,
    /// Streamed, link lost, agent not restarted: the printer proved by its line counter where it stands,
    /// and a person asked to go on.
    LineProof,
    /// Printer-owned: it runs a task.
    SeenRunning(Task),
    /// Printer-owned: it holds a task.
    SeenPaused(Task),
    /// Printer-owned: it finished a task.
    SeenFinished(Task),
    /// Printer-owned: it reports the failure of a task.
    SeenFailed(Task),
    /// The printer acknowledged our cancel.
    CancelAcked,
    /// Proof that nothing started.
    NotStarted(NotStarted),
    /// Evidence ended.
    EvidenceLost(Lost),
    /// A person decided an Unknown.
    Decided(Answer),
    /// The agent restarted and found this attempt in its ledger.
    Restarted {
        /// The mark `last line next` was durable: the end may have been reached.
        last_line_next: bool,
    },
    /// The agent's database was restored from a backup.
    Restored,
}
