//! A job's row and its state machine: the only writer of job states and of assignments.
//!
//! Invariant: a job's row has an agent exactly in the states that name one, and that agent's assignment row says the
//! same; both change in one transaction. What may follow what is decided in `protocol::job`, never here.

use protocol::ids::{AgentId, JobId, OrderId, TenantId};
use protocol::job::{Holder, Job, JobState};
use protocol::units::{Cursor, Epoch, HubIncarnation, WallMs};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use super::cell;
use crate::store::StoreError;

/// A job with what decides about it.
#[derive(Debug, Clone)]
pub(super) struct JobAt {
    pub(super) id: JobId,
    pub(super) tenant: TenantId,
    pub(super) order: Option<OrderId>,
    pub(super) artifact_key: Option<String>,
    pub(super) kind: String,
    pub(super) label: String,
    pub(super) units_n: u32,
    pub(super) good_n: u32,
    pub(super) needs_answer: bool,
    pub(super) to_shelf: bool,
    pub(super) job: Job,
}

const LOAD: &str = "
select id, tenant, orders, artifact_key, kind, label, units_n, good_n, state, agent, incarnation,
  epoch_hub, epoch_count, last_epoch_hub, last_epoch_count, wanted, needs_answer, to_shelf
from job
where id = ?1";
/// The job, if the hub knows it.
pub(super) fn load(connection: &Connection, id: JobId) -> Result<Option<JobAt>, StoreError> {
    let mut statement = connection.prepare_cached(LOAD)?;
    Ok(statement.query_row([id.to_string()], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<JobAt> {
    let last_epoch = Epoch {
        hub: HubIncarnation::new(cell::count(row, "last_epoch_hub")?),
        count: cell::count(row, "last_epoch_count")?,
    };
    Ok(JobAt {
        id: cell::parsed(row, "id")?,
        tenant: cell::parsed(row, "tenant")?,
        order: cell::parsed_opt(row, "orders")?,
        artifact_key: row.get("artifact_key")?,
        kind: row.get("kind")?,
        label: row.get("label")?,
        units_n: cell::small(row, "units_n")?,
        good_n: cell::small(row, "good_n")?,
        needs_answer: row.get("needs_answer")?,
        to_shelf: row.get("to_shelf")?,
        job: Job { state: state(row)?, last_epoch, wanted: row.get("wanted")? },
    })
}

fn state(row: &Row<'_>) -> rusqlite::Result<JobState> {
    let word: String = row.get("state")?;
    let holder = || -> rusqlite::Result<Holder> {
        // A reserved job has no incarnation yet; a holder always has.
        let incarnation = cell::parsed(row, "incarnation")?;
        Ok(Holder { agent: cell::parsed(row, "agent")?, incarnation, epoch: epoch(row)? })
    };
    Ok(match word.as_str() {
        "Queued" => JobState::Queued,
        "Reserved" => JobState::Reserved { agent: cell::parsed(row, "agent")?, epoch: epoch(row)? },
        "Claimed" => JobState::Claimed(holder()?),
        "Running" => JobState::Running(holder()?),
        "NeedsSignOff" => JobState::NeedsSignOff(holder()?),
        "Unknown" => JobState::Unknown(holder()?),
        "Good" => JobState::Good,
        "Replaced" => JobState::Replaced,
        "Failed" => JobState::Failed,
        "Withdrawn" => JobState::Withdrawn,
        "Cancelled" => JobState::Cancelled,
        other => return Err(rusqlite::Error::InvalidColumnName(format!("job state {other}"))),
    })
}

fn epoch(row: &Row<'_>) -> rusqlite::Result<Epoch> {
    Ok(Epoch {
        hub: HubIncarnation::new(cell::count(row, "epoch_hub")?),
        count: cell::count(row, "epoch_count")?,
    })
}

/// The state's word, as stored.
pub(super) const fn word(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "Queued",
        JobState::Reserved { .. } => "Reserved",
        JobState::Claimed(_) => "Claimed",
        JobState::Running(_) => "Running",
        JobState::NeedsSignOff(_) => "NeedsSignOff",
        JobState::Unknown(_) => "Unknown",
        JobState::Good => "Good",
        JobState::Replaced => "Replaced",
        JobState::Failed => "Failed",
        JobState::Withdrawn => "Withdrawn",
        JobState::Cancelled => "Cancelled",
    }
}

/// The agent that has the job, reserved or held, with its hand-out.
pub(super) const fn keeper(state: JobState) -> Option<(AgentId, Epoch)> {
    match state {
        JobState::Reserved { agent, epoch } => Some((agent, epoch)),
        JobState::Claimed(h) | JobState::Running(h) | JobState::NeedsSignOff(h) | JobState::Unknown(h) => {
            Some((h.agent, h.epoch))
        }
        JobState::Queued
        | JobState::Good
        | JobState::Replaced
        | JobState::Failed
        | JobState::Withdrawn
        | JobState::Cancelled => None,
    }
}

const SAVE: &str = "
update job
set state = ?2, agent = ?3, incarnation = ?4, epoch_hub = ?5, epoch_count = ?6, last_epoch_hub = ?7,
  last_epoch_count = ?8, wanted = ?9, good_n = ?10, needs_answer = ?11, to_shelf = ?12, changed_ms = ?13
where id = ?1";
/// Writes the job as `at.job` says; an agent that lost it is told with its next poll.
pub(super) fn save(tx: &Transaction<'_>, before: &Job, at: &JobAt, now: WallMs) -> Result<(), StoreError> {
    let kept = keeper(at.job.state);
    let incarnation = at.job.holder().map(|h| h.incarnation.to_string());
    let (hub, count) = (
        kept.map(|(_, e)| cell::int(e.hub.get())).transpose()?,
        kept.map(|(_, e)| cell::int(e.count)).transpose()?,
    );
    let last = at.job.last_epoch;
    let mut statement = tx.prepare_cached(SAVE)?;
    let rows = statement.execute(rusqlite::params![
        at.id.to_string(),
        word(at.job.state),
        kept.map(|(agent, _)| agent.to_string()),
        incarnation,
        hub,
        count,
        cell::int(last.hub.get())?,
        cell::int(last.count)?,
        at.job.wanted,
        at.good_n,
        at.needs_answer,
        at.to_shelf,
        now.0,
    ])?;
    assert_eq!(rows, 1, "a job that was loaded is still there within its transaction");
    if let Some((agent, _)) = keeper(before.state)
        && kept.map(|(a, _)| a) != Some(agent)
    {
        remove_assignment(tx, agent, at.id)?;
    }
    Ok(())
}

const BUMP: &str = "
update agent
set down_cursor = down_cursor + 1
where id = ?1
returning down_cursor";
/// The next position in an agent's changelog.
pub(super) fn bump(tx: &Transaction<'_>, agent: AgentId) -> Result<Cursor, StoreError> {
    let mut statement = tx.prepare_cached(BUMP)?;
    let n: i64 = statement.query_row([agent.to_string()], |row| row.get(0))?;
    Ok(Cursor::new(u64::try_from(n).unwrap_or(0)))
}

const ASSIGN: &str = "
insert into assignment (agent, job, epoch_hub, epoch_count, revision, desired, is_removed, cursor)
values (?1, ?2, ?3, ?4, 1, ?5, 0, ?6)
on conflict (agent, job) do update set epoch_hub = excluded.epoch_hub, epoch_count = excluded.epoch_count,
  revision = revision + 1, desired = excluded.desired, is_removed = 0, cursor = excluded.cursor";
/// Tells an agent what is desired of a job; one revision more each time.
pub(super) fn desire(
    tx: &Transaction<'_>,
    agent: AgentId,
    job: JobId,
    epoch: Epoch,
    desired: &str,
) -> Result<(), StoreError> {
    let cursor = cell::int(bump(tx, agent)?.get())?;
    let mut statement = tx.prepare_cached(ASSIGN)?;
    statement.execute((
        agent.to_string(),
        job.to_string(),
        cell::int(epoch.hub.get())?,
        cell::int(epoch.count)?,
        desired,
        cursor,
    ))?;
    Ok(())
}

const REMOVE: &str = "
update assignment
set is_removed = 1, cursor = ?3
where agent = ?1 and job = ?2 and is_removed = 0";
fn remove_assignment(tx: &Transaction<'_>, agent: AgentId, job: JobId) -> Result<(), StoreError> {
    let cursor = cell::int(bump(tx, agent)?.get())?;
    tx.execute(REMOVE, (agent.to_string(), job.to_string(), cursor))?;
    Ok(())
}

/// Takes a job back as far as that is possible without its agent's word. Answers the agent to ring.
pub(super) fn withdraw(
    tx: &Transaction<'_>,
    at: &mut JobAt,
    now: WallMs,
) -> Result<Option<AgentId>, StoreError> {
    let before = at.job;
    let agent = keeper(before.state).map(|(agent, _)| agent);
    at.job = before.withdraw();
    if at.job == before {
        return Ok(None);
    }
    save(tx, &before, at, now)?;
    if let Some((agent, epoch)) = keeper(at.job.state) {
        desire(tx, agent, at.id, epoch, "Withdraw")?;
    }
    Ok(agent)
}
