//! The ledger: the only writer of attempts, beds, assignments and events. Every function is one transaction,
//! and answers after its commit.
//!
//! Invariants: the row of an attempt, the bed it occupies and the event that tells of it are committed
//! together; a state changes only through the transition functions of `protocol`.
//!
//! Never here: a port, a clock decision, an HTTP call.

pub mod artifacts;
pub mod assignments;
pub mod bed;
pub mod copy;
pub mod decide;
pub mod devices;
mod error;
pub mod events;
pub mod intent;
pub mod journal;
pub mod local;
pub mod meta;
mod milestones;
pub mod outcome;
pub mod printers;
pub mod queue;
pub mod recover;
pub mod replacement;
pub mod rows;
pub mod sign_off;
#[cfg(test)]
mod tests;
pub mod view;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use protocol::{
    ids::{BootId, Incarnation},
    units::{MonoMs, WallMs},
};
use rusqlite::Connection;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    db::{self, Writer},
};

pub use error::LedgerError;

/// When something was written, by both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Wall time, for people.
    pub wall: WallMs,
    /// Time since boot.
    pub mono: MonoMs,
    /// Which boot.
    pub boot: BootId,
    /// Whether the wall time can be believed.
    pub synced: bool,
}

/// A handle to the ledger; cheap to clone.
#[derive(Debug, Clone)]
pub struct Ledger {
    writer: Writer,
    readers: Arc<std::sync::Mutex<Vec<Connection>>>,
    path: Arc<PathBuf>,
    clock: Clock,
    incarnation: Incarnation,
    changed: Arc<watch::Sender<u64>>,
}

/// Readers kept open between uses.
const READERS_MAX: usize = 4;

impl Ledger {
    /// Opens the database in `folder`, notices a restore, and starts the writer.
    ///
    /// # Errors
    /// [`LedgerError::Open`] and what a restore check may meet.
    pub fn open(folder: &Path, clock: Clock) -> Result<(Self, JoinHandle<()>), LedgerError> {
        let path = folder.join("ledger.db");
        let connection = db::open(&path)?;
        let incarnation = recover::settle_incarnation(&connection, folder, clock)?;
        let (writer, thread) = Writer::start(connection).map_err(LedgerError::Thread)?;
        let (changed, _nobody_yet) = watch::channel(0);
        let readers = Arc::new(std::sync::Mutex::new(Vec::new()));
        let ledger =
            Self { writer, readers, path: Arc::new(path), clock, incarnation, changed: Arc::new(changed) };
        Ok((ledger, thread))
    }

    /// This life of the database.
    #[must_use]
    pub const fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Ticks after every write that a page, the scheduler or the sync task may care about.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Now, by the clocks of this ledger.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp {
            wall: self.clock.wall(),
            mono: self.clock.mono(),
            boot: self.clock.boot_id(),
            synced: self.clock.is_synced(),
        }
    }

    /// One transaction on the writer thread; readers are told after its commit.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, Stamp) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let stamp = self.stamp();
        let work = move |connection: &Connection| {
            let (result, noted) = milestones::during(|| work(connection, stamp));
            result.map(|value| (value, noted))
        };
        let (value, noted) = self.writer.write(work).await?;
        milestones::log(noted);
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
        Ok(value)
    }

    /// Reads one consistent state on a reader connection, off the async threads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.read_now(work)).await.map_err(LedgerError::Reader)?
    }

    fn read_now<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let idle = self.readers.lock().map_or(None, |mut idle| idle.pop());
        let connection = match idle {
            Some(connection) => connection,
            None => db::open_reader(&self.path)?,
        };
        connection.execute_batch("begin")?;
        let result = work(&connection);
        connection.execute_batch("commit")?;
        if let Ok(mut idle) = self.readers.lock()
            && idle.len() < READERS_MAX
        {
            idle.push(connection);
        }
        result
    }
}
