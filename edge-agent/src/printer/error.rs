//! What can go wrong when something is asked of a printer.
use std::time::Duration;

use protocol::ids::PrinterId;

use super::types::StartRefused;

/// A request to a printer that was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum PrinterError {
    /// Too many requests wait already.
    #[error("printer {printer} has too many requests waiting")]
    Busy {
        /// The printer.
        printer: PrinterId,
    },
    /// Its task has ended.
    #[error("printer {printer} is not looked after any more")]
    Stopped {
        /// The printer.
        printer: PrinterId,
    },
    /// No answer within the request's time. It may still be done: trust the state, not this answer.
    #[error("printer {printer} did not answer within {} s", waited.as_secs())]
    Silent {
        /// The printer.
        printer: PrinterId,
        /// How long was waited.
        waited: Duration,
    },
    /// The start was refused before anything left.
    #[error("printer {printer} was not started")]
    NotStarted {
        /// The printer.
        printer: PrinterId,
        /// Why, with its proof.
        #[source]
        refused: StartRefused,
    },
    /// What was asked for does not fit what the printer does.
    #[error("printer {printer} cannot do that now: {why}")]
    NotNow {
        /// The printer.
        printer: PrinterId,
        /// For a person.
        why: String,
    },
}
