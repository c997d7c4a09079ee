//! What an agent's event changes: the job by the protocol's table, the tries, the order behind it.
//!
//! Invariant: an event never blocks the stream. One that changes nothing is stored with its reason and acknowledged.

use protocol::ids::{AgentId, Incarnation, JobId, OrderId};
use protocol::job::{Applied, Holder, Job, JobState, Report};
use protocol::units::{Epoch, WallMs};
use protocol::wire::Tolerant;
use protocol::wire::v1::{AttemptRef, Event, EventKind, Purpose, Replaces, Unit, UnitResult, Verdict};
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::machine::JobAt;
use super::milestones::{self, About};
use super::{cell, life, machine, progress, slices};
use crate::store::{SliceRow, StoreError};

/// Who speaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speaker {
    pub(super) agent: AgentId,
    pub(super) tenant: protocol::ids::TenantId,
    pub(super) incarnation: Incarnation,
    pub(super) now: WallMs,
}

/// What one event did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    Changed,
    Ignored(String),
    Incident(String),
    Unrecognised(String),
}

/// An event's effect and the order it touched.
pub(super) struct Done {
    pub(super) effect: Effect,
    pub(super) order: Option<OrderId>,
}

const STORE: &str = "
insert into event (agent, incarnation, seq, kind, job, body, outcome, note, wall_ms, received_ms)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
/// Applies and stores one event; the caller has placed its number.
pub(super) fn apply(tx: &Transaction<'_>, who: Speaker, event: &Event) -> Result<Done, StoreError> {
    let (kind, body, done) = match &event.what {
        Tolerant::Known(kind) => {
            (kind.name().to_owned(), cell::to_json("event", kind)?, known(tx, who, event, kind)?)
        }
        Tolerant::Unrecognised(name) => {
            let text = format!("this hub does not know events of kind {name}");
            (name.clone(), "{}".to_owned(), Done { effect: Effect::Unrecognised(text), order: None })
        }
    };
    let (outcome, note) = match &done.effect {
        Effect::Changed => ("changed", ""),
        Effect::Ignored(why) => ("ignored", why.as_str()),
        Effect::Incident(why) => ("incident", why.as_str()),
        Effect::Unrecognised(why) => ("unrecognised", why.as_str()),
    };
    let mut statement = tx.prepare_cached(STORE)?;
    statement.execute(params![
        who.agent.to_string(),
        who.incarnation.to_string(),
        cell::int(event.seq.get())?,
        kind,
        event.job.map(|j| j.to_string()),
        body,
        outcome,
        note,
        event.wall_ms.map(|w| w.0),
        who.now.0
    ])?;
    tell(who, event, outcome);
    Ok(done)
}

/// Progress is no transition; every other event that was taken in gets a line in our own log.
fn tell(who: Speaker, event: &Event, outcome: &str) {
    let Tolerant::Known(kind) = &event.what else { return };
    if matches!(kind, EventKind::Progress { .. }) {
        return;
    }
    let text = format!("event {} of agent {}: {}, {outcome}", event.seq, who.agent, kind.name());
    let job = event.job.map(|j| j.to_string());
    milestones::note("event_taken", About { job, event: Some(kind.name()), text, ..About::default() });
}

fn known(tx: &Transaction<'_>, who: Speaker, event: &Event, kind: &EventKind) -> Result<Done, StoreError> {
    match (kind, event.job) {
        (EventKind::ReplacementCreated { replaces, purpose, units }, Some(job)) => {
            let born = Born { job, epoch: event.epoch, purpose, units, label: None };
            return adopt_replacement(tx, who, &born, replaces);
        }
        (EventKind::LocalJobCreated { label, purpose, units }, Some(job)) => {
            let born = Born { job, epoch: event.epoch, purpose, units, label: Some(label) };
            return adopt_local(tx, who, &born);
        }
        _about_a_known_job => {}
    }
    let Some(job) = event.job else {
        return Ok(Done { effect: Effect::Ignored("about no job".into()), order: None });
    };
    let Some(mut at) = machine::load(tx, job)? else {
        return Ok(Done { effect: Effect::Ignored("this hub does not know the job".into()), order: None });
    };
    if at.tenant != who.tenant {
        return Ok(Done { effect: Effect::Ignored("a job of another company".into()), order: None });
    }
    note_attempt(tx, who, &at, event, kind)?;
    let Some(report) = report(kind, &at) else {
        return Ok(Done { effect: Effect::Ignored("for the record".into()), order: at.order });
    };
    let epoch = event.epoch.unwrap_or(at.job.last_epoch);
    let from = Holder { agent: who.agent, incarnation: who.incarnation, epoch };
    let effect = match at.job.apply(from, report) {
        Applied::Changed(next) => {
            change(tx, who, &mut at, next, kind)?;
            Effect::Changed
        }
        Applied::Ignored(why) => Effect::Ignored(format!("{why:?}")),
        Applied::Incident(incident) => {
            let text = format!("{}: {incident:?}", at.label);
            if let Some(order) = at.order {
                hold(
                    tx,
                    order,
                    &format!("incident {job}"),
                    &format!("Plate {} may exist twice ({incident:?}): look at both printers.", at.label),
                    who.now,
                )?;
            }
            Effect::Incident(text)
        }
    };
    Ok(Done { effect, order: at.order })
}

/// What an event means for the job; `None`: nothing.
fn report(kind: &EventKind, at: &JobAt) -> Option<Report> {
    let is_unknown = matches!(at.job.state, JobState::Unknown(_));
    Some(match kind {
        EventKind::AssignmentSeen | EventKind::Staged => Report::Preparing,
        EventKind::Declined { .. } => Report::Declined,
        EventKind::Claimed => Report::Claimed,
        EventKind::Released => Report::Released,
        EventKind::StartIntent { .. } => Report::StartIntent,
        // An Unknown that turns out to run is a running job again.
        EventKind::Started { .. } | EventKind::Resumed { .. } | EventKind::Paused { .. } if is_unknown => {
            Report::StartIntent
        }
        EventKind::Finished { .. } => Report::Ended,
        EventKind::Failed { may_have_printed, .. } if *may_have_printed => Report::Ended,
        EventKind::Failed { .. } => Report::NotStarted,
        EventKind::Cancelled { .. } => Report::Cancelled,
        EventKind::Unknown { .. } => Report::Unknown,
        EventKind::SignedOff { units, replaced_by, .. } => {
            if units.iter().all(|u| u.verdict == Verdict::Good) {
                Report::Good
            } else if replaced_by.is_some() {
                Report::Replaced
            } else {
                Report::Failed
            }
        }
        EventKind::ArtifactReady { .. } if at.kind == "SliceOnly" => Report::DoneWithoutPrint,
        EventKind::LabelPrinted if at.kind == "PrintLabel" => Report::DoneWithoutPrint,
        EventKind::Started { .. }
        | EventKind::Resumed { .. }
        | EventKind::Paused { .. }
        | EventKind::Progress { .. }
        | EventKind::Decided { .. }
        | EventKind::BedOccupied { .. }
        | EventKind::BedCleared { .. }
        | EventKind::ReplacementCreated { .. }
        | EventKind::LocalJobCreated { .. }
        | EventKind::ArtifactReady { .. }
        | EventKind::PrinterChanged { .. }
        | EventKind::MaterialChanged { .. }
        | EventKind::LabelPrinted
        | EventKind::Incident { .. }
        | EventKind::Gap { .. } => return None,
    })
}

/// Stores the job's next state with everything that follows from it in this transaction.
fn change(
    tx: &Transaction<'_>,
    who: Speaker,
    at: &mut JobAt,
    next: Job,
    kind: &EventKind,
) -> Result<(), StoreError> {
    let before = at.job;
    at.job = next;
    if let EventKind::SignedOff { units, .. } = kind {
        at.good_n = good(units, at.units_n);
    }
    if next.state == JobState::Good && !matches!(kind, EventKind::SignedOff { .. }) {
        at.good_n = at.units_n;
    }
    let is_lost = matches!(next.state, JobState::Failed | JobState::Cancelled);
    at.needs_answer = is_lost && next.wanted && at.order.is_some();
    let is_surplus = at.good_n > 0 && !next.wanted && !at.to_shelf;
    at.to_shelf |= is_surplus;
    machine::save(tx, &before, at, who.now)?;
    if let EventKind::ArtifactReady { sha256, time_s, filament_mm, mass_g } = *kind {
        slices::made(tx, at.id, &SliceRow { sha256, time_s, filament_mm, mass_g })?;
    }
    if is_surplus && let Some(key) = &at.artifact_key {
        progress::add_to_shelf(tx, at.tenant, key, &at.label, at.good_n)?;
    }
    if let EventKind::Declined { reason } = kind {
        decline(tx, who, at, reason)?;
    }
    if at.needs_answer
        && let Some(order) = at.order
    {
        let what = if next.state == JobState::Failed {
            "is scrap and was not replaced"
        } else {
            "was stopped at the printer"
        };
        hold(
            tx,
            order,
            &format!("job {}", at.id),
            &format!("Plate {} {what}: print it again?", at.label),
            who.now,
        )?;
    }
    Ok(())
}

fn good(units: &[UnitResult], units_n: u32) -> u32 {
    let good = units.iter().filter(|u| u.verdict == Verdict::Good).count();
    u32::try_from(good).unwrap_or(u32::MAX).min(units_n)
}

const DECLINE: &str = "
insert into declined (job, agent, reason, at_ms)
values (?1, ?2, ?3, ?4)
on conflict (job, agent) do update set reason = excluded.reason, at_ms = excluded.at_ms";
const SOMEBODY_ELSE: &str = "
select exists (
  select 1 from agent a
  where a.tenant = ?1 and a.revoked_ms is null
    and not exists (select 1 from declined d where d.job = ?2 and d.agent = a.id))";
fn decline(tx: &Transaction<'_>, who: Speaker, at: &JobAt, reason: &str) -> Result<(), StoreError> {
    tx.execute(DECLINE, (at.id.to_string(), who.agent.to_string(), reason, who.now.0))?;
    let has_other: bool =
        tx.query_row(SOMEBODY_ELSE, (at.tenant.to_string(), at.id.to_string()), |row| row.get(0))?;
    if let (false, Some(order)) = (has_other, at.order) {
        let text = format!("No workshop can print plate {}: {reason}", at.label);
        hold(tx, order, &format!("job {}", at.id), &text, who.now)?;
        progress::milestone(tx, order, "grid.pipeline-failed", &text, who.now)?;
    }
    Ok(())
}

const HOLD: &str = "
insert into hold (orders, source, subject, reason, created_ms)
values (?1, 'production', ?2, ?3, ?4)
on conflict (orders, source, subject) do update set reason = excluded.reason";
pub(super) fn hold(
    tx: &Transaction<'_>,
    order: OrderId,
    subject: &str,
    reason: &str,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(HOLD, (order.to_string(), subject, reason, now.0))?;
    Ok(())
}

/// A job that an agent made itself.
struct Born<'a> {
    job: JobId,
    epoch: Option<Epoch>,
    purpose: &'a Purpose,
    units: &'a [Unit],
    label: Option<&'a String>,
}

impl Born<'_> {
    fn holder(&self, who: Speaker, tx: &Transaction<'_>) -> Result<Holder, StoreError> {
        let epoch = match self.epoch {
            Some(epoch) => epoch,
            None => Epoch::born_at_agent(life(tx)?),
        };
        Ok(Holder { agent: who.agent, incarnation: who.incarnation, epoch })
    }
}

const COPY: &str = "
insert into job (id, tenant, orders, line, part, artifact_key, kind, label, purpose, units, units_n, artifact, wants,
  replacements_left, state, agent, incarnation, epoch_hub, epoch_count, last_epoch_hub, last_epoch_count, wanted, replaces,
  due_ms, created_ms, changed_ms)
select ?2, tenant, orders, line, part, artifact_key, kind, label, ?3, ?4, ?5, artifact, wants,
  max(replacements_left - 1, 0), 'Claimed', ?6, ?7, ?8, ?9, ?8, ?9, wanted, id,
  due_ms, ?10, ?10
from job
where id = ?1
on conflict do nothing";
const ANSWERED: &str = "update job set needs_answer = 0, changed_ms = ?2 where id = ?1";
const SCRAP_HOLD: &str = "delete from hold where orders = ?1 and source = 'production' and subject = ?2";
/// Takes over a replacement: counted from its birth, so that the hub makes no second one.
fn adopt_replacement(
    tx: &Transaction<'_>,
    who: Speaker,
    born: &Born<'_>,
    replaces: &Replaces,
) -> Result<Done, StoreError> {
    let Some(old) = machine::load(tx, replaces.job)? else { return adopt_local(tx, who, born) };
    if old.tenant != who.tenant {
        return Ok(Done { effect: Effect::Ignored("a job of another company".into()), order: None });
    }
    let holder = born.holder(who, tx)?;
    let rows = tx.execute(
        COPY,
        params![
            old.id.to_string(),
            born.job.to_string(),
            cell::to_json("purpose", born.purpose)?,
            cell::to_json("units", &born.units)?,
            cell::len(born.units.len().max(1)),
            who.agent.to_string(),
            who.incarnation.to_string(),
            cell::int(holder.epoch.hub.get())?,
            cell::int(holder.epoch.count)?,
            who.now.0
        ],
    )?;
    if rows == 0 {
        return known_already(tx, born.job, old.order);
    }
    tx.execute(ANSWERED, (old.id.to_string(), who.now.0))?;
    if let Some(order) = old.order {
        tx.execute(SCRAP_HOLD, (order.to_string(), format!("job {}", old.id)))?;
        progress::milestone(
            tx,
            order,
            "replacement_adopted",
            &format!("Plate {} is printed again.", old.label),
            who.now,
        )?;
    }
    if !old.job.wanted {
        // Nobody wants it any more: asked back; what is printed by then becomes stock.
        machine::desire(tx, who.agent, born.job, holder.epoch, "Withdraw")?;
    }
    Ok(Done { effect: Effect::Changed, order: old.order })
}

fn known_already(tx: &Transaction<'_>, job: JobId, order: Option<OrderId>) -> Result<Done, StoreError> {
    let effect = if machine::load(tx, job)?.is_some() {
        Effect::Ignored("adopted before".into())
    } else {
        // `replaces` is unique: two replacements of one job would be two copies.
        Effect::Incident("the job has another replacement already".into())
    };
    Ok(Done { effect, order })
}

const LOCAL: &str = "
insert into job (id, tenant, kind, label, purpose, units, units_n, artifact, wants, replacements_left, state, agent, incarnation,
  epoch_hub, epoch_count, last_epoch_hub, last_epoch_count, created_ms, changed_ms)
values (?1, ?2, 'Print', ?3, ?4, ?5, ?6, '{}', '{}', 0, 'Claimed', ?7, ?8, ?9, ?10, ?9, ?10, ?11, ?11)
on conflict do nothing";
fn adopt_local(tx: &Transaction<'_>, who: Speaker, born: &Born<'_>) -> Result<Done, StoreError> {
    let holder = born.holder(who, tx)?;
    let label = born
        .label
        .cloned()
        .or_else(|| born.units.first().map(|u| u.label.clone()))
        .unwrap_or_else(|| "local".into());
    let rows = tx.execute(
        LOCAL,
        params![
            born.job.to_string(),
            who.tenant.to_string(),
            label,
            cell::to_json("purpose", born.purpose)?,
            cell::to_json("units", &born.units)?,
            cell::len(born.units.len().max(1)),
            who.agent.to_string(),
            who.incarnation.to_string(),
            cell::int(holder.epoch.hub.get())?,
            cell::int(holder.epoch.count)?,
            who.now.0
        ],
    )?;
    let effect = if rows == 0 { Effect::Ignored("adopted before".into()) } else { Effect::Changed };
    Ok(Done { effect, order: None })
}

const ATTEMPT: &str = "
insert into attempt (attempt, job, printer, state, done_permille, note, started_ms, ended_ms)
values (?1, ?2, ?3, ?4, coalesce(?5, 0), ?6, ?7, ?8)
on conflict (attempt) do update set state = excluded.state, done_permille = max(done_permille, excluded.done_permille),
  note = case when excluded.note = '' then note else excluded.note end, ended_ms = coalesce(excluded.ended_ms, ended_ms)";
const ATTEMPT_STATE: &str = "select state from attempt where attempt = ?1";
/// Keeps the tries for the order page: the last word of each.
fn note_attempt(
    tx: &Transaction<'_>,
    who: Speaker,
    at: &JobAt,
    event: &Event,
    kind: &EventKind,
) -> Result<(), StoreError> {
    let at_ms = event.wall_ms.unwrap_or(who.now).0;
    let (on, state, permille, note, is_end): (&AttemptRef, &str, Option<u16>, String, bool) = match kind {
        EventKind::StartIntent { on } => (on, "Starting", None, String::new(), false),
        EventKind::Started { on } | EventKind::Resumed { on } => (on, "Printing", None, String::new(), false),
        EventKind::Progress { on, done_permille } => {
            (on, "Printing", Some(done_permille.get()), String::new(), false)
        }
        EventKind::Paused { on } => (on, "Paused", None, String::new(), false),
        EventKind::Finished { on } => (on, "Finished", Some(1000), String::new(), true),
        EventKind::Failed { on, reason, .. } => (on, "Failed", None, reason.clone(), true),
        EventKind::Cancelled { on: Some(on) } => (on, "Cancelled", None, String::new(), true),
        EventKind::Unknown { on, evidence } => (on, "Unknown", None, evidence.clone(), false),
        EventKind::SignedOff { on, units, by, .. } => {
            let scrap = units.len() - units.iter().filter(|u| u.verdict == Verdict::Good).count();
            let note = if scrap == 0 {
                format!("Good. Signed off by {by}.")
            } else {
                format!("{scrap} scrap. Signed off by {by}.")
            };
            let old: Option<String> =
                tx.query_row(ATTEMPT_STATE, [on.attempt.to_string()], |row| row.get(0)).optional()?;
            let state = if old.as_deref() == Some("Failed") { "Failed" } else { "Finished" };
            (on, state, None, note, true)
        }
        _no_attempt => return Ok(()),
    };
    tx.execute(
        ATTEMPT,
        params![
            on.attempt.to_string(),
            at.id.to_string(),
            on.printer.to_string(),
            state,
            permille,
            note,
            at_ms,
            is_end.then_some(at_ms)
        ],
    )?;
    Ok(())
}
