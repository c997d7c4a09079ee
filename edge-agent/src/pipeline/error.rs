//! Why there is no G-code, in words for the queue page; and whether trying again may help.

use std::path::PathBuf;

use crate::{
    blobs::{BlobError, DownloadError},
    files::FileError,
    ledger::LedgerError,
    sandbox::{NoCage, RunError},
};

/// A job that could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The grid cannot be made by this version, or does not contain the plate.
    #[error("The plate {plate} cannot be made: {why}")]
    Grid {
        /// The plate's slot.
        plate: String,
        /// Why.
        why: String,
    },
    /// No slicer.
    #[error("The slicer {} cannot be started; install PrusaSlicer 2.9.2 or newer (make setup-run). It is tried again by itself.", .0.program.display())]
    NoSlicer(#[source] RunError),
    /// Nothing here keeps the slicer in.
    #[error("{0}. It is tried again by itself.")]
    NoCage(#[from] NoCage),
    /// The same content failed before, for certain; the text is the one of then.
    #[error("{0}")]
    FailedBefore(String),
    /// Too old to be trusted.
    #[error(
        "PrusaSlicer {found} is too old: it writes G-code outside the bed without a word. Install 2.9.2 or newer (make setup-run). It is tried again by itself."
    )]
    TooOld {
        /// What is there.
        found: String,
    },
    /// It ended badly; the text is its own last words.
    #[error("The slicer refused this plate: {0}")]
    Refused(String),
    /// It crashed.
    #[error("The slicer crashed (signal {signal}). It was tried again with one thread.")]
    Crashed {
        /// The signal.
        signal: i32,
    },
    /// It was killed for taking too long.
    #[error("The slicer did not finish within {wait_s} s and was stopped.")]
    Hung {
        /// The bound.
        wait_s: u64,
    },
    /// Stopped by the system, most often for lack of memory.
    #[error(
        "The system stopped the slicer (signal {signal}), most often for lack of memory. Try 1 thread (slicer.threads)."
    )]
    Stopped {
        /// The signal.
        signal: i32,
    },
    /// Exit 0 and nothing there.
    #[error("The slicer said it was done and wrote nothing: {0}")]
    WroteNothing(String),
    /// The G-code must not reach a printer.
    #[error("The G-code was refused by the check before printing: {}", .0.join("; "))]
    Audit(Vec<String>),
    /// The file of the job is not here yet.
    #[error("Its file is not here yet: {0}")]
    Blob(String),
    /// A printer of this kind needs another kind of file.
    #[error("{0}")]
    Unsupported(String),
    /// The disk.
    #[error("The disk refused: {0}")]
    Disk(#[from] FileError),
    /// The ledger.
    #[error("The ledger could not be read or written.")]
    Ledger(#[from] LedgerError),
    /// A file that cannot be read.
    #[error("The file {} cannot be read.", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl StageError {
    /// Whether the same input fails again for certain, so that the failure is remembered.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Grid { .. }
            | Self::Refused(_)
            | Self::WroteNothing(_)
            | Self::Audit(_)
            | Self::Unsupported(_)
            | Self::FailedBefore(_) => true,
            Self::NoSlicer(_)
            | Self::NoCage(_)
            | Self::TooOld { .. }
            | Self::Crashed { .. }
            | Self::Hung { .. }
            | Self::Stopped { .. }
            | Self::Blob(_)
            | Self::Disk(_)
            | Self::Ledger(_)
            | Self::Read { .. } => false,
        }
    }
}

impl From<BlobError> for StageError {
    fn from(error: BlobError) -> Self {
        Self::Blob(error.to_string())
    }
}
impl From<DownloadError> for StageError {
    fn from(error: DownloadError) -> Self {
        Self::Blob(error.to_string())
    }
}
