//! The one thread that writes: many requests, one transaction, one fsync, then all answers.

use std::thread;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::DbError;

/// Requests that may wait; more are refused as busy.
const QUEUE_MAX: usize = 4_096;
/// Requests of one commit: bounds how long the first one waits.
const GROUP_MAX: usize = 512;

/// Tells a caller what became of its work: `None` = committed.
type Settle = Box<dyn FnOnce(Option<DbError>) + Send>;
type Work = Box<dyn FnOnce(&Transaction<'_>) -> Settle + Send>;

/// Handle of the writer thread.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Work>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, DbError> {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let named = thread::Builder::new().name("db-writer".into());
        let thread = named.spawn(move || run(connection, waiting)).map_err(DbError::Thread)?;
        drop(thread);
        Ok(Self { queue })
    }

    pub(super) async fn run<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<rusqlite::Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let boxed: Work = Box::new(move |tx| {
            let result = in_savepoint(tx, work);
            Box::new(move |failed: Option<DbError>| {
                let settled = match failed {
                    None => result,
                    Some(error) => Err(E::from(error)),
                };
                // The caller may have gone; the work is stored all the same.
                drop(answer.send(settled));
            })
        });
        match self.queue.try_send(boxed) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(DbError::Busy(QUEUE_MAX).into()),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(DbError::Closed.into()),
        }
        answered.await.unwrap_or_else(|_gone| Err(DbError::Closed.into()))
    }
}

/// An error inside undoes only this request, not its neighbours in the group.
fn in_savepoint<T, E: From<rusqlite::Error>>(
    tx: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    tx.execute_batch("savepoint request")?;
    let result = work(tx);
    if result.is_err() {
        tx.execute_batch("rollback to request")?;
    }
    tx.execute_batch("release request")?;
    result
}

fn run(mut connection: Connection, mut waiting: mpsc::Receiver<Work>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        let tx = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(tx) => tx,
            Err(source) => {
                tracing::error!(error = %source, "cannot begin a transaction: {source}");
                // Dropping the work drops its answer channel: callers get `Closed`, nothing was stored.
                group.clear();
                continue;
            }
        };
        let settles: Vec<Settle> = group.drain(..).map(|work| work(&tx)).collect();
        match tx.commit() {
            Ok(()) => settles.into_iter().for_each(|settle| settle(None)),
            Err(source) => {
                tracing::error!(error = %source, "cannot commit: {source}");
                let text = source.to_string();
                for settle in settles {
                    let source = rusqlite::Error::SqliteFailure(
                        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR),
                        Some(text.clone()),
                    );
                    settle(Some(DbError::Sqlite { what: "commit to", source }));
                }
            }
        }
    }
    // Best effort on the way out: the log is replayed at the next start in any case.
    drop(connection.execute_batch("pragma wal_checkpoint(truncate)"));
}
