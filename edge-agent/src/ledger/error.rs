//! What can go wrong in the ledger, for programs; people get `web/problem.rs`.

use protocol::{
    assignment, attempt, bed,
    ids::{AttemptNo, JobId, PrinterId},
    sync::right::NoRight,
    units::StateVersion,
};

use crate::{
    db::{OpenError, WriteError},
    files::FileError,
    sources::NoRandomness,
};

/// A ledger operation that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be used.
    #[error("cannot open the ledger")]
    Open(#[from] OpenError),
    /// The writer thread cannot be started.
    #[error("cannot start the ledger's writer thread")]
    Thread(#[source] std::io::Error),
    /// A reader thread ended by a panic.
    #[error("a reader of the ledger stopped")]
    Reader(#[source] tokio::task::JoinError),
    /// The incarnation file cannot be written.
    #[error("cannot keep the incarnation file")]
    Incarnation(#[from] FileError),
    /// No randomness for an id.
    #[error("cannot make an id")]
    Id(#[from] NoRandomness),
    /// Nothing was written.
    #[error("cannot write to the ledger")]
    Write(#[from] WriteError),
    /// `SQLite` refused.
    #[error("the ledger's database refused")]
    Sqlite(#[from] rusqlite::Error),
    /// A stored row cannot be understood.
    #[error("the ledger holds {what} that cannot be understood: {found:?}")]
    Corrupt {
        /// Which column or object.
        what: &'static str,
        /// What is there.
        found: String,
    },
    /// No such job.
    #[error("there is no job {0} here")]
    NoJob(JobId),
    /// No such attempt.
    #[error("there is no attempt {0} here")]
    NoAttempt(AttemptNo),
    /// No such printer.
    #[error("there is no printer {0} here")]
    NoPrinter(PrinterId),
    /// The page was older than the state.
    #[error("the state has changed since the page was made: {now}")]
    Stale {
        /// What happened meanwhile, in words.
        now: String,
        /// The version to use now.
        version: StateVersion,
    },
    /// A bed refused an event.
    #[error("the bed refused")]
    Bed(#[from] bed::Refused),
    /// An attempt refused an event.
    #[error("the attempt refused")]
    Attempt(#[from] attempt::Refused),
    /// An assignment refused an event.
    #[error("the assignment refused")]
    Assignment(#[from] assignment::Refused),
    /// No right to start.
    #[error("no right to start")]
    NoRight(#[from] NoRight),
    /// A request that makes no sense for the present state; the text is for people.
    #[error("{0}")]
    NotNow(String),
    /// No room for the events of a start.
    #[error("the event log is full: nothing more is started until the hub has taken some")]
    LogFull,
}

impl LedgerError {
    /// A stored value that has no meaning.
    pub fn corrupt(what: &'static str, found: impl Into<String>) -> Self {
        Self::Corrupt { what, found: found.into() }
    }
}
