//! Printers: one task per printer that owns its connection; everybody else holds a [`PrinterHandle`].
//!
//! This module knows no SQL and opens no listening port. It never starts a print by itself: it executes a start order
//! at most once and reports evidence; what the evidence proves is decided by `protocol::attempt`.
//!
//! [`types`] (orders, reports, view), [`task`] (the channels of a printer's task), [`serial`] (streamed printers),
//! [`mqtt`] and [`http`] (printers that own their jobs), [`emergency`] (the path that waits for nothing).
#![warn(clippy::wildcard_enum_match_arm)]

pub mod emergency;
pub mod error;
pub mod http;
pub mod mqtt;
pub mod serial;
pub mod task;
pub mod types;

use std::time::Duration;

use protocol::ids::PrinterId;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use emergency::{EMERGENCY_WAIT_MAX, Stop};
pub use error::PrinterError;
pub use types::{
    Connection, Doing, Held, HeldAs, PortPolicy, PrinterView, Progress, Report, StartOrder, StartRefused,
    Temperatures, What,
};

/// Requests that may wait for a printer's task.
pub const REQUESTS_MAX: usize = 16;
/// How long a pause or resume may take: the longest command in flight must end (homing, heating).
pub const PAUSE_WAIT_MAX: Duration = Duration::from_secs(120);
/// How long a cancel may take.
pub const CANCEL_WAIT_MAX: Duration = Duration::from_secs(180);
/// How long an opened port may take until the printer answers.
pub const OPEN_WAIT_MAX: Duration = Duration::from_secs(30);

/// Something asked of a printer's task.
#[derive(Debug)]
pub(crate) enum Request {
    Start { order: Box<StartOrder>, reply: StartAnswer },
    Pause { reply: Answer },
    Resume { reply: Answer },
    Cancel { reply: Answer },
    OpenPort { reply: Answer },
}

/// Begun, or why not.
pub(crate) type StartAnswer = oneshot::Sender<Result<(), Refusal>>;

/// Why a start order was not executed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nothing left, with proof.
    NotStarted(StartRefused),
    /// This attempt was ordered before. That proves nothing about it.
    Again,
}

/// Done, or why not.
pub(crate) type Answer = oneshot::Sender<Result<(), String>>;

/// A printer, as everybody but its task holds it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PrinterHandle {
    id: PrinterId,
    requests: mpsc::Sender<Request>,
    stops: mpsc::Sender<Stop>,
    view: watch::Receiver<PrinterView>,
    start_wait: Duration,
}

impl PrinterHandle {
    /// The printer's name.
    #[must_use]
    pub fn id(&self) -> &PrinterId {
        &self.id
    }

    /// What is known of it, now and at every change.
    #[must_use]
    pub fn view(&self) -> watch::Receiver<PrinterView> {
        self.view.clone()
    }

    /// Executes a start order. `Ok`: it was begun, and reports tell the rest.
    ///
    /// # Errors
    /// [`PrinterError::NotStarted`] with proof that nothing left. Every other error proves nothing: the attempt
    /// stays as it is until reports say more. An attempt that was ordered before is always refused.
    ///
    /// # Cancel safety
    /// Dropped, the order is executed all the same and its reports come.
    pub async fn start(&self, order: StartOrder) -> Result<(), PrinterError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::Start { order: Box::new(order), reply })?;
        let printer = || self.id.clone();
        match timeout(self.start_wait, answer).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(Refusal::NotStarted(refused)))) => {
                Err(PrinterError::NotStarted { printer: printer(), refused })
            }
            Ok(Ok(Err(Refusal::Again))) => {
                let why = "this attempt was ordered before".to_owned();
                Err(PrinterError::NotNow { printer: printer(), why })
            }
            Ok(Err(_gone)) => Err(PrinterError::Stopped { printer: printer() }),
            Err(_elapsed) => Err(PrinterError::Silent { printer: printer(), waited: self.start_wait }),
        }
    }

    /// Holds the running job and waits until the printer stands.
    ///
    /// # Errors
    /// [`PrinterError`]; after `Silent` it may still pause.
    pub async fn pause(&self) -> Result<(), PrinterError> {
        self.wait_for(|reply| Request::Pause { reply }, PAUSE_WAIT_MAX).await
    }

    /// Goes on with a held job.
    ///
    /// # Errors
    /// [`PrinterError`]; after `Silent` it may still go on.
    pub async fn resume(&self) -> Result<(), PrinterError> {
        self.wait_for(|reply| Request::Resume { reply }, PAUSE_WAIT_MAX).await
    }

    /// Ends the running job: heaters off, nozzle lifted.
    ///
    /// # Errors
    /// [`PrinterError`]; after `Silent` it may still end.
    pub async fn cancel(&self) -> Result<(), PrinterError> {
        self.wait_for(|reply| Request::Cancel { reply }, CANCEL_WAIT_MAX).await
    }

    /// A person allows the port to be opened, which may reset the board; also opens it anew after a halt.
    ///
    /// # Errors
    /// [`PrinterError`].
    pub async fn open_port(&self) -> Result<(), PrinterError> {
        self.wait_for(|reply| Request::OpenPort { reply }, OPEN_WAIT_MAX).await
    }

    /// Stops everything at once. `Ok` when the stop has left for the printer, which is within 50 ms.
    ///
    /// # Errors
    /// [`PrinterError`]: the stop may not have reached the printer. Pull its plug.
    pub async fn emergency_stop(&self) -> Result<(), PrinterError> {
        let (reply, answer) = oneshot::channel();
        let printer = || self.id.clone();
        self.stops.try_send(reply).map_err(|_full| PrinterError::Busy { printer: printer() })?;
        self.settle(answer, EMERGENCY_WAIT_MAX).await
    }

    fn ask(&self, request: Request) -> Result<(), PrinterError> {
        self.requests.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => PrinterError::Busy { printer: self.id.clone() },
            mpsc::error::TrySendError::Closed(_) => PrinterError::Stopped { printer: self.id.clone() },
        })
    }

    async fn wait_for(
        &self,
        request: impl FnOnce(Answer) -> Request,
        wait: Duration,
    ) -> Result<(), PrinterError> {
        let (reply, answer) = oneshot::channel();
        self.ask(request(reply))?;
        self.settle(answer, wait).await
    }

    async fn settle(
        &self,
        answer: oneshot::Receiver<Result<(), String>>,
        wait: Duration,
    ) -> Result<(), PrinterError> {
        let printer = || self.id.clone();
        match timeout(wait, answer).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(why))) => Err(PrinterError::NotNow { printer: printer(), why }),
            Ok(Err(_gone)) => Err(PrinterError::Stopped { printer: printer() }),
            Err(_elapsed) => Err(PrinterError::Silent { printer: printer(), waited: wait }),
        }
    }
}
