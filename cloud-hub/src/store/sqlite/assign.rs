//! Which agent gets a queued job: the one of the tenant with the least open work that has not declined it.
//!
//! Reserves only; the claim of a pinned job is granted when the agent fetches it, because only then is the life of
//! its database known.

use protocol::ids::{AgentId, JobId, TenantId};
use protocol::units::WallMs;
use rusqlite::{OptionalExtension as _, Transaction};

use super::milestones::{self, About};
use super::{cell, life, machine, restore};
use crate::store::StoreError;

/// Jobs handed out in one transaction: bounds its length; the rest follows with the next poll.
const BATCH_MAX: u32 = 500;

// Jobs born at an agent have no artifact here: what was dropped there is nobody else's to print.
const QUEUED: &str = "
select id
from job
where tenant = ?1 and state = 'Queued' and wanted = 1 and artifact <> '{}'
order by coalesce(due_ms, 9223372036854775807), created_ms, id
limit ?2";

const CHOOSE: &str = "
select a.id
from agent a
left join job open on open.agent = a.id
where a.tenant = ?1 and a.revoked_ms is null and a.is_quarantined = 0
  and not exists (select 1 from declined d where d.job = ?2 and d.agent = a.id)
  and (?3 is null or a.site = ?3)
group by a.id
order by count(open.id), a.created_ms, a.id
limit 1";

const PIN: &str = "select pinned_site from job where id = ?1";

/// Reserves what can be reserved; answers the agents that have something new.
pub(super) fn open_jobs(
    tx: &Transaction<'_>,
    tenant: TenantId,
    now: WallMs,
) -> Result<Vec<AgentId>, StoreError> {
    if restore::waits(tx)? {
        return Ok(Vec::new());
    }
    let queued: Vec<JobId> = {
        let mut statement = tx.prepare_cached(QUEUED)?;
        let rows = statement.query_map((tenant.to_string(), BATCH_MAX), |row| cell::parsed(row, "id"))?;
        rows.collect::<Result<_, _>>()?
    };
    let mut ring = Vec::new();
    // One set of plates goes to one site: the choice for the first of an order serves the others.
    let hub = life(tx)?;
    for job in queued {
        let site: Option<String> = tx.query_row(PIN, [job.to_string()], |row| row.get(0))?;
        let site = match site {
            Some(site) => Some(site),
            None => site_of_siblings(tx, job)?,
        };
        let Some(agent) = choose(tx, tenant, job, site.as_deref())? else { continue };
        let Some(mut at) = machine::load(tx, job)? else { continue };
        let before = at.job;
        at.job = before.reserve(agent, hub).ok_or(StoreError::NumbersUsedUp("epochs"))?;
        machine::save(tx, &before, &at, now)?;
        machine::desire(tx, agent, job, at.job.last_epoch, "Run")?;
        let text = format!("job {job} is for agent {agent}");
        milestones::note("job_assigned", About { job: Some(job.to_string()), text, ..About::default() });
        ring.push(agent);
    }
    ring.sort_unstable();
    ring.dedup();
    Ok(ring)
}

fn choose(
    tx: &Transaction<'_>,
    tenant: TenantId,
    job: JobId,
    site: Option<&str>,
) -> Result<Option<AgentId>, StoreError> {
    let mut statement = tx.prepare_cached(CHOOSE)?;
    let mut ask = |site: Option<&str>| {
        statement
            .query_row((tenant.to_string(), job.to_string(), site), |row| cell::parsed(row, "id"))
            .optional()
    };
    let preferred = ask(site)?;
    // A sibling's site that declined is a preference, not a condition.
    Ok(if preferred.is_none() && site.is_some() { ask(None)? } else { preferred })
}

const SIBLING: &str = "
select a.site
from job mine
join job other on other.orders = mine.orders and other.id <> mine.id and other.agent is not null
join agent a on a.id = other.agent
where mine.id = ?1
limit 1";
fn site_of_siblings(tx: &Transaction<'_>, job: JobId) -> Result<Option<String>, StoreError> {
    Ok(tx.query_row(SIBLING, [job.to_string()], |row| row.get(0)).optional()?)
}
