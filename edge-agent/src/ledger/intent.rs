//! The durable row before the first byte. The intent, the occupied bed, the started assignment and their event
//! are one transaction; only its commit makes a [`StartPermit`], and only a permit makes a printer start.

use protocol::{
    assignment::Event,
    attempt::{Attempt, Owner},
    bed,
    ids::{AttemptNo, JobId, PrinterId, Sha256},
    sync::right::{Claim, may_start},
    wire::v1::{AttemptRef, BedCause, EventKind},
};
use rusqlite::{Connection, params};

use super::{
    Ledger, LedgerError, Stamp, assignments, bed as beds, events, journal, meta,
    meta::key,
    rows::{attempt_columns, int, owner_word},
    view,
};

/// What the scheduler found true of a start; recorded with it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Guards {
    /// Each guard of the published contract (§6) with its evidence, in words.
    pub held: Vec<(String, String)>,
}

/// A start that the guards allow.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The job.
    pub job: JobId,
    /// The printer.
    pub printer: PrinterId,
    /// Who will keep it going.
    pub owner: Owner,
    /// The verified artifact.
    pub artifact: Sha256,
    /// Why it may start.
    pub guards: Guards,
}

/// Proof that the intent is on disk. There is no other way to make one, and it is used up by the start.
#[derive(Debug)]
pub struct StartPermit {
    attempt: AttemptNo,
    task_id: String,
    intent: Intent,
}

impl StartPermit {
    /// The attempt's number.
    #[must_use]
    pub const fn attempt(&self) -> AttemptNo {
        self.attempt
    }

    /// Our id for a printer that owns the job: digits only (Bambu firmware reads numbers).
    #[must_use]
    pub fn task_id(&self) -> &str {
        &self.task_id
    }

    /// What was intended.
    #[must_use]
    pub const fn intent(&self) -> &Intent {
        &self.intent
    }
}

const INSERT: &str = "
insert into attempt (incarnation, n, job, printer, owner, task_id, state, may_have_printed, guards, artifact, started_ms,
    start_next)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0)";

impl Ledger {
    /// Writes the intent of a start, if everything that the ledger itself knows allows it.
    ///
    /// # Errors
    /// [`LedgerError::NoRight`], [`LedgerError::Bed`], [`LedgerError::Assignment`], [`LedgerError::LogFull`];
    /// nothing is written then.
    pub async fn write_intent(&self, intent: Intent) -> Result<StartPermit, LedgerError> {
        self.write(move |c, now| write(c, now, intent)).await
    }
}

fn write(c: &Connection, now: Stamp, intent: Intent) -> Result<StartPermit, LedgerError> {
    let me = meta::agent(c)?;
    let mut row = view::assignment(c, intent.job)?.ok_or(LedgerError::NoJob(intent.job))?;
    let claim = Claim {
        right: row.body.right.into(),
        epoch: row.body.epoch,
        incarnation: row.claimed_by.ok_or(protocol::sync::right::NoRight::NotClaimed)?,
    };
    may_start(me, row.state, claim)?;
    if !events::has_room(c)? {
        return Err(LedgerError::LogFull);
    }
    let attempt = AttemptNo { incarnation: me.incarnation, n: meta::count_up(c, key::LAST_ATTEMPT)? };
    beds::apply(c, now, &intent.printer, bed::Event::Intent(attempt), "the agent")?;
    assignments::step(c, now, &mut row, Event::StartIntent)?;
    let state = attempt_columns(Attempt::Starting);
    let task_id = task_id(attempt);
    let guards =
        serde_json::to_string(&intent.guards).map_err(|e| LedgerError::corrupt("guards", e.to_string()))?;
    c.execute(
        INSERT,
        params![
            attempt.incarnation.to_string(),
            int(attempt.n),
            intent.job.to_string(),
            intent.printer.as_str(),
            owner_word(intent.owner),
            task_id,
            state.state,
            state.may_have_printed,
            guards,
            intent.artifact.to_string(),
            now.wall.0,
        ],
    )?;
    let on = AttemptRef { attempt, printer: intent.printer.clone() };
    let about = Some((intent.job, row.body.epoch));
    events::append(c, now, about, &EventKind::StartIntent { on })?;
    let cause = BedCause::Attempt { attempt };
    events::append(c, now, about, &EventKind::BedOccupied { printer: intent.printer.clone(), cause })?;
    for (guard, evidence) in &intent.guards.held {
        journal::note(c, now, attempt, &format!("guard: {guard}: {evidence}"))?;
    }
    journal::note(c, now, attempt, "intent written; the bed counts as occupied from here on")?;
    assert_pair(c, attempt, &intent)?;
    Ok(StartPermit { attempt, task_id, intent })
}

/// Reads back what must be true before a printer may hear of it.
fn assert_pair(c: &Connection, attempt: AttemptNo, intent: &Intent) -> Result<(), LedgerError> {
    let written = view::attempt(c, attempt)?;
    assert_eq!(written.state, Attempt::Starting, "the intent of {attempt} reads back as written");
    assert_eq!(written.job, intent.job, "the intent of {attempt} is for its job");
    let bed = view::bed(c, &intent.printer)?;
    let occupied = bed::Bed::Occupied(bed::Cause::Attempt(attempt));
    assert_eq!(bed.map(|b| b.bed), Some(occupied), "the bed of {} is occupied by {attempt}", intent.printer);
    Ok(())
}

/// Short, unique, digits only: nine digits of the incarnation and the attempt's number.
fn task_id(attempt: AttemptNo) -> String {
    let life: u64 =
        attempt.incarnation.to_string().bytes().fold(0, |sum, b| (sum * 31 + u64::from(b)) % 900_000_000);
    format!("{}{:05}", life + 100_000_000, attempt.n)
}
