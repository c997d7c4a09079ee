//! Opens the ledger: every pragma that matters is set and read back, an unclean stop is followed by a check.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

mod migrations {
    refinery::embed_migrations!("../migrations/agent");
}

/// `PRAGMA synchronous` = FULL. NORMAL lost acknowledged rows in our power-cut simulation; FULL lost none.
const SYNCHRONOUS_FULL: i64 = 2;
const PRAGMAS: &str = "
pragma journal_mode = wal;
pragma synchronous = full;
pragma foreign_keys = on;
pragma busy_timeout = 5000;
pragma trusted_schema = off;
pragma cell_size_check = on;
pragma journal_size_limit = 16777216;
pragma wal_autocheckpoint = 1000;
pragma temp_store = memory;
pragma cache_size = -2000;";

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// `SQLite` refused.
    #[error("cannot open the database {}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The durability setting did not take.
    #[error("the database {} runs with synchronous={found}, and only FULL (2) keeps what was acknowledged", path.display())]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// What it runs with.
        found: i64,
    },
    /// `quick_check` found damage.
    #[error("the database {} is damaged: {finding}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first finding.
        finding: String,
    },
    /// A migration failed.
    #[error("cannot bring the database {} up to date", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<refinery::Error>,
    },
}

/// Opens the one writing connection, after a check if the last stop was unclean, and migrates.
///
/// # Errors
/// [`OpenError`]; a damaged file is left as it is.
pub fn open(path: &Path) -> Result<Connection, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    // A write-ahead log that still holds frames means that nobody closed the database.
    let was_unclean = std::fs::metadata(wal_of(path)).is_ok_and(|m| m.len() > 0);
    #[expect(clippy::disallowed_methods, reason = "the one home of connections")]
    let mut connection = Connection::open(path).map_err(sqlite)?;
    connection.execute_batch(PRAGMAS).map_err(sqlite)?;
    assert_durable(&connection, path)?;
    if was_unclean {
        quick_check(&connection, path)?;
    }
    migrations::migrations::runner()
        .run(&mut connection)
        .map_err(|source| OpenError::Migration { path: path.to_owned(), source: Box::new(source) })?;
    assert_durable(&connection, path)?;
    Ok(connection)
}

/// Opens a connection that cannot write.
///
/// # Errors
/// [`OpenError::Sqlite`].
pub fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    let pragmas = "pragma busy_timeout = 5000; pragma trusted_schema = off; pragma cache_size = -1000;";
    connection.execute_batch(pragmas).map_err(sqlite)?;
    Ok(connection)
}

fn wal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn assert_durable(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let found: i64 = connection
        .query_row("pragma synchronous", [], |row| row.get(0))
        .map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
    if found == SYNCHRONOUS_FULL {
        Ok(())
    } else {
        Err(OpenError::NotDurable { path: path.to_owned(), found })
    }
}

fn quick_check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let finding: String = connection
        .query_row("pragma quick_check(1)", [], |row| row.get(0))
        .map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
    if finding == "ok" { Ok(()) } else { Err(OpenError::Damaged { path: path.to_owned(), finding }) }
}
