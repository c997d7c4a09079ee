//! Printers that own their jobs and speak HTTP: Moonraker (any Klipper) and PrusaLink. The file goes there and is checked,
//! one start call follows, and questions every few seconds tell the rest.
//!
//! Pure: [`status`] (what a printer says, and what that proves about an attempt), [`moonraker`] and [`prusalink`] (their
//! words), `digest` (PrusaLink's log-in). `call` does the requests, `upload` one file, `task` is the loop, `conduct` how a
//! job is begun, held and cancelled, `follow` how it is watched.
//! Invariant: the start call of an attempt is made at most once, after its mark is durable, and only in a state in which the
//! printer takes it. An answer that is lost proves nothing; it is never asked for by starting again.
mod call;
mod conduct;
mod digest;
mod follow;
pub mod moonraker;
pub mod prusalink;
pub mod status;
mod task;
mod upload;

use firmware_profiles::HttpDialect;
use protocol::ids::PrinterId;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::PrinterHandle;
use super::task::channels;
use super::types::{Held, Report};

/// How long a start may take until it is begun or refused: the upload of a large file to a slow printer.
const START_WAIT_MAX: Duration = Duration::from_secs(4 * 3600);

/// A printer that owns its jobs.
#[derive(Clone)]
pub struct HttpPrinter {
    /// Its name.
    pub id: PrinterId,
    /// Name or address on the LAN.
    pub host: String,
    /// Port of its server.
    pub port: u16,
    /// Password (PrusaLink) or API key (Moonraker); Moonraker may need none.
    pub password: Option<String>,
    /// How it speaks.
    pub dialect: HttpDialect,
    /// Attempts on this printer that have not ended.
    pub held: Vec<Held>,
    /// Task ids of attempts on this printer that have ended: their finish at first contact is no foreign print.
    pub ended: Vec<String>,
}

impl std::fmt::Debug for HttpPrinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the password.
        f.debug_struct("HttpPrinter").field("id", &self.id).field("host", &self.host).finish_non_exhaustive()
    }
}

impl HttpPrinter {
    /// The handle and the task of this printer. The task must be spawned; it ends when `shutdown` is cancelled. A
    /// running job goes on without it.
    pub fn task(
        self,
        reports: mpsc::Sender<Report>,
        shutdown: CancellationToken,
    ) -> (PrinterHandle, impl Future<Output = ()> + Send + 'static) {
        let (handle, ends) = channels(self.id.clone(), reports, shutdown, START_WAIT_MAX);
        (handle, task::run(self, ends))
    }
}
