//! What a printer said of an attempt: applied by the transition function, told to the hub, noted with its evidence.

use protocol::{
    assignment as job,
    attempt::{Attempt, Event, Step},
    bed,
    ids::{AttemptNo, Sha256},
    units::Permille,
    wire::v1::{Artifact, AttemptRef, EventKind},
};
use rusqlite::{Connection, params};

use super::{
    Ledger, LedgerError, Stamp, assignments, bed as beds, events, journal, milestones,
    rows::{attempt_columns, int},
    view,
    view::AttemptRow,
};

/// How far a running print is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Lines acknowledged.
    pub acked_line: u64,
    /// Share done.
    pub done: Permille,
    /// Height, micrometres.
    pub z_um: i64,
}

/// Progress is told to the hub at each of these steps.
const TOLD_EVERY_PERMILLE: u16 = 100;

const STATE: &str = "
update attempt set state = ?3, why = ?4, lost = ?5, seen_running = ?6, may_have_printed = ?7, evidence = ?8,
    ended_ms = coalesce(ended_ms, ?9)
where incarnation = ?1 and n = ?2";
const PROGRESS: &str = "
update attempt set acked_line = max(acked_line, ?3), done_permille = ?4, z_um = ?5
where incarnation = ?1 and n = ?2 and state in ('Starting', 'Printing', 'Paused')";
const LAST_LINE: &str = "update attempt set last_line_next = 1 where incarnation = ?1 and n = ?2";

// Only a start that is still waited for: one that took too long is Unknown by now, and a person may have said that it did
// not happen.
const START: &str =
    "update attempt set start_next = 1 where incarnation = ?1 and n = ?2 and state = 'Starting'";

impl Ledger {
    /// Applies evidence to an attempt. Evidence that changes nothing is noted and otherwise ignored.
    ///
    /// # Errors
    /// [`LedgerError::Attempt`] when the event cannot happen in that state.
    pub async fn apply(&self, no: AttemptNo, event: Event, evidence: String) -> Result<Attempt, LedgerError> {
        self.write(move |c, now| {
            let mut row = view::attempt(c, no)?;
            apply(c, now, &mut row, event, &evidence)?;
            Ok(row.state)
        })
        .await
    }

    /// Keeps how far a print is.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn progress(&self, no: AttemptNo, progress: Progress) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            let row = view::attempt(c, no)?;
            if row.state.is_terminal() {
                return Ok(());
            }
            let Progress { acked_line, done, z_um } = progress;
            let key = params![no.incarnation.to_string(), int(no.n), int(acked_line), done.get(), z_um];
            c.execute(PROGRESS, key)?;
            if done.get() / TOLD_EVERY_PERMILLE > row.done.get() / TOLD_EVERY_PERMILLE {
                tell(c, now, &row, &EventKind::Progress { on: on(&row), done_permille: done })?;
            }
            Ok(())
        })
        .await
    }

    /// Makes the mark `last line next` durable: after it, a crash may have come after the end.
    ///
    /// # Errors
    /// [`LedgerError`]; the last line must not be sent then.
    pub async fn mark_last_line_next(&self, no: AttemptNo) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            let row = view::attempt(c, no)?;
            c.execute(LAST_LINE, params![no.incarnation.to_string(), int(no.n)])?;
            milestones::note(
                "LastLineNext",
                Some(row.job),
                format!("the last line of attempt {no} may leave"),
            );
            journal::note(c, now, row.no, "last line next")
        })
        .await
    }
}

impl Ledger {
    /// Makes the mark `start next` durable: after it, the start command may have left for a printer that owns its jobs.
    ///
    /// # Errors
    /// [`LedgerError::NotNow`] when nobody waits for this start any more; the start must not be sent after any error.
    pub async fn mark_start_next(&self, no: AttemptNo) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            let row = view::attempt(c, no)?;
            if c.execute(START, params![no.incarnation.to_string(), int(no.n)])? == 0 {
                let state = row.state.word();
                return Err(LedgerError::NotNow(format!(
                    "attempt {no} is {state}: its start is not sent any more"
                )));
            }
            journal::note(c, now, row.no, "start next")
        })
        .await
    }
}

/// The attempt as events name it.
pub(super) fn on(row: &AttemptRow) -> AttemptRef {
    AttemptRef { attempt: row.no, printer: row.printer.clone() }
}

/// Tells the hub about an attempt, under the epoch of its assignment.
pub(super) fn tell(
    c: &Connection,
    now: Stamp,
    row: &AttemptRow,
    what: &EventKind,
) -> Result<(), LedgerError> {
    let assignment = view::assignment(c, row.job)?.ok_or(LedgerError::NoJob(row.job))?;
    events::append(c, now, Some((row.job, assignment.body.epoch)), what)?;
    Ok(())
}

/// Applies an event; true when the state changed.
pub(super) fn apply(
    c: &Connection,
    now: Stamp,
    row: &mut AttemptRow,
    event: Event,
    evidence: &str,
) -> Result<bool, LedgerError> {
    let before = row.state;
    let next = match before.after(row.owner, event)? {
        Step::Ignored(why) => {
            journal::note(c, now, row.no, &format!("{event:?}: {evidence}; no change ({why:?})"))?;
            return Ok(false);
        }
        Step::To(next) => next,
    };
    write_state(c, now, row, next, evidence)?;
    let words = format!("{} -> {}: {event:?}: {evidence}", before.word(), next.word());
    journal::note(c, now, row.no, &words)?;
    beds::touch(c, &row.printer)?;
    follow(c, now, row, before, evidence)?;
    assert!(!before.is_terminal(), "a terminal attempt is final");
    Ok(true)
}

fn write_state(
    c: &Connection,
    now: Stamp,
    row: &mut AttemptRow,
    next: Attempt,
    evidence: &str,
) -> Result<(), LedgerError> {
    let columns = attempt_columns(next);
    c.execute(
        STATE,
        params![
            row.no.incarnation.to_string(),
            int(row.no.n),
            columns.state,
            columns.why,
            columns.lost,
            columns.seen_running,
            columns.may_have_printed,
            evidence,
            next.is_terminal().then_some(now.wall.0),
        ],
    )?;
    row.state = next;
    row.evidence = Some(evidence.to_owned());
    Ok(())
}

/// What a new state of an attempt means for its assignment, its bed and the hub.
fn follow(
    c: &Connection,
    now: Stamp,
    row: &AttemptRow,
    before: Attempt,
    evidence: &str,
) -> Result<(), LedgerError> {
    let on = on(row);
    match row.state {
        Attempt::Starting => Ok(()),
        Attempt::Printing if before == Attempt::Paused => tell(c, now, row, &EventKind::Resumed { on }),
        Attempt::Printing => tell(c, now, row, &EventKind::Started { on }),
        Attempt::Paused => tell(c, now, row, &EventKind::Paused { on }),
        Attempt::Finished => tell(c, now, row, &EventKind::Finished { on }),
        Attempt::Unknown { .. } => {
            tell(c, now, row, &EventKind::Unknown { on, evidence: evidence.to_owned() })
        }
        Attempt::Cancelled => {
            let mut assignment = view::assignment(c, row.job)?.ok_or(LedgerError::NoJob(row.job))?;
            assignments::step(c, now, &mut assignment, job::Event::CancelDone)?;
            tell(c, now, row, &EventKind::Cancelled { on: Some(on) })
        }
        Attempt::Failed { may_have_printed, .. } => {
            let reason = evidence.to_owned();
            tell(c, now, row, &EventKind::Failed { on, reason, may_have_printed })?;
            if may_have_printed {
                return Ok(());
            }
            let mut assignment = view::assignment(c, row.job)?.ok_or(LedgerError::NoJob(row.job))?;
            assignments::step(c, now, &mut assignment, job::Event::NotStarted)?;
            beds::apply(
                c,
                now,
                &row.printer,
                bed::Event::NothingStarted(row.no),
                "proof that nothing started",
            )?;
            Ok(())
        }
    }
}

/// The artifact that a running attempt needs: never evicted.
impl Ledger {
    /// Every artifact that an open job or a live attempt needs.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn needed_artifacts(&self) -> Result<Vec<Sha256>, LedgerError> {
        let snapshot = self.snapshot().await?;
        let of_jobs = snapshot.artifacts.values().copied();
        let of_attempts = snapshot.attempts.iter().filter(|a| !a.state.is_terminal()).map(|a| a.artifact);
        let models = snapshot.open.iter().filter_map(|job| match &job.body.artifact {
            Artifact::Blob { sha256, .. } => Some(*sha256),
            Artifact::Grid { .. } => None,
        });
        Ok(of_jobs.chain(of_attempts).chain(models).collect())
    }
}
