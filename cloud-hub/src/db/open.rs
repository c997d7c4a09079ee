//! Opens SQLite files; the only place that does. Sets and checks the pragmas of every connection.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// Page cache per connection, KiB (negative = KiB in SQLite).
const CACHE_KIB: i64 = 20_000;
/// Size to which the write-ahead log is cut back after a checkpoint, bytes.
const JOURNAL_BYTES_MAX: i64 = 16 * 1024 * 1024;
/// Wait for another process's lock, milliseconds.
const BUSY_MS: i64 = 5_000;
/// What `pragma synchronous` answers for FULL. With NORMAL a power cut loses acknowledged rows (measured).
const FULL: i64 = 2;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// SQLite refused.
    #[error("cannot {what} the database")]
    Sqlite {
        /// What was tried.
        what: &'static str,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// A pragma did not take effect.
    #[error("the database does not run with {pragma}={expected}: it says {found}")]
    Pragma {
        /// Which.
        pragma: &'static str,
        /// What is needed.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A migration failed or was edited after its release.
    #[error("cannot migrate the database")]
    Migrate(#[source] refinery::Error),
    /// `quick_check` found damage.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// The thread is gone.
    #[error("the database has been closed")]
    Closed,
    /// Too much work waits.
    #[error("the database is busy: {0} requests wait already")]
    Busy(usize),
    /// A thread could not be started.
    #[error("cannot start a database thread")]
    Thread(#[source] std::io::Error),
}

fn during(what: &'static str) -> impl Fn(rusqlite::Error) -> DbError {
    move |source| DbError::Sqlite { what, source }
}

/// The connection that writes.
///
/// # Errors
/// When the file cannot be opened or a pragma did not take effect.
#[expect(clippy::disallowed_methods, reason = "the one place where databases are opened")]
pub fn open_writer(path: &Path) -> Result<Connection, DbError> {
    let connection = Connection::open(path).map_err(during("open"))?;
    set(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(during("configure"))?;
    connection.pragma_update(None, "synchronous", "full").map_err(during("configure"))?;
    check(&connection)?;
    let health: String =
        connection.query_row("pragma quick_check(1)", [], |row| row.get(0)).map_err(during("check"))?;
    if health != "ok" {
        return Err(DbError::Damaged(health));
    }
    Ok(connection)
}

/// A connection that only reads.
///
/// # Errors
/// When the file cannot be opened.
pub fn open_readonly(path: &Path) -> Result<Connection, DbError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags).map_err(during("open"))?;
    set(&connection)?;
    Ok(connection)
}

/// A copy that nobody else has open: no log beside it, so that it is one file.
///
/// # Errors
/// When the file cannot be opened.
#[expect(clippy::disallowed_methods, reason = "the one place where databases are opened")]
pub fn open_copy(path: &Path) -> Result<Connection, DbError> {
    let connection = Connection::open(path).map_err(during("open"))?;
    connection.pragma_update(None, "journal_mode", "delete").map_err(during("configure"))?;
    Ok(connection)
}

fn set(connection: &Connection) -> Result<(), DbError> {
    let numbers =
        [("busy_timeout", BUSY_MS), ("cache_size", -CACHE_KIB), ("journal_size_limit", JOURNAL_BYTES_MAX)];
    for (pragma, value) in numbers {
        connection.pragma_update(None, pragma, value).map_err(during("configure"))?;
    }
    for (pragma, value) in [
        ("foreign_keys", "on"),
        ("trusted_schema", "off"),
        ("cell_size_check", "on"),
        ("temp_store", "memory"),
    ] {
        connection.pragma_update(None, pragma, value).map_err(during("configure"))?;
    }
    Ok(())
}

/// Asserts that acknowledged rows survive a power cut.
pub(super) fn check(connection: &Connection) -> Result<(), DbError> {
    let mode: String =
        connection.query_row("pragma journal_mode", [], |row| row.get(0)).map_err(during("check"))?;
    let level: i64 =
        connection.query_row("pragma synchronous", [], |row| row.get(0)).map_err(during("check"))?;
    if mode != "wal" {
        return Err(DbError::Pragma { pragma: "journal_mode", expected: "wal".into(), found: mode });
    }
    if level != FULL {
        return Err(DbError::Pragma {
            pragma: "synchronous",
            expected: FULL.to_string(),
            found: level.to_string(),
        });
    }
    Ok(())
}
