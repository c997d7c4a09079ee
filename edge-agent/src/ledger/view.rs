//! One consistent reading of everything that pages, scheduler and sync look at. Reads only.

use std::collections::BTreeMap;

use protocol::{
    assignment::Assignment as State,
    attempt::{Attempt, Owner},
    bed::Bed,
    ids::{AttemptNo, Incarnation, JobId, PrinterId, Sha256},
    sync::right::Agent,
    units::{Epoch, HubIncarnation, Permille, Revision, StateVersion, WallMs},
    wire::v1::{Assignment, UnitResult},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    Ledger, LedgerError, meta,
    rows::{assignment_from, attempt_from, bed_from, count, int, owner_from},
};

/// Days that a closed assignment is kept, so that a restored hub can be told of it.
pub const KEPT_DAYS: i64 = 45;
/// Attempts shown beside the running ones.
const RECENT_ATTEMPTS_MAX: u32 = 200;

/// An assignment as the ledger holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct AssignmentRow {
    /// What the hub (or this agent) wants; epoch and revision are inside.
    pub body: Assignment,
    /// Where it stands.
    pub state: State,
    /// The life under which it was claimed.
    pub claimed_by: Option<Incarnation>,
    /// What it is called on screen.
    pub label: String,
    /// An operator holds it back.
    pub is_held: bool,
    /// An operator wants it on this printer only.
    pub only_printer: Option<PrinterId>,
    /// Smaller goes first; set by moving.
    pub position: i64,
    /// Why it cannot go on, in words: a failed slice, a question to a person.
    pub reason: Option<String>,
    /// What was counted at sign-off.
    pub counted: Option<Vec<UnitResult>>,
    /// One more at each change.
    pub version: StateVersion,
    /// When it came.
    pub seen: WallMs,
}

impl AssignmentRow {
    /// The job.
    #[must_use]
    pub const fn job(&self) -> JobId {
        self.body.job
    }
}

/// An attempt as the ledger holds it.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "columns of a row, each independent of the others")]
pub struct AttemptRow {
    /// Its number.
    pub no: AttemptNo,
    /// Of which job.
    pub job: JobId,
    /// On which printer.
    pub printer: PrinterId,
    /// Who keeps it going.
    pub owner: Owner,
    /// Our id at a printer that owns the job.
    pub task_id: String,
    /// Where it stands.
    pub state: Attempt,
    /// The artifact that was sent.
    pub artifact: Sha256,
    /// The last evidence, in words.
    pub evidence: Option<String>,
    /// The mark before the last line is durable.
    pub last_line_next: bool,
    /// The mark before the start command is durable: it may have left (printers that own their jobs).
    pub start_next: bool,
    /// Lines acknowledged.
    pub acked_line: u64,
    /// Share done.
    pub done: Permille,
    /// Height, micrometres.
    pub z_um: i64,
    /// Units counted.
    pub is_counted: bool,
    /// When the intent was written.
    pub started: WallMs,
    /// When it ended.
    pub ended: Option<WallMs>,
}

/// A bed as the ledger holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct BedRow {
    /// Its state.
    pub bed: Bed,
    /// Who or what made it so.
    pub by: String,
    /// Since when.
    pub since: WallMs,
    /// One more at each change of the bed or of an attempt on it: what forms carry as `seen`.
    pub version: StateVersion,
}

/// What operators said of a printer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrinterRow {
    /// Loaded material: `PLA`.
    pub material: Option<String>,
    /// Its colour.
    pub color: Option<String>,
    /// The profile whose use an operator confirmed on this machine.
    pub confirmed_profile: Option<String>,
    /// Why it gets no work.
    pub out_of_service: Option<String>,
    /// Whether the port may be opened: false after a crash in mid-print on a board that resets on open.
    pub may_open_port: bool,
}

/// Everything at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The agent's own condition.
    pub agent: Agent,
    /// Assignments that are not over, by position and age.
    pub open: Vec<AssignmentRow>,
    /// Attempts not ended or not counted, and the latest of the others; newest first.
    pub attempts: Vec<AttemptRow>,
    /// Beds by printer.
    pub beds: BTreeMap<PrinterId, BedRow>,
    /// Operators' words by printer.
    pub printers: BTreeMap<PrinterId, PrinterRow>,
    /// G-code per job, printer class and material.
    pub artifacts: BTreeMap<(JobId, String, String), Sha256>,
    /// Whether the log has room for one more job.
    pub log_has_room: bool,
}

impl Snapshot {
    /// The attempt on a printer that has not ended.
    #[must_use]
    pub fn live_on(&self, printer: &PrinterId) -> Option<&AttemptRow> {
        self.attempts.iter().find(|a| &a.printer == printer && !a.state.is_terminal())
    }

    /// The newest attempt of a job.
    #[must_use]
    pub fn newest_of(&self, job: JobId) -> Option<&AttemptRow> {
        self.attempts.iter().find(|a| a.job == job)
    }

    /// G-code of a job with the printer class that it was made for; the first by name.
    #[must_use]
    pub fn artifact_of(&self, job: JobId) -> Option<(&str, Sha256)> {
        let mut made = self.artifacts.iter().filter(|((of, ..), _)| *of == job);
        made.next().map(|((_, class, _), sha256)| (class.as_str(), *sha256))
    }

    /// An open assignment.
    #[must_use]
    pub fn assignment(&self, job: JobId) -> Option<&AssignmentRow> {
        self.open.iter().find(|a| a.job() == job)
    }
}

impl Ledger {
    /// Reads everything at one moment.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn snapshot(&self) -> Result<Snapshot, LedgerError> {
        self.read(snapshot).await
    }

    /// One attempt.
    ///
    /// # Errors
    /// [`LedgerError::NoAttempt`].
    pub async fn attempt(&self, no: AttemptNo) -> Result<AttemptRow, LedgerError> {
        self.read(move |c| attempt(c, no)).await
    }

    /// One assignment, open or over.
    ///
    /// # Errors
    /// [`LedgerError::NoJob`].
    pub async fn assignment(&self, job: JobId) -> Result<AssignmentRow, LedgerError> {
        self.read(move |c| assignment(c, job)?.ok_or(LedgerError::NoJob(job))).await
    }

    /// Every assignment that is open or was closed in the last [`KEPT_DAYS`], with its newest attempt.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn held(&self) -> Result<Vec<(AssignmentRow, Option<AttemptRow>)>, LedgerError> {
        self.read(|c| {
            let all = assignments(c, ALL)?;
            all.into_iter()
                .map(|row| {
                    let newest = newest_attempt(c, row.job())?;
                    Ok((row, newest))
                })
                .collect()
        })
        .await
    }
}

fn snapshot(c: &Connection) -> Result<Snapshot, LedgerError> {
    Ok(Snapshot {
        agent: meta::agent(c)?,
        open: assignments(c, OPEN)?,
        attempts: attempts(c)?,
        beds: beds(c)?,
        printers: printers(c)?,
        artifacts: artifacts(c)?,
        log_has_room: super::events::has_room(c)?,
    })
}

macro_rules! assignment_columns {
    ($tail:literal) => {
        concat!(
            "select body, state, closed_as, claim_incarnation, label, is_held, only_printer, position, reason,",
            " counted, version, seen_ms, epoch_hub, epoch_count, revision from assignment ",
            $tail
        )
    };
}
const OPEN: &str =
    assignment_columns!("where state not in ('Closed', 'Declined', 'Released') order by position, job");
const ALL: &str = assignment_columns!("order by job");
const ONE: &str = assignment_columns!("where job = ?1");

fn assignments(c: &Connection, sql: &str) -> Result<Vec<AssignmentRow>, LedgerError> {
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read_assignment(row)?);
    }
    Ok(all)
}

/// One assignment, if there is one.
pub(super) fn assignment(c: &Connection, job: JobId) -> Result<Option<AssignmentRow>, LedgerError> {
    let mut statement = c.prepare_cached(ONE)?;
    let mut rows = statement.query([job.to_string()])?;
    rows.next()?.map(read_assignment).transpose()
}

fn read_assignment(row: &Row<'_>) -> Result<AssignmentRow, LedgerError> {
    let body: String = row.get(0)?;
    let mut body: Assignment =
        serde_json::from_str(&body).map_err(|e| LedgerError::corrupt("assignment", e.to_string()))?;
    body.epoch = Epoch { hub: HubIncarnation::new(count(row.get(12)?)), count: count(row.get(13)?) };
    body.revision = Revision::new(count(row.get(14)?));
    let state: String = row.get(1)?;
    let closed_as: Option<String> = row.get(2)?;
    let claimed_by: Option<String> = row.get(3)?;
    let only_printer: Option<String> = row.get(6)?;
    let counted: Option<String> = row.get(9)?;
    Ok(AssignmentRow {
        body,
        state: assignment_from(&state, closed_as.as_deref())?,
        claimed_by: claimed_by
            .map(|t| t.parse().map_err(|_bad| LedgerError::corrupt("claim", t)))
            .transpose()?,
        label: row.get(4)?,
        is_held: row.get(5)?,
        only_printer: only_printer
            .map(|t| t.parse().map_err(|_bad| LedgerError::corrupt("printer", t)))
            .transpose()?,
        position: row.get(7)?,
        reason: row.get(8)?,
        counted: counted
            .map(|t| serde_json::from_str(&t).map_err(|e| LedgerError::corrupt("count", e.to_string())))
            .transpose()?,
        version: StateVersion::new(count(row.get(10)?)),
        seen: WallMs(row.get(11)?),
    })
}

macro_rules! attempt_columns {
    ($tail:literal) => {
        concat!(
            "select incarnation, n, job, printer, owner, task_id, state, why, lost, seen_running,",
            " may_have_printed, artifact, evidence, last_line_next, acked_line, done_permille, z_um,",
            " is_counted, started_ms, ended_ms, start_next from attempt ",
            $tail
        )
    };
}
const ATTEMPTS: &str = attempt_columns!("order by started_ms desc, n desc limit ?1");
const ATTEMPT: &str = attempt_columns!("where incarnation = ?1 and n = ?2");
const NEWEST: &str = attempt_columns!("where job = ?1 order by started_ms desc, n desc limit 1");
const LIVE: &str =
    attempt_columns!("where state in ('Starting', 'Printing', 'Paused', 'Unknown') order by started_ms");

fn attempts(c: &Connection) -> Result<Vec<AttemptRow>, LedgerError> {
    let mut all = collect_attempts(c, ATTEMPTS, params![RECENT_ATTEMPTS_MAX])?;
    // A live attempt is never cut off by many newer ones.
    for live in live_attempts(c)? {
        if !all.iter().any(|a| a.no == live.no) {
            all.push(live);
        }
    }
    Ok(all)
}

/// Attempts that have not ended.
pub(super) fn live_attempts(c: &Connection) -> Result<Vec<AttemptRow>, LedgerError> {
    collect_attempts(c, LIVE, [])
}

fn collect_attempts(
    c: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<AttemptRow>, LedgerError> {
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read_attempt(row)?);
    }
    Ok(all)
}

/// One attempt.
pub(super) fn attempt(c: &Connection, no: AttemptNo) -> Result<AttemptRow, LedgerError> {
    let found = collect_attempts(c, ATTEMPT, params![no.incarnation.to_string(), int(no.n)])?;
    found.into_iter().next().ok_or(LedgerError::NoAttempt(no))
}

/// The newest attempt of a job.
pub(super) fn newest_attempt(c: &Connection, job: JobId) -> Result<Option<AttemptRow>, LedgerError> {
    Ok(collect_attempts(c, NEWEST, [job.to_string()])?.into_iter().next())
}

fn read_attempt(row: &Row<'_>) -> Result<AttemptRow, LedgerError> {
    let text = |at: usize| row.get::<_, String>(at);
    let corrupt = |what, found: String| LedgerError::corrupt(what, found);
    let incarnation = text(0)?;
    let (job, printer, artifact) = (text(2)?, text(3)?, text(11)?);
    let (why, lost): (Option<String>, Option<String>) = (row.get(7)?, row.get(8)?);
    let done: i64 = row.get(15)?;
    Ok(AttemptRow {
        no: AttemptNo {
            incarnation: incarnation.parse().map_err(|_bad| corrupt("incarnation", incarnation))?,
            n: count(row.get(1)?),
        },
        job: job.parse().map_err(|_bad| corrupt("job", job))?,
        printer: printer.parse().map_err(|_bad| corrupt("printer", printer))?,
        owner: owner_from(&text(4)?)?,
        task_id: text(5)?,
        state: attempt_from(&text(6)?, why.as_deref(), lost.as_deref(), (row.get(9)?, row.get(10)?))?,
        artifact: artifact.parse().map_err(|_bad| corrupt("artifact", artifact))?,
        evidence: row.get(12)?,
        last_line_next: row.get(13)?,
        start_next: row.get(20)?,
        acked_line: count(row.get(14)?),
        done: Permille::of(count(done), 1000),
        z_um: row.get(16)?,
        is_counted: row.get(17)?,
        started: WallMs(row.get(18)?),
        ended: row.get::<_, Option<i64>>(19)?.map(WallMs),
    })
}

const BEDS: &str =
    "select printer, state, cause, attempt_incarnation, attempt_n, by_whom, since_ms, version from bed";
fn beds(c: &Connection) -> Result<BTreeMap<PrinterId, BedRow>, LedgerError> {
    let mut statement = c.prepare_cached(BEDS)?;
    let mut rows = statement.query([])?;
    let mut all = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (printer, bed) = read_bed(row)?;
        all.insert(printer, bed);
    }
    Ok(all)
}

const BED: &str = "
select printer, state, cause, attempt_incarnation, attempt_n, by_whom, since_ms, version
from bed where printer = ?1";
/// One bed, if anything was ever said of it.
pub(super) fn bed(c: &Connection, printer: &PrinterId) -> Result<Option<BedRow>, LedgerError> {
    let mut statement = c.prepare_cached(BED)?;
    let mut rows = statement.query([printer.as_str()])?;
    Ok(rows.next()?.map(read_bed).transpose()?.map(|(_, bed)| bed))
}

fn read_bed(row: &Row<'_>) -> Result<(PrinterId, BedRow), LedgerError> {
    let printer: String = row.get(0)?;
    let (state, cause): (String, String) = (row.get(1)?, row.get(2)?);
    let incarnation: Option<String> = row.get(3)?;
    let n: Option<i64> = row.get(4)?;
    let attempt = incarnation
        .zip(n)
        .map(|(incarnation, n)| match incarnation.parse() {
            Ok(incarnation) => Ok(AttemptNo { incarnation, n: count(n) }),
            Err(_bad) => Err(LedgerError::corrupt("attempt on a bed", incarnation)),
        })
        .transpose()?;
    let row = BedRow {
        bed: bed_from(&state, &cause, attempt)?,
        by: row.get(5)?,
        since: WallMs(row.get(6)?),
        version: StateVersion::new(count(row.get(7)?)),
    };
    Ok((printer.parse().map_err(|_bad| LedgerError::corrupt("printer", printer))?, row))
}

const PRINTERS: &str =
    "select printer, material, color, confirmed_profile, out_of_service, open_port from printer";
fn printers(c: &Connection) -> Result<BTreeMap<PrinterId, PrinterRow>, LedgerError> {
    let mut statement = c.prepare_cached(PRINTERS)?;
    let mut rows = statement.query([])?;
    let mut all = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let printer: String = row.get(0)?;
        let said = PrinterRow {
            material: row.get(1)?,
            color: row.get(2)?,
            confirmed_profile: row.get(3)?,
            out_of_service: row.get(4)?,
            may_open_port: row.get(5)?,
        };
        all.insert(printer.parse().map_err(|_bad| LedgerError::corrupt("printer", printer))?, said);
    }
    Ok(all)
}

const ARTIFACTS: &str = "
select a.job, a.profile, a.material, a.sha256
from job_artifact a join assignment s on s.job = a.job
where s.state not in ('Closed', 'Declined', 'Released')";
fn artifacts(c: &Connection) -> Result<BTreeMap<(JobId, String, String), Sha256>, LedgerError> {
    let mut statement = c.prepare_cached(ARTIFACTS)?;
    let mut rows = statement.query([])?;
    let mut all = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (job, sha256): (String, String) = (row.get(0)?, row.get(3)?);
        let job = job.parse().map_err(|_bad| LedgerError::corrupt("job", job))?;
        let sha256 = sha256.parse().map_err(|_bad| LedgerError::corrupt("artifact", sha256))?;
        all.insert((job, row.get(1)?, row.get(2)?), sha256);
    }
    Ok(all)
}

const REPLACED_BY: &str = "select job from assignment where replaces = ?1";
/// The job that replaces `job`, if one was made here.
pub(super) fn replaced_by(c: &Connection, job: JobId) -> Result<Option<JobId>, LedgerError> {
    let found: Option<String> = c.query_row(REPLACED_BY, [job.to_string()], |row| row.get(0)).optional()?;
    found.map(|t| t.parse().map_err(|_bad| LedgerError::corrupt("job", t))).transpose()
}
