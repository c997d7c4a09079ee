//! The emergency stop has a path of its own: a channel that the printer's task looks at before everything else, and no
//! wait between it and the wire.
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// How long the caller waits until the stop is on the wire. It should be there within 50 ms; the caller is told when not.
pub const EMERGENCY_WAIT_MAX: Duration = Duration::from_secs(3);
/// Stops that may wait; a person presses the button more than once.
const STOPS_MAX: usize = 8;

/// Asks for a stop; answered when the bytes have left.
pub(crate) type Stop = oneshot::Sender<Result<(), String>>;

/// Both ends of the path.
pub(crate) fn path() -> (mpsc::Sender<Stop>, mpsc::Receiver<Stop>) {
    mpsc::channel(STOPS_MAX)
}
