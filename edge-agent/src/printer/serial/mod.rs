//! Printers behind a serial port that are streamed to, line by line.
//!
//! Bytes ↔ lines ↔ meaning are pure modules without a clock: [`mod@line`] (framing and what a job may contain),
//! [`classify`] (what a reply means), [`ack`], `answers` and `resend` (window, acknowledgement, resend, lost oks), `modal` (what a
//! job left set), `session` (what is asked of a board before it may print). [`port`] is the only file that does serial
//! input and output, `preflight` the only one that reads a job's file, `task` the loop that ties them together, `job`
//! which line is next, `conduct` how a job is begun, held and cancelled, `happen` how it is told and lost.
pub mod ack;
mod answers;
pub mod classify;
mod conduct;
mod happen;
mod job;
pub mod line;
mod modal;
pub mod port;
mod preflight;
mod resend;
mod session;
mod task;

use std::path::PathBuf;
use std::time::Duration;

use firmware_profiles::Firmware;
use protocol::ids::PrinterId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::PrinterHandle;
use super::task::channels;
use super::types::{PortPolicy, Report};

/// How long a start may take until it is begun or refused: reading and hashing a large file on a Pi.
const START_WAIT_MAX: Duration = Duration::from_secs(60);

/// A streamed printer.
#[derive(Debug, Clone)]
pub struct SerialPrinter {
    /// Its name.
    pub id: PrinterId,
    /// The device.
    pub port: PathBuf,
    /// Speed of the line.
    pub baud: u32,
    /// What is behind it.
    pub firmware: Firmware,
    /// Opening the port resets the board.
    pub resets_on_open: bool,
    /// Whether the port may be opened without a person's word.
    pub policy: PortPolicy,
}

impl SerialPrinter {
    /// The handle and the task of this printer. The task must be spawned; it ends when `shutdown` is cancelled, and
    /// then leaves a running job as it is (the firmware's dead-man switch ends it).
    pub fn task(
        self,
        reports: mpsc::Sender<Report>,
        shutdown: CancellationToken,
    ) -> (PrinterHandle, impl Future<Output = ()> + Send + 'static) {
        let (handle, ends) = channels(self.id.clone(), reports, shutdown, START_WAIT_MAX);
        (handle, task::run(self, ends))
    }
}
