//! What happened to an attempt, line by line: guards, evidence, decisions. Read by `explain` and the pages.

use protocol::{ids::AttemptNo, units::WallMs};
use rusqlite::{Connection, params};

use super::{Ledger, LedgerError, Stamp, rows::int};

/// Longest line kept, characters.
const LINE_CHARS_MAX: usize = 500;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: WallMs,
    /// What.
    pub what: String,
}

const NOTE: &str = "insert into journal (incarnation, n, at_ms, what) values (?1, ?2, ?3, ?4)";
/// Adds a line.
pub(super) fn note(
    connection: &Connection,
    now: Stamp,
    attempt: AttemptNo,
    what: &str,
) -> Result<(), LedgerError> {
    let what: String = what.chars().take(LINE_CHARS_MAX).collect();
    connection.execute(NOTE, params![attempt.incarnation.to_string(), int(attempt.n), now.wall.0, what])?;
    Ok(())
}

const OF: &str = "select at_ms, what from journal where incarnation = ?1 and n = ?2 order by id";

impl Ledger {
    /// Everything known of an attempt, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn journal_of(&self, attempt: AttemptNo) -> Result<Vec<Line>, LedgerError> {
        self.read(move |c| {
            let mut statement = c.prepare_cached(OF)?;
            let rows = statement
                .query_map(params![attempt.incarnation.to_string(), int(attempt.n)], |row| {
                    Ok(Line { at: WallMs(row.get(0)?), what: row.get(1)? })
                })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}
