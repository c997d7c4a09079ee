//! A person counts a plate: good or scrap per unit. Sign-off, bed and replacement are one transaction.

use std::collections::BTreeSet;

use protocol::{
    assignment::{Closed, Event},
    attempt::Attempt,
    bed::{Cause, Confirmation, ConfirmedBy},
    ids::{AttemptNo, JobId},
    units::StateVersion,
    wire::v1::{EventKind, OnScrap, UnitResult, Verdict},
};
use rusqlite::{Connection, params};

use super::{
    Ledger, LedgerError, Stamp, assignments, bed as beds, journal, outcome, printers, replacement,
    rows::int,
    view,
    view::{AssignmentRow, AttemptRow},
};

/// What a person says of a plate.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    /// Which attempt.
    pub attempt: AttemptNo,
    /// Every unit of the job, once.
    pub units: Vec<UnitResult>,
    /// The plate was taken off: the bed is clear.
    pub bed_is_clear: bool,
    /// The version of the printer's state that the page showed.
    pub seen: StateVersion,
    /// Who.
    pub by: String,
}

const COUNTED: &str = "update attempt set is_counted = 1 where incarnation = ?1 and n = ?2";
const KEEP: &str = "update assignment set counted = ?2, reason = ?3 where job = ?1";

impl Ledger {
    /// Signs a plate off. The answer names the replacement job, if one was made.
    ///
    /// # Errors
    /// [`LedgerError::Stale`], or [`LedgerError::NotNow`] with words for a plate that cannot be counted now or a
    /// count that does not name every unit once.
    pub async fn sign_off(&self, it: Count) -> Result<Option<JobId>, LedgerError> {
        self.write(move |c, now| {
            let attempt = view::attempt(c, it.attempt)?;
            let bed = view::bed(c, &attempt.printer)?;
            if attempt.is_counted {
                let version = bed.map(|b| b.version).unwrap_or_default();
                return Err(LedgerError::Stale { now: "this plate is already signed off".into(), version });
            }
            let assignment = view::assignment(c, attempt.job)?.ok_or(LedgerError::NoJob(attempt.job))?;
            check(&attempt, &assignment, &it.units)?;
            if it.bed_is_clear {
                let saw = Cause::Attempt(it.attempt);
                let confirmation = Confirmation { saw, by: ConfirmedBy::Person };
                // Counted first: clearing the bed of a failed print would count it as all scrap.
                let replacement = count(c, now, &attempt, assignment, &it.units, &it.by)?;
                clear_if_it_is_still_there(c, now, &attempt, confirmation, it.seen, &it.by)?;
                Ok(replacement)
            } else {
                count(c, now, &attempt, assignment, &it.units, &it.by)
            }
        })
        .await
    }
}

/// The bed may have been cleared before the count: that is no contradiction.
fn clear_if_it_is_still_there(
    c: &Connection,
    now: Stamp,
    attempt: &AttemptRow,
    it: Confirmation,
    seen: StateVersion,
    by: &str,
) -> Result<(), LedgerError> {
    let bed = view::bed(c, &attempt.printer)?.map(|b| b.bed);
    if bed == Some(protocol::bed::Bed::Occupied(it.saw)) {
        beds::clear(c, now, &attempt.printer, it, Some(seen), by)?;
    }
    Ok(())
}

fn check(attempt: &AttemptRow, assignment: &AssignmentRow, units: &[UnitResult]) -> Result<(), LedgerError> {
    match attempt.state {
        Attempt::Finished | Attempt::Failed { may_have_printed: true, .. } => {}
        Attempt::Failed { may_have_printed: false, .. } => {
            return Err(LedgerError::NotNow(
                "This print never started, so there is nothing to count.".into(),
            ));
        }
        Attempt::Starting | Attempt::Printing | Attempt::Paused => {
            return Err(LedgerError::NotNow("This plate is still being printed.".into()));
        }
        Attempt::Unknown { .. } => {
            let what = "Nobody knows yet whether this plate was printed: decide that first.";
            return Err(LedgerError::NotNow(what.into()));
        }
        Attempt::Cancelled => {
            return Err(LedgerError::NotNow(
                "This print was cancelled, so there is nothing to count.".into(),
            ));
        }
    }
    let wanted: BTreeSet<_> = assignment.body.units.iter().map(|u| u.id).collect();
    let given: BTreeSet<_> = units.iter().map(|u| u.unit).collect();
    if wanted != given || given.len() != units.len() {
        let names: Vec<_> = assignment.body.units.iter().map(|u| format!("{} ({})", u.id, u.label)).collect();
        return Err(LedgerError::NotNow(format!(
            "Say good or scrap for each unit once: {}.",
            names.join(", ")
        )));
    }
    Ok(())
}

/// Writes a count whose units are complete; makes the replacement where the job says so.
pub(super) fn count(
    c: &Connection,
    now: Stamp,
    attempt: &AttemptRow,
    mut assignment: AssignmentRow,
    units: &[UnitResult],
    by: &str,
) -> Result<Option<JobId>, LedgerError> {
    let scrap: Vec<_> = units.iter().filter(|u| u.verdict != Verdict::Good).map(|u| u.unit).collect();
    let left = match assignment.body.on_scrap {
        OnScrap::Replace { left } => left,
        OnScrap::Ask | OnScrap::No => 0,
    };
    c.execute(COUNTED, params![attempt.no.incarnation.to_string(), int(attempt.no.n)])?;
    let replacement = if !scrap.is_empty() && left > 0 {
        Some(replacement::make(c, now, &assignment, &scrap, left - 1)?)
    } else {
        None
    };
    let closed = match (scrap.is_empty(), replacement) {
        (true, _) => Closed::Good,
        (false, Some(_)) => Closed::Replaced,
        (false, None) => Closed::Failed,
    };
    assignments::step(c, now, &mut assignment, Event::SignedOff(closed))?;
    let question =
        (closed == Closed::Failed && assignment.body.on_scrap != OnScrap::No).then_some("Print again?");
    let counted = serde_json::to_string(units).map_err(|e| LedgerError::corrupt("count", e.to_string()))?;
    c.execute(KEEP, params![attempt.job.to_string(), counted, question])?;
    let good_n = units.len() - scrap.len();
    journal::note(c, now, attempt.no, &format!("counted by {by}: {good_n} good, {} scrap", scrap.len()))?;
    beds::touch(c, &attempt.printer)?;
    printers::a_person_looked(c, &attempt.printer)?;
    let (on, units, by) = (outcome::on(attempt), units.to_vec(), by.to_owned());
    outcome::tell(c, now, attempt, &EventKind::SignedOff { on, units, by, replaced_by: replacement })?;
    Ok(replacement)
}
