//! What can go wrong between agent and hub.

use crate::{files::FileError, ledger::LedgerError, net::ClientError, sources::NoRandomness};

/// A request to the hub that brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// No answer: try again later.
    #[error("the hub at {url} does not answer")]
    Link {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The token is no longer good: get another one.
    #[error("the hub wants a new token")]
    TokenExpired,
    /// The hub asks for patience.
    #[error("the hub asks to wait {wait_s} s")]
    Wait {
        /// How long, seconds.
        wait_s: u64,
    },
    /// The hub does not know this agent any more, or refuses it.
    #[error("the hub refused: {status}: {detail}")]
    Refused {
        /// Its answer.
        status: u16,
        /// What it said.
        detail: String,
    },
    /// The answer cannot be understood.
    #[error("the hub's answer cannot be understood")]
    Answer(#[source] serde_json::Error),
    /// The key file.
    #[error("cannot use the agent's key")]
    Key(#[from] FileError),
    /// The key file holds something else.
    #[error("{0} is not an agent's key: expected 64 hexadecimal digits")]
    NotAKey(std::path::PathBuf),
    /// No randomness.
    #[error("cannot make a key")]
    Random(#[from] NoRandomness),
    /// No HTTP client.
    #[error("cannot speak HTTP")]
    Client(#[from] ClientError),
    /// The ledger refused: nothing of the answer counts.
    #[error("cannot keep the hub's answer")]
    Ledger(#[from] LedgerError),
}
