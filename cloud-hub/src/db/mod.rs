//! Connections, pragmas checked at open, the writer thread and the reader threads. Holds no domain words.
//!
//! Invariant: an answer of [`Db::write`] exists only after its transaction is on disk (`synchronous=FULL`).

mod migrate;
mod open;
mod reader;
mod writer;

pub use migrate::{migrate, pending};
pub use open::{DbError, open_copy, open_readonly, open_writer};

use std::path::Path;

use rusqlite::{Connection, Transaction};

/// An open database: one writer thread with group commit, and reader threads.
#[derive(Clone)]
pub struct Db {
    writer: writer::Writer,
    reader: reader::Readers,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

impl Db {
    /// Opens, migrates and starts the threads.
    ///
    /// # Errors
    /// When the file cannot be opened, a pragma did not take effect, or a migration fails.
    pub fn open(path: &Path) -> Result<Self, DbError> {
        let mut connection = open_writer(path)?;
        migrate(&mut connection)?;
        open::check(&connection)?;
        let readers = (0..reader::THREADS).map(|_| open_readonly(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { writer: writer::Writer::start(connection)?, reader: reader::Readers::start(readers)? })
    }

    /// Runs `work` in a transaction of its own (a savepoint within the group) and answers after the commit.
    /// An `Err` of `work` undoes only `work`.
    ///
    /// # Errors
    /// What `work` answers, or why the commit failed: then nothing of it is stored.
    ///
    /// # Cancel safety
    /// Dropping the future does not undo the work: it was handed over.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<rusqlite::Error> + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Runs `work` on a read-only connection.
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<rusqlite::Error> + Send + 'static,
    {
        self.reader.run(work).await
    }
}
