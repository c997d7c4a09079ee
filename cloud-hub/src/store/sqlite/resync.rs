//! An agent that sends everything it holds: after a restore of either side, or a lost first answer.
//!
//! Invariant: whatever right to start an agent reports is adopted, whatever its epoch (sync rule I9); nothing is handed
//! to anybody else because of a resync.

use protocol::ids::{AgentId, Incarnation, JobId, LineId};
use protocol::job::{Applied, Holder, JobState, Report};
use protocol::sync::quarantine::needs_a_person;
use protocol::units::{Epoch, WallMs};
use protocol::wire::v1::{ClosedAs, LedgerEntry, LedgerState, Purpose, ResyncReply, ResyncRequest, Verdict};
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::events::{self, Speaker};
use super::{FIRST, assign, cell, life, machine, progress, restore, sync};
use crate::store::StoreError;

const NEW_LIFE: &str = "
update agent
set incarnation = ?2, last_seq = ?3, must_resync = 0, is_quarantined = max(is_quarantined, ?4), contact_ms = ?5
where id = ?1";
// What a former life of this agent held and its present one does not know. It may have started offline, so no lack of
// events proves that it did not.
const FORMER: &str = "
select id from job where agent = ?1 and incarnation is not null and incarnation <> ?2";

/// Compares; `None`: the agent is unknown or revoked.
pub(super) fn resync(
    tx: &Transaction<'_>,
    id: AgentId,
    request: &ResyncRequest,
    now: WallMs,
) -> Result<Option<ResyncReply>, StoreError> {
    let Some(agent) = sync::agent(tx, id)? else { return Ok(None) };
    if request.hub_incarnation_seen > life(tx)? {
        // The agent has met a later life of this hub: this database is the older one.
        restore::begin(tx, request.hub_incarnation_seen, now)?;
    }
    let hub = life(tx)?;
    let who = Speaker { agent: id, tenant: agent.tenant, incarnation: request.agent_incarnation, now };
    let quarantined =
        agent.is_quarantined || needs_a_person(agent.known, request.agent_incarnation, hub > FIRST);
    let former: Vec<JobId> = {
        let mut statement = tx.prepare_cached(FORMER)?;
        let rows = statement.query_map((id.to_string(), request.agent_incarnation.to_string()), |row| {
            cell::parsed(row, "id")
        })?;
        rows.collect::<Result<_, _>>()?
    };
    tx.execute(
        NEW_LIFE,
        params![
            id.to_string(),
            request.agent_incarnation.to_string(),
            cell::int(request.last_seq.get())?,
            quarantined,
            now.0
        ],
    )?;
    for entry in &request.ledger {
        adopt(tx, who, entry)?;
    }
    for job in former {
        if !request.ledger.iter().any(|e| e.job == job) {
            forget_former(tx, who, job)?;
        }
    }
    if !quarantined {
        assign::open_jobs(tx, agent.tenant, now)?;
    }
    Ok(Some(ResyncReply {
        hub_incarnation: hub,
        acked_seq: request.last_seq,
        proven_not_printed: Vec::new(),
        quarantined,
    }))
}

/// A job of a former life: it was that life's to start, also offline, so nobody knows; a person says per job.
fn forget_former(tx: &Transaction<'_>, who: Speaker, job: JobId) -> Result<(), StoreError> {
    let Some(mut at) = machine::load(tx, job)? else { return Ok(()) };
    let Some(holder) = at.job.holder() else { return Ok(()) };
    let before = at.job;
    if let Applied::Changed(next) = before.apply(holder, Report::Unknown) {
        at.job = next;
        machine::save(tx, &before, &at, who.now)?;
    }
    if let Some(order) = at.order {
        let text = format!(
            "The workshop's database was restored: nobody knows whether plate {} was printed.",
            at.label
        );
        events::hold(tx, order, &format!("job {job}"), &text, who.now)?;
    }
    Ok(())
}

fn adopt(tx: &Transaction<'_>, who: Speaker, entry: &LedgerEntry) -> Result<(), StoreError> {
    let holder = Holder { agent: who.agent, incarnation: who.incarnation, epoch: entry.epoch };
    let Some(mut at) = machine::load(tx, entry.job)? else {
        return born(tx, who, entry);
    };
    if at.tenant != who.tenant {
        return Ok(());
    }
    let before = at.job;
    let applied = match &entry.state {
        LedgerState::Preparing => return Ok(()),
        LedgerState::Claimed => before.adopt(holder, JobState::Claimed),
        LedgerState::Started { attempt_state, .. } => before.adopt(holder, started(attempt_state)),
        LedgerState::GivenBack => before.apply(held_as(before.holder(), holder), Report::Released),
        LedgerState::Closed { closed_as, .. } => {
            before.adopt_closed(held_as(before.holder(), holder), closed(*closed_as))
        }
    };
    let Applied::Changed(next) = applied else { return Ok(()) };
    at.job = next;
    if matches!(entry.state, LedgerState::Closed { .. }) {
        at.good_n = good_units(entry, at.units_n);
    }
    machine::save(tx, &before, &at, who.now)?;
    if let Some(order) = at.order {
        progress::advance(tx, order, who.now)?;
    }
    Ok(())
}

/// The report counts for the hand-out the hub knows, if it is the same agent's.
fn held_as(known: Option<Holder>, said: Holder) -> Holder {
    known.filter(|k| k.agent == said.agent && k.epoch == said.epoch).unwrap_or(said)
}

/// The job's state for an attempt's state word.
fn started(word: &str) -> fn(Holder) -> JobState {
    match word {
        "Finished" | "Failed" | "Cancelled" => JobState::NeedsSignOff,
        "Unknown" => JobState::Unknown,
        _running => JobState::Running,
    }
}

const fn closed(how: ClosedAs) -> Report {
    match how {
        ClosedAs::Good => Report::Good,
        ClosedAs::Replaced => Report::Replaced,
        ClosedAs::Failed => Report::Failed,
        ClosedAs::Cancelled => Report::Cancelled,
        ClosedAs::DoneWithoutPrint => Report::DoneWithoutPrint,
    }
}

const INSERT: &str = "
insert into job (id, tenant, kind, label, purpose, units, units_n, artifact, wants, replacements_left, state, agent, incarnation,
  epoch_hub, epoch_count, last_epoch_hub, last_epoch_count, created_ms, changed_ms, part, good_n, needs_answer)
values (?1, ?2, 'Print', ?3, ?4, ?5, ?6, '{}', '{}', 0, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15, ?16, ?17)
on conflict do nothing";
const LINE: &str = "select id from line where orders = ?1 and position = ?2";
/// A job that only the agent knows: born there, or forgotten by a restored hub.
fn born(tx: &Transaction<'_>, who: Speaker, entry: &LedgerEntry) -> Result<(), StoreError> {
    let state = match &entry.state {
        LedgerState::Preparing | LedgerState::GivenBack => return Ok(()),
        LedgerState::Claimed => "Claimed",
        LedgerState::Started { attempt_state, .. } => match attempt_state.as_str() {
            "Finished" | "Failed" | "Cancelled" => "NeedsSignOff",
            "Unknown" => "Unknown",
            _running => "Running",
        },
        LedgerState::Closed { closed_as, .. } => match closed_as {
            ClosedAs::Good | ClosedAs::DoneWithoutPrint => "Good",
            ClosedAs::Replaced => "Replaced",
            ClosedAs::Failed => "Failed",
            ClosedAs::Cancelled => "Cancelled",
        },
    };
    let is_held = !matches!(entry.state, LedgerState::Closed { .. });
    let held = |n: u64| -> Result<Option<i64>, StoreError> { is_held.then(|| cell::int(n)).transpose() };
    let Epoch { hub, count } = entry.epoch;
    let incarnation: Option<Incarnation> = is_held.then_some(who.incarnation);
    let part = match &entry.purpose {
        Purpose::Order { part, .. } => Some(part),
        Purpose::Stock { .. } | Purpose::Local => None,
    };
    // Scrap for an order waits for an answer: nothing is made in its place by itself.
    let needs_answer = state == "Failed" && part.is_some();
    tx.execute(
        INSERT,
        params![
            entry.job.to_string(),
            who.tenant.to_string(),
            entry.label.clone().unwrap_or_else(|| "local".into()),
            cell::to_json("purpose", &entry.purpose)?,
            cell::to_json("units", &entry.units)?,
            cell::len(entry.units.len().max(1)),
            state,
            is_held.then(|| who.agent.to_string()),
            incarnation.map(|i| i.to_string()),
            held(hub.get())?,
            held(count)?,
            cell::int(hub.get())?,
            cell::int(count)?,
            who.now.0,
            part,
            good_units(entry, u32::try_from(entry.units.len()).unwrap_or(u32::MAX).max(1)),
            needs_answer
        ],
    )?;
    let Purpose::Order { order, line: position, .. } = &entry.purpose else { return Ok(()) };
    // An order that is read again only later takes its prints over then.
    let line: Option<LineId> =
        tx.query_row(LINE, (order.to_string(), position), |row| cell::parsed(row, "id")).optional()?;
    if let Some(line) = line {
        restore::link(tx, *order, line, *position, who.now)?;
        progress::advance(tx, *order, who.now)?;
    }
    Ok(())
}

/// Good units of an entry that is over, of `units_n`.
fn good_units(entry: &LedgerEntry, units_n: u32) -> u32 {
    let LedgerState::Closed { counted, closed_as, .. } = &entry.state else { return 0 };
    let good = counted.iter().filter(|u| u.verdict == Verdict::Good).count();
    match closed_as {
        ClosedAs::Good | ClosedAs::DoneWithoutPrint => units_n,
        ClosedAs::Replaced | ClosedAs::Failed | ClosedAs::Cancelled => {
            u32::try_from(good).unwrap_or(0).min(units_n)
        }
    }
}
