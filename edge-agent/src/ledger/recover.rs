//! What a start of the agent finds: an unclean stop, or a restored database.
//!
//! Invariant: after a restart nothing is started that may have been started before; after a restore nothing at
//! all until the hub has answered.

use std::path::Path;

use protocol::{
    attempt::{Attempt, Event, NotStarted, Owner},
    bed,
    ids::{AttemptNo, Incarnation},
    wire::v1::{BedCause, EventKind},
};
use rusqlite::Connection;

use super::{
    Ledger, LedgerError, Stamp, bed as beds, events, meta, meta::key, outcome, view, view::AttemptRow,
};
use crate::{clock::Clock, files, sources};

/// The incarnation and the number of starts, outside the database: a database that was put back does not match them, or
/// has started less often.
const FILE: &str = "incarnation";

/// Finds out which life this is: the same, the first, or a new one after a restore.
pub(super) fn settle_incarnation(
    c: &Connection,
    folder: &Path,
    clock: Clock,
) -> Result<Incarnation, LedgerError> {
    let file = folder.join(FILE);
    let outside = std::fs::read_to_string(&file).ok().and_then(|text| life_of(&text));
    let inside = meta::get(c, key::INCARNATION)?;
    let known = inside.as_deref().and_then(|t| t.parse().ok());
    let starts = meta::count_up(c, key::STARTS)?;
    let keep = |life: Incarnation| {
        files::write_atomic(&file, format!("{life} {starts}\n").as_bytes(), true)?;
        Ok(life)
    };
    match (known, outside) {
        (Some(inside), Some((outside, before))) if inside == outside && before < starts => keep(inside),
        (None, None) => {
            let new = sources::incarnation()?;
            meta::set(c, key::INCARNATION, &new.to_string())?;
            keep(new)
        }
        // The database is not the one that was here, or an older one, or the file is gone with the old disk: all count
        // as restore.
        (Some(_), Some(_) | None) | (None, Some(_)) => {
            let new = sources::incarnation()?;
            c.execute_batch("begin immediate")?;
            restored(c, clock, new)?;
            c.execute_batch("commit")?;
            tracing::warn!(
                "the database was restored: every bed and every print in progress is to be looked at"
            );
            keep(new)
        }
    }
}

/// The incarnation of the file, and how often the agent had started.
fn life_of(text: &str) -> Option<(Incarnation, u64)> {
    let (life, starts) = text.trim().split_once(' ')?;
    Some((life.parse().ok()?, starts.parse().ok()?))
}

const NOT_OURS_ANY_MORE: &str = "
update assignment set state = 'Released', over_ms = ?1, version = version + 1,
    reason = 'The database was restored before this job was claimed.'
where state in ('Seen', 'Staging', 'Ready')";

fn restored(c: &Connection, clock: Clock, new: Incarnation) -> Result<(), LedgerError> {
    let now =
        Stamp { wall: clock.wall(), mono: clock.mono(), boot: clock.boot_id(), synced: clock.is_synced() };
    meta::set(c, key::INCARNATION, &new.to_string())?;
    meta::set(c, key::QUARANTINED, "1")?;
    // A new life counts its events from 1 again; what was not acknowledged is told by the resync.
    for counter in [key::LAST_SEQ, key::ACKED_SEQ, key::LAST_ATTEMPT] {
        meta::set(c, counter, "0")?;
    }
    c.execute_batch("delete from event")?;
    // What was only being prepared may have been claimed, printed and closed after the backup: it is the hub's to give
    // again, or a person's.
    c.execute(NOT_OURS_ANY_MORE, [now.wall.0])?;
    for mut attempt in view::live_attempts(c)? {
        let evidence = "the agent's database was restored from a backup";
        outcome::apply(c, now, &mut attempt, Event::Restored, evidence)?;
    }
    let printers: Vec<String> =
        c.prepare("select printer from bed")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for printer in printers {
        let printer: protocol::ids::PrinterId =
            printer.parse().map_err(|_bad| LedgerError::corrupt("printer", printer))?;
        beds::apply(c, now, &printer, bed::Event::Doubt(bed::Doubt::Restore), "restore")?;
        events::append(c, now, None, &EventKind::BedOccupied { printer, cause: BedCause::Restore })?;
    }
    Ok(())
}

/// An attempt found at start, after the rules for a restart were applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The attempt, in its state now.
    pub attempt: AttemptRow,
    /// The printer owns it: ask it by our task id.
    pub ask_printer: bool,
}

impl Ledger {
    /// Applies the rules for a restart to every attempt that had not ended, once per start of the process and
    /// before any port is opened.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn after_restart(&self) -> Result<Vec<Found>, LedgerError> {
        self.write(|c, now| {
            let mut found = Vec::new();
            for mut attempt in view::live_attempts(c)? {
                let event = after(&attempt);
                let evidence = evidence(&attempt, event);
                outcome::apply(c, now, &mut attempt, event, &evidence)?;
                let ask_printer = attempt.owner == Owner::Printer && !attempt.state.is_terminal();
                found.push(Found { attempt, ask_printer });
            }
            Ok(found)
        })
        .await
    }

    /// Whether a streamed attempt was under way when the agent last stopped: the port of a board that resets on
    /// open then stays closed until a person says so.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn keep_port_closed(&self, no: AttemptNo) -> Result<(), LedgerError> {
        self.write(move |c, _now| {
            let attempt = view::attempt(c, no)?;
            super::printers::set_open_port(c, &attempt.printer, false)
        })
        .await
    }
}

/// How long the agent may be away before a printer that can print alone counts as unobserved.
pub const UNOBSERVED_AFTER_MS: i64 = 60_000;
/// Name of the value that says when the agent last watched its printers.
const WATCHED: &str = "watched_ms";

impl Ledger {
    /// Notes that the printers are being watched now. Called every half minute.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn watching(&self) -> Result<(), LedgerError> {
        self.write(|c, now| meta::set(c, WATCHED, &now.wall.0.to_string())).await
    }

    /// Whether the agent was away so long that printers may have printed alone. Without a stored time, or with a
    /// clock that went backwards, it was.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn was_away(&self) -> Result<bool, LedgerError> {
        let now = self.stamp().wall.0;
        self.read(move |c| {
            let last: Option<i64> = meta::get(c, WATCHED)?.and_then(|t| t.parse().ok());
            Ok(last.is_none_or(|last| !(0..=UNOBSERVED_AFTER_MS).contains(&now.saturating_sub(last))))
        })
        .await
    }
}

/// What a restart means for an attempt. A printer that owns its jobs was told nothing before the mark `start next`.
fn after(attempt: &AttemptRow) -> Event {
    match (attempt.owner, attempt.state) {
        (Owner::Printer, Attempt::Starting) if !attempt.start_next => {
            Event::NotStarted(NotStarted::UploadRefused)
        }
        (Owner::Printer | Owner::Stream, _) => Event::Restarted { last_line_next: attempt.last_line_next },
    }
}

fn evidence(attempt: &AttemptRow, event: Event) -> String {
    if matches!(event, Event::NotStarted(_)) {
        return "the agent stopped before it sent the start, so nothing was started".into();
    }
    match (attempt.owner, attempt.state) {
        (Owner::Stream, Attempt::Starting) if attempt.acked_line == 0 => {
            "the agent restarted while it started this print; nothing was acknowledged".into()
        }
        (Owner::Stream, _) => format!(
            "the agent restarted in mid-print; {} lines were acknowledged, height {:.2} mm; printing may have gone on for a second",
            attempt.acked_line,
            millimetres(attempt.z_um),
        ),
        (Owner::Printer, _) => "the agent restarted; the printer is asked what it does".into(),
    }
}

/// Micrometres as millimetres, for people.
#[expect(clippy::cast_precision_loss, reason = "a height on screen: two decimals of a number below 2^53")]
fn millimetres(um: i64) -> f64 {
    um as f64 / 1000.0
}
