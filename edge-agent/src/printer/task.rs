//! Starting a printer's task: the channels between it and its handle, and which driver runs it.
use std::time::Duration;

use protocol::ids::PrinterId;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::emergency::{self, Stop};
use super::types::{PrinterView, Report};
use super::{PrinterHandle, REQUESTS_MAX, Request};

/// A printer task's ends of its channels.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) id: PrinterId,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) stops: mpsc::Receiver<Stop>,
    pub(crate) view: watch::Sender<PrinterView>,
    pub(crate) reports: mpsc::Sender<Report>,
    pub(crate) shutdown: CancellationToken,
}

/// Makes the channels of a printer. `start_wait` bounds how long a start may take until it is begun or refused.
pub(crate) fn channels(
    id: PrinterId,
    reports: mpsc::Sender<Report>,
    shutdown: CancellationToken,
    start_wait: Duration,
) -> (PrinterHandle, Ends) {
    let (requests, requests_end) = mpsc::channel(REQUESTS_MAX);
    let (stops, stops_end) = emergency::path();
    let (view, view_end) = watch::channel(PrinterView::unseen("not connected yet"));
    let handle = PrinterHandle { id: id.clone(), requests, stops, view: view_end, start_wait };
    (handle, Ends { id, requests: requests_end, stops: stops_end, view, reports, shutdown })
}
