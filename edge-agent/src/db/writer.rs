//! The writer thread: the only connection that writes. What waits together is committed together, and every
//! caller is answered only after the commit.

use std::{panic::AssertUnwindSafe, thread};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

/// Writes that may wait; one more waits at its caller.
const QUEUE_MAX: usize = 256;
/// Writes that share one commit.
const BATCH_MAX: usize = 64;

/// A write that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// `SQLite` refused: nothing of this write is on disk.
    #[error("cannot write to the database")]
    Sqlite(#[from] rusqlite::Error),
    /// The writer has stopped: after a failed commit, or at the end of the process.
    #[error("the database writer has stopped")]
    Stopped,
}

type Work = Box<dyn FnOnce(&Connection) -> Answer + Send>;
/// Called with true after the commit, with false when the batch was lost.
type Answer = Box<dyn FnOnce(bool) + Send>;

/// A handle to the writer thread; cheap to clone.
#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Work>,
}

impl Writer {
    /// Starts the thread. It ends when the last handle is gone, closing the database.
    ///
    /// # Errors
    /// The system cannot start a thread.
    pub fn start(connection: Connection) -> std::io::Result<(Self, thread::JoinHandle<()>)> {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let thread =
            thread::Builder::new().name("ledger-writer".into()).spawn(move || run(connection, waiting))?;
        Ok((Self { queue }, thread))
    }

    /// Runs `work` inside a transaction and answers after its commit. An error that `work` returns rolls back
    /// what it did, and nothing else of the batch.
    ///
    /// # Errors
    /// What `work` returns, or [`WriteError`] when it could not be committed.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the write: it happens, and nobody hears the answer.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<WriteError> + From<rusqlite::Error> + Send + 'static,
    {
        let (reply, answered) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            let result = in_savepoint(connection, work);
            Box::new(move |committed| {
                let result = if committed { result } else { Err(WriteError::Stopped.into()) };
                // The caller may have gone away: the write stands all the same.
                drop(reply.send(result));
            })
        });
        self.queue.send(work).await.map_err(|_closed| WriteError::Stopped)?;
        answered.await.map_err(|_dropped| WriteError::Stopped)?
    }
}

fn in_savepoint<T, E: From<rusqlite::Error>>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    connection.execute_batch("savepoint one_write")?;
    let result = work(connection);
    let end = if result.is_ok() { "release one_write" } else { "rollback to one_write; release one_write" };
    connection.execute_batch(end)?;
    result
}

fn run(mut connection: Connection, mut waiting: mpsc::Receiver<Work>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while waiting.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        if !commit(&mut connection, &mut batch) {
            // A ledger that cannot be written starts nothing: the queue closes and every caller hears of it.
            return;
        }
    }
}

/// Runs and commits a batch; false when the database cannot be written any more.
fn commit(connection: &mut Connection, batch: &mut Vec<Work>) -> bool {
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            tracing::error!(%error, "the ledger cannot begin a transaction: nothing more is started");
            batch.clear();
            return false;
        }
    };
    let mut answers = Vec::with_capacity(batch.len());
    for work in batch.drain(..) {
        match std::panic::catch_unwind(AssertUnwindSafe(|| work(&transaction))) {
            Ok(answer) => answers.push(answer),
            Err(_panic) => {
                tracing::error!("a ledger write stopped on a broken assertion: the batch is rolled back");
                for answer in answers {
                    answer(false);
                }
                return false;
            }
        }
    }
    let committed = transaction.commit();
    if let Err(error) = &committed {
        tracing::error!(%error, "the ledger cannot commit: nothing more is started");
    }
    for answer in answers {
        answer(committed.is_ok());
    }
    committed.is_ok()
}
