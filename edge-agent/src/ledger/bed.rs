//! Beds: occupied by intents and doubts, clear only by a confirmation that names what it saw, or by proof.

use protocol::{
    attempt::Attempt,
    bed::{Bed, Cause, Confirmation, Doubt, Event, Refused},
    ids::PrinterId,
    units::StateVersion,
    wire::v1::{BedCause, EventKind, UnitResult, Verdict},
};
use rusqlite::{Connection, params};

use super::{
    Ledger, LedgerError, Stamp, events, printers,
    rows::{bed_columns, int},
    sign_off, view,
};

const SET: &str = "
insert into bed (printer, state, cause, attempt_incarnation, attempt_n, by_whom, since_ms)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
on conflict (printer) do update set
    state = excluded.state, cause = excluded.cause, attempt_incarnation = excluded.attempt_incarnation,
    attempt_n = excluded.attempt_n, by_whom = excluded.by_whom, since_ms = excluded.since_ms, version = version + 1";
const TOUCH: &str = "update bed set version = version + 1 where printer = ?1";

/// What a printer without a row counts as: nobody has looked.
pub(super) const NEVER_SEEN: Bed = Bed::Occupied(Cause::NewPrinter);

/// Applies an event by the transition function and writes what it did.
pub(super) fn apply(
    c: &Connection,
    now: Stamp,
    printer: &PrinterId,
    event: Event,
    by: &str,
) -> Result<Bed, LedgerError> {
    let row = view::bed(c, printer)?;
    let before = row.as_ref().map_or(NEVER_SEEN, |r| r.bed);
    let after = before.after(event)?;
    if row.is_none() || before != after {
        let (state, cause, attempt) = bed_columns(after);
        c.execute(
            SET,
            params![
                printer.as_str(),
                state,
                cause,
                attempt.map(|a| a.incarnation.to_string()),
                attempt.map(|a| int(a.n)),
                by,
                now.wall.0,
            ],
        )?;
    }
    Ok(after)
}

/// Counts a change of an attempt on this printer, so that older pages are refused.
pub(super) fn touch(c: &Connection, printer: &PrinterId) -> Result<(), LedgerError> {
    c.execute(TOUCH, [printer.as_str()])?;
    Ok(())
}

impl Ledger {
    /// Makes sure that a printer has a bed: a new one is occupied until somebody looks.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn add_bed(&self, printer: PrinterId) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            if view::bed(c, &printer)?.is_none() {
                apply(c, now, &printer, Event::Doubt(Doubt::NewPrinter), "new printer")?;
                events::append(
                    c,
                    now,
                    None,
                    &EventKind::BedOccupied { printer, cause: BedCause::NewPrinter },
                )?;
            }
            Ok(())
        })
        .await
    }

    /// Something made a bed uncertain.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn doubt_bed(
        &self,
        printer: PrinterId,
        doubt: Doubt,
        evidence: String,
    ) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            let before = view::bed(c, &printer)?.map(|b| b.bed);
            let after = apply(c, now, &printer, Event::Doubt(doubt), &evidence)?;
            if before == Some(after) {
                return Ok(());
            }
            let cause = match doubt {
                Doubt::Unobserved => BedCause::Unobserved,
                Doubt::ForeignPrint => BedCause::ForeignPrint,
                Doubt::NewPrinter => BedCause::NewPrinter,
                Doubt::Restore => BedCause::Restore,
            };
            events::append(c, now, None, &EventKind::BedOccupied { printer, cause })?;
            Ok(())
        })
        .await
    }

    /// A person (or a device) says that a bed is clear, naming what they saw on it. On the bed of a failed print
    /// this also confirms that all of it is scrap.
    ///
    /// # Errors
    /// [`LedgerError::Stale`] when something else is on it now; [`LedgerError::NotNow`] while something runs or is
    /// Unknown there.
    pub async fn clear_bed(
        &self,
        printer: PrinterId,
        it: Confirmation,
        seen: StateVersion,
        by: String,
    ) -> Result<(), LedgerError> {
        self.write(move |c, now| clear(c, now, &printer, it, Some(seen), &by)).await
    }
}

/// Clears a bed inside the transaction of a page's action.
pub(super) fn clear(
    c: &Connection,
    now: Stamp,
    printer: &PrinterId,
    it: Confirmation,
    seen: Option<StateVersion>,
    by: &str,
) -> Result<(), LedgerError> {
    let row = view::bed(c, printer)?.ok_or_else(|| LedgerError::NoPrinter(printer.clone()))?;
    let stale = |bed: Bed, version| LedgerError::Stale { now: words(bed), version };
    if seen.is_some_and(|seen| seen != row.version) && row.bed != Bed::Occupied(it.saw) {
        return Err(stale(row.bed, row.version));
    }
    let blocking = view::live_attempts(c)?.into_iter().find(|a| &a.printer == printer);
    if let Some(attempt) = blocking {
        let unknown = "Nobody knows yet whether its print started: decide that first.";
        let running = "A print runs on this bed.";
        let is_unknown = matches!(attempt.state, Attempt::Unknown { .. });
        return Err(LedgerError::NotNow(if is_unknown { unknown } else { running }.into()));
    }
    match apply(c, now, printer, Event::Confirmed(it), by) {
        Ok(_clear) => {}
        Err(LedgerError::Bed(Refused::Stale { now: bed })) => return Err(stale(bed, row.version)),
        Err(other) => return Err(other),
    }
    events::append(c, now, None, &EventKind::BedCleared { printer: printer.clone(), by: by.to_owned() })?;
    scrap_of_a_failure(c, now, it.saw, by)?;
    printers::a_person_looked(c, printer)
}

/// A cleared bed confirms the scrap of a failed print that nobody has counted.
fn scrap_of_a_failure(c: &Connection, now: Stamp, saw: Cause, by: &str) -> Result<(), LedgerError> {
    let Cause::Attempt(no) = saw else { return Ok(()) };
    let attempt = view::attempt(c, no)?;
    let failed = matches!(attempt.state, Attempt::Failed { may_have_printed: true, .. });
    if !failed || attempt.is_counted {
        return Ok(());
    }
    let assignment = view::assignment(c, attempt.job)?.ok_or(LedgerError::NoJob(attempt.job))?;
    let reason = attempt.evidence.clone().unwrap_or_else(|| "print failed".into());
    let units = assignment.body.units.iter();
    let units = units.map(|u| UnitResult { unit: u.id, verdict: Verdict::Scrap { reason: reason.clone() } });
    let units = units.collect::<Vec<_>>();
    sign_off::count(c, now, &attempt, assignment, &units, by).map(|_replacement| ())
}

/// What is on a bed, for the person whose page was old.
pub(super) fn words(bed: Bed) -> String {
    match bed {
        Bed::Clear(_) => "the bed is clear already".into(),
        Bed::Occupied(Cause::Attempt(no)) => format!("the bed carries print {}", no.n),
        Bed::Occupied(Cause::Unobserved) => "the printer was out of sight for a while".into(),
        Bed::Occupied(Cause::ForeignPrint) => "something that is not ours was printed there".into(),
        Bed::Occupied(Cause::NewPrinter) => "the printer is new here".into(),
        Bed::Occupied(Cause::Restore) => "the agent's database was restored".into(),
    }
}
