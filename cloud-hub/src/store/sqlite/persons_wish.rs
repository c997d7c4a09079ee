//! What a person may do to a job from the hub: print again, take back, take away by force.

use protocol::ids::{JobId, TenantId};
use protocol::job::JobState;
use protocol::units::WallMs;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{assign, cell, life, machine, progress};
use crate::sources;
use crate::store::{ForceWish, JobWish, StoreError};

const COPY: &str = "
insert into job (id, tenant, orders, line, part, artifact_key, kind, label, purpose, units, units_n, artifact, wants,
  replacements_left, state, last_epoch_hub, last_epoch_count, replaces, due_ms, created_ms, changed_ms)
select ?2, tenant, orders, line, part, artifact_key, kind, label, purpose, units, units_n, artifact, wants,
  replacements_left, 'Queued', ?3, 0, id, due_ms, ?4, ?4
from job
where id = ?1
on conflict do nothing";
const ANSWERED: &str = "update job set needs_answer = 0, changed_ms = ?2 where id = ?1";
const UNHOLD: &str = "delete from hold where orders = ?1 and source = 'production' and subject = ?2";
const SITE_OF: &str = "select s.name from agent a join site s on s.id = a.site where a.id = ?1";

/// A new job in place of one that is over.
pub(super) fn retry(
    tx: &Transaction<'_>,
    tenant: TenantId,
    job: JobId,
    who: &str,
    now: WallMs,
) -> Result<JobWish, StoreError> {
    let Some(at) = machine::load(tx, job)?.filter(|at| at.tenant == tenant) else {
        return Ok(JobWish::NotFound);
    };
    if let Some(holder) = at.job.holder() {
        let site: Option<String> =
            tx.query_row(SITE_OF, [holder.agent.to_string()], |row| row.get(0)).optional()?;
        let site = site.unwrap_or_else(|| "a workshop".into());
        return Ok(JobWish::Refused(format!("Plate {} is at {site}: print it again there.", at.label)));
    }
    match at.job.state {
        JobState::Queued | JobState::Reserved { .. } => {
            return Ok(JobWish::Refused(format!("Plate {} has not been printed yet.", at.label)));
        }
        JobState::Good => return Ok(JobWish::Refused(format!("Plate {} is good.", at.label))),
        JobState::Replaced => {
            return Ok(JobWish::Refused(format!("Plate {} has been replaced already.", at.label)));
        }
        JobState::Claimed(_)
        | JobState::Running(_)
        | JobState::NeedsSignOff(_)
        | JobState::Unknown(_)
        | JobState::Failed
        | JobState::Withdrawn
        | JobState::Cancelled => {}
    }
    let id = sources::job();
    let rows =
        tx.execute(COPY, params![job.to_string(), id.to_string(), cell::int(life(tx)?.get())?, now.0])?;
    if rows == 0 {
        return Ok(JobWish::Refused(format!("Plate {} is being printed again already.", at.label)));
    }
    tx.execute(ANSWERED, (job.to_string(), now.0))?;
    if let Some(order) = at.order {
        tx.execute(UNHOLD, (order.to_string(), format!("job {job}")))?;
        progress::milestone(
            tx,
            order,
            "print_again",
            &format!("{who}: print plate {} again.", at.label),
            now,
        )?;
    }
    Ok(JobWish::Done { ring: assign::open_jobs(tx, tenant, now)?, job: Some(id) })
}

/// Takes a job back; an agent that holds it is asked to stop it.
pub(super) fn cancel(
    tx: &Transaction<'_>,
    tenant: TenantId,
    job: JobId,
    who: &str,
    now: WallMs,
) -> Result<JobWish, StoreError> {
    let Some(mut at) = machine::load(tx, job)?.filter(|at| at.tenant == tenant) else {
        return Ok(JobWish::NotFound);
    };
    if at.job.is_terminal() {
        return Ok(JobWish::Refused(format!("Plate {} is over.", at.label)));
    }
    let ring = machine::withdraw(tx, &mut at, now)?;
    if let Some((agent, epoch)) = machine::keeper(at.job.state) {
        // A person said stop: also a print that runs.
        machine::desire(tx, agent, job, epoch, "Cancel")?;
    }
    if let Some(order) = at.order {
        progress::milestone(tx, order, "job_cancelled", &format!("{who}: stop plate {}.", at.label), now)?;
    }
    Ok(JobWish::Done { ring: ring.into_iter().collect(), job: None })
}

const AUDIT: &str = "
insert into audit (at_ms, who, what, object, detail)
values (?1, ?2, 'job forced', ?3, ?4)";
pub(super) fn force(
    tx: &Transaction<'_>,
    tenant: TenantId,
    job: JobId,
    it: &ForceWish,
    who: &str,
    now: WallMs,
) -> Result<JobWish, StoreError> {
    let Some(mut at) = machine::load(tx, job)?.filter(|at| at.tenant == tenant) else {
        return Ok(JobWish::NotFound);
    };
    let before = at.job;
    at.job = match before.force(it.epoch, it.accepts_double_print, life(tx)?) {
        Ok(next) => next,
        Err(refused) => return Ok(JobWish::Refused(refused.to_string())),
    };
    machine::save(tx, &before, &at, now)?;
    tx.execute(
        AUDIT,
        (now.0, who, job.to_string(), format!("accepted that it may be printed twice: {}", it.reason)),
    )?;
    if let Some(order) = at.order {
        let text = format!(
            "{} took plate {} away from its workshop and accepted that it may be printed twice: {}",
            who, at.label, it.reason
        );
        progress::milestone(tx, order, "job_forced", &text, now)?;
    }
    Ok(JobWish::Done { ring: assign::open_jobs(tx, tenant, now)?, job: None })
}
