//! Enrolment codes, agents, nonces and tokens. Codes and tokens are stored as hashes only.

use protocol::ids::{AgentId, SiteId, TenantId};
use protocol::units::WallMs;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::cell;
use crate::sources;
use crate::store::{AgentRow, Enrolled, StoreError};

const SITE: &str = "select id from site where tenant = ?1 and name = ?2";
const MAKE_SITE: &str = "
insert into site (id, tenant, name, created_ms)
values (?1, ?2, ?3, ?4)";
const PUT_CODE: &str = "
insert into agent_code (code_hash, tenant, site, created_ms, expires_ms)
values (?1, ?2, ?3, ?4, ?5)";
pub(super) fn put_code(
    tx: &Transaction<'_>,
    tenant: TenantId,
    name: &str,
    hash: &str,
    expires: WallMs,
    now: WallMs,
) -> Result<SiteId, StoreError> {
    let known = tx.query_row(SITE, (tenant.to_string(), name), |row| cell::parsed(row, "id")).optional()?;
    let site = match known {
        Some(site) => site,
        None => {
            let site = sources::site();
            tx.execute(MAKE_SITE, (site.to_string(), tenant.to_string(), name, now.0))?;
            site
        }
    };
    tx.execute(PUT_CODE, (hash, tenant.to_string(), site.to_string(), now.0, expires.0))?;
    Ok(site)
}

const USE_CODE: &str = "
update agent_code
set used_ms = ?2
where code_hash = ?1 and used_ms is null and expires_ms > ?2
returning tenant, site";
const MAKE_AGENT: &str = "
insert into agent (id, tenant, site, name, public_key, created_ms)
select ?1, ?2, id, name, ?4, ?5
from site
where id = ?3";
pub(super) fn enrol(
    tx: &Transaction<'_>,
    hash: &str,
    public_key: &str,
    now: WallMs,
) -> Result<Enrolled, StoreError> {
    let used: Option<(String, String)> =
        tx.query_row(USE_CODE, (hash, now.0), |row| Ok((row.get("tenant")?, row.get("site")?))).optional()?;
    let Some((tenant, site)) = used else { return Ok(Enrolled::BadCode) };
    let agent = sources::agent();
    tx.execute(MAKE_AGENT, (agent.to_string(), tenant, site, public_key, now.0))?;
    Ok(Enrolled::As(agent))
}

const KEY: &str = "select public_key from agent where id = ?1 and revoked_ms is null";
pub(super) fn key(connection: &Connection, agent: AgentId) -> Result<Option<String>, StoreError> {
    Ok(connection.query_row(KEY, [agent.to_string()], |row| row.get(0)).optional()?)
}

const OLD_NONCES: &str = "delete from agent_nonce where expires_ms <= ?1";
const PUT_NONCE: &str = "
insert into agent_nonce (nonce, agent, expires_ms)
values (?1, ?2, ?3)";
pub(super) fn put_nonce(
    tx: &Transaction<'_>,
    agent: AgentId,
    nonce: &str,
    expires: WallMs,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(OLD_NONCES, [now.0])?;
    tx.execute(PUT_NONCE, (nonce, agent.to_string(), expires.0))?;
    Ok(())
}

const TAKE_NONCE: &str = "delete from agent_nonce where nonce = ?1 and agent = ?2 and expires_ms > ?3";
pub(super) fn take_nonce(
    tx: &Transaction<'_>,
    agent: AgentId,
    nonce: &str,
    now: WallMs,
) -> Result<bool, StoreError> {
    Ok(tx.execute(TAKE_NONCE, (nonce, agent.to_string(), now.0))? == 1)
}

const OLD_TOKENS: &str = "delete from agent_token where expires_ms <= ?1";
const PUT_TOKEN: &str = "
insert into agent_token (token_hash, agent, expires_ms)
values (?1, ?2, ?3)";
pub(super) fn put_token(
    tx: &Transaction<'_>,
    agent: AgentId,
    hash: &str,
    expires: WallMs,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(OLD_TOKENS, [now.0])?;
    tx.execute(PUT_TOKEN, (hash, agent.to_string(), expires.0))?;
    Ok(())
}

const BY_TOKEN: &str = "
select a.id
from agent_token t
join agent a on a.id = t.agent
where t.token_hash = ?1 and t.expires_ms > ?2 and a.revoked_ms is null";
pub(super) fn by_token(
    connection: &Connection,
    hash: &str,
    now: WallMs,
) -> Result<Option<AgentId>, StoreError> {
    Ok(connection.query_row(BY_TOKEN, (hash, now.0), |row| cell::parsed(row, "id")).optional()?)
}

const LIST: &str = "
select a.id, a.site, a.name, a.contact_ms, a.summary, a.backlog_events, max(a.is_quarantined, a.must_resync) as is_quarantined, a.revoked_ms is not null as is_revoked,
  (select count(*) from job j where j.agent = a.id) as jobs_n
from agent a
where a.tenant = ?1
order by a.created_ms, a.id";
pub(super) fn list(connection: &Connection, tenant: TenantId) -> Result<Vec<AgentRow>, StoreError> {
    let mut statement = connection.prepare_cached(LIST)?;
    let rows = statement.query_map([tenant.to_string()], |row| {
        Ok(AgentRow {
            id: cell::parsed(row, "id")?,
            site: cell::parsed(row, "site")?,
            name: row.get("name")?,
            contact_ms: row.get("contact_ms")?,
            summary: cell::json(row, "summary")?,
            backlog_events: cell::count(row, "backlog_events")?,
            is_quarantined: row.get("is_quarantined")?,
            is_revoked: row.get("is_revoked")?,
            jobs_n: cell::small(row, "jobs_n")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const REVOKE: &str = "update agent set revoked_ms = ?3 where id = ?1 and tenant = ?2 and revoked_ms is null";
pub(super) fn revoke(
    tx: &Transaction<'_>,
    tenant: TenantId,
    agent: AgentId,
    now: WallMs,
) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, (agent.to_string(), tenant.to_string(), now.0))? == 1)
}

const RELEASE: &str = "update agent set is_quarantined = 0, must_resync = 0 where id = ?1 and tenant = ?2";
pub(super) fn release(tx: &Transaction<'_>, tenant: TenantId, agent: AgentId) -> Result<bool, StoreError> {
    Ok(tx.execute(RELEASE, (agent.to_string(), tenant.to_string()))? == 1)
}
