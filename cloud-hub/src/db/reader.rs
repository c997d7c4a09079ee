//! Threads with read-only connections, so that a slow page never delays a write.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::DbError;

/// Reader threads.
pub(super) const THREADS: usize = 2;
/// Requests that may wait.
const QUEUE_MAX: usize = 1_024;

type Work = Box<dyn FnOnce(&Connection) + Send>;

/// Handle of the reader threads.
#[derive(Clone)]
pub(super) struct Readers {
    queue: mpsc::Sender<Work>,
}

impl Readers {
    pub(super) fn start(connections: Vec<Connection>) -> Result<Self, DbError> {
        let (queue, waiting) = mpsc::channel::<Work>(QUEUE_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        for connection in connections {
            let waiting = Arc::clone(&waiting);
            let named = thread::Builder::new().name("db-reader".into());
            let thread = named.spawn(move || {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
                    let Some(work) = next else { return };
                    work(&connection);
                }
            });
            drop(thread.map_err(DbError::Thread)?);
        }
        Ok(Self { queue })
    }

    pub(super) async fn run<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<rusqlite::Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let boxed: Work = Box::new(move |connection| {
            let transaction = connection.execute_batch("begin deferred").map_err(E::from);
            let result = transaction.and_then(|()| work(connection));
            // A read-only transaction has nothing to lose.
            drop(connection.execute_batch("rollback"));
            drop(answer.send(result));
        });
        match self.queue.try_send(boxed) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(DbError::Busy(QUEUE_MAX).into()),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(DbError::Closed.into()),
        }
        answered.await.unwrap_or_else(|_gone| Err(DbError::Closed.into()))
    }
}
