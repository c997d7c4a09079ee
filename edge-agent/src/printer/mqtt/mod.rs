//! Printers that own their jobs and speak MQTT: the file goes there by FTPS, one start command follows, and reports tell
//! the rest.
//!
//! Pure: [`bambu`] (reports, merge, requests), [`evidence`] (what a status proves about an attempt). [`tls`] says who may
//! be the printer, `link` is one MQTT connection, `upload` one file, `task` the loop that ties them together, `conduct`
//! how a job is begun, held and cancelled, `follow` how it is watched, `view` what is shown of it.
//! Invariant: the start command of an attempt is published at most once, and only in a state in which the printer takes it.
pub mod bambu;
mod conduct;
pub mod evidence;
mod follow;
mod link;
mod task;
pub mod tls;
mod upload;
mod view;

use std::path::PathBuf;
use std::time::Duration;

use firmware_profiles::Dialect;
use protocol::ids::PrinterId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::PrinterHandle;
use super::task::channels;
use super::types::{Held, Report};
pub(crate) use task::refuse_all;
pub use tls::Trust;

/// How long a start may take until it is begun or refused: the upload of a large file to a slow printer.
const START_WAIT_MAX: Duration = Duration::from_secs(4 * 3600);

/// A printer that owns its jobs.
#[derive(Clone)]
pub struct MqttPrinter {
    /// Its name.
    pub id: PrinterId,
    /// Name or address on the LAN.
    pub host: String,
    /// Port of its broker.
    pub mqtt_port: u16,
    /// Port of its FTPS server.
    pub ftps_port: u16,
    /// Serial number: part of the topics, and the name in its certificate.
    pub serial: String,
    /// The password of both servers.
    pub access_code: String,
    /// Who may be the printer.
    pub trust: Trust,
    /// How it speaks.
    pub dialect: Dialect,
    /// A private folder (0700) for the socket between MQTT client and TLS. Its path may have 80 bytes.
    pub socket_dir: PathBuf,
    /// Attempts on this printer that have not ended.
    pub held: Vec<Held>,
    /// Task ids of attempts on this printer that have ended: their finish at first contact is no foreign print.
    pub ended: Vec<String>,
}

impl std::fmt::Debug for MqttPrinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the access code.
        f.debug_struct("MqttPrinter").field("id", &self.id).field("host", &self.host).finish_non_exhaustive()
    }
}

impl MqttPrinter {
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
