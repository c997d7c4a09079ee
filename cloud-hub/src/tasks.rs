//! The only place that starts background tasks: named, counted and ended together.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// All background tasks of one hub. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Starts `work` under `name`; it must end soon after [`Self::stopping`] fires.
    #[expect(clippy::disallowed_methods, reason = "the one place where tasks are started")]
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let tracked = self.tracker.track_future(work);
        drop(tokio::spawn(async move {
            tracked.await;
            tracing::debug!(task = name, "task {name} ended");
        }));
    }

    /// Fires when everything must end.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Asks all tasks to end and waits for them.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
