//! The only place that spawns tasks: named, joined, drained in the order they were started.

use std::{future::Future, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long all tasks together may take to end after a stop was asked.
pub const DRAIN_WAIT_MAX: Duration = Duration::from_secs(8);

/// The tasks of the process.
#[derive(Debug, Default)]
pub struct Tasks {
    running: Vec<(&'static str, JoinHandle<()>)>,
    stop: CancellationToken,
}

impl Tasks {
    /// The signal that asks every task to end.
    #[must_use]
    pub fn stop_signal(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task of the process. It should end soon after [`Self::stop_signal`].
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.running.push((name, spawn(task)));
    }

    /// Asks all tasks to end and waits for them, last started first; names those that do not end in time.
    pub async fn drain(self) {
        self.stop.cancel();
        let deadline = tokio::time::Instant::now() + DRAIN_WAIT_MAX;
        for (name, task) in self.running.into_iter().rev() {
            match tokio::time::timeout_at(deadline, task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(task = name, %error, "task {name} ended by a panic"),
                Err(_elapsed) => tracing::warn!(task = name, "task {name} did not end in time and was left"),
            }
        }
    }
}

/// Starts a short task that belongs to its caller (one request, one child): the caller keeps the handle.
pub fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    #[expect(clippy::disallowed_methods, reason = "the one home of spawn")]
    tokio::spawn(task)
}
