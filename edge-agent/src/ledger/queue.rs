//! The order of the queue: one place up or down. Positions stay strictly rising among what waits, so that a step back
//! undoes a step. And what left the queue because it cannot be made, so that nothing vanishes without a word.

use protocol::{
    ids::JobId,
    units::{StateVersion, WallMs},
};
use rusqlite::{Connection, params};

use super::{Ledger, LedgerError};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Before the one before it.
    Up,
    /// After the one after it.
    Down,
}

const WAITING: &str = "
select job, position from assignment
where state not in ('Started', 'Closed', 'Declined', 'Released') order by position, job";
fn waiting(c: &Connection) -> Result<Vec<(String, i64)>, LedgerError> {
    let mut statement = c.prepare_cached(WAITING)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const PLACE: &str = "update assignment set position = ?2 where job = ?1";
const TOUCH: &str = "update assignment set version = version + 1 where job = ?1";

/// A job that was refused for good.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What it is called.
    pub label: String,
    /// Why, in words.
    pub reason: String,
    /// When.
    pub at: WallMs,
}

/// Refused jobs that are told at once.
const REFUSED_MAX: u32 = 5;

const REFUSED: &str = "
select label, reason, over_ms from assignment
where state = 'Declined' and reason is not null and over_ms > ?1 order by over_ms desc limit ?2";

impl Ledger {
    /// The newest jobs that were refused for good after `since`.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn refused(&self, since: WallMs) -> Result<Vec<Refused>, LedgerError> {
        self.read(move |c| {
            let mut statement = c.prepare_cached(REFUSED)?;
            let refused = |row: &rusqlite::Row<'_>| {
                Ok(Refused { label: row.get(0)?, reason: row.get(1)?, at: WallMs(row.get(2)?) })
            };
            let rows = statement.query_map(params![since.0, REFUSED_MAX], refused)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Moves a waiting job one place. At the end of the queue, and for a job that has begun, nothing changes.
    ///
    /// # Errors
    /// [`LedgerError::Stale`].
    pub async fn shift(&self, job: JobId, seen: StateVersion, way: Way) -> Result<(), LedgerError> {
        self.on_job(job, seen, move |c, _now, row| {
            let mut all = waiting(c)?;
            let own = row.job().to_string();
            let Some(at) = all.iter().position(|(job, _)| *job == own) else { return Ok(()) };
            let other = match way {
                Way::Up => at.checked_sub(1),
                Way::Down => Some(at + 1).filter(|n| *n < all.len()),
            };
            let Some(other) = other else { return Ok(()) };
            let places: Vec<i64> = all.iter().map(|(_, position)| *position).collect();
            all.swap(at, other);
            let mut last = i64::MIN;
            for ((job, had), place) in all.iter().zip(places) {
                last = place.max(last.saturating_add(1));
                if *had != last {
                    c.execute(PLACE, params![job, last])?;
                }
            }
            c.execute(TOUCH, params![own])?;
            Ok(())
        })
        .await
    }
}
