//! Accounts, sessions and the audit log. Passwords arrive hashed; session tokens are stored as hashes.

use protocol::ids::TenantId;
use protocol::units::WallMs;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use super::cell;
use crate::sources;
use crate::store::{AuditRow, StoreError, User};

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get("id")?,
        tenant: cell::parsed(row, "tenant")?,
        name: row.get("name")?,
        role: row.get("role")?,
        password_hash: row.get("password_hash")?,
    })
}

const PUT: &str = "
insert into user (id, tenant, name, role, password_hash, created_ms)
values (?1, ?2, ?3, ?4, ?5, ?6)
on conflict (name) do nothing";
pub(super) fn put(
    tx: &Transaction<'_>,
    tenant: TenantId,
    (name, role): (&str, &str),
    hash: &str,
    now: WallMs,
) -> Result<bool, StoreError> {
    Ok(tx.execute(PUT, (sources::row(), tenant.to_string(), name, role, hash, now.0))? == 1)
}

const ONE: &str = "select id, tenant, name, role, password_hash from user where name = ?1";
pub(super) fn one(connection: &Connection, name: &str) -> Result<Option<User>, StoreError> {
    Ok(connection.query_row(ONE, [name], read).optional()?)
}

const LIST: &str = "select id, tenant, name, role, password_hash from user where tenant = ?1 order by name";
pub(super) fn list(connection: &Connection, tenant: TenantId) -> Result<Vec<User>, StoreError> {
    let mut statement = connection.prepare_cached(LIST)?;
    let rows = statement.query_map([tenant.to_string()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const CHANGE: &str = "
update user
set role = coalesce(?2, role), password_hash = coalesce(?3, password_hash)
where name = ?1";
const END_ALL: &str = "delete from session where user in (select id from user where name = ?1)";
pub(super) fn change(
    tx: &Transaction<'_>,
    name: &str,
    role: Option<&str>,
    hash: Option<&str>,
) -> Result<bool, StoreError> {
    let rows = tx.execute(CHANGE, (name, role, hash))?;
    tx.execute(END_ALL, [name])?;
    Ok(rows == 1)
}

const OLD: &str = "delete from session where expires_ms <= ?1";
const OPEN: &str = "
insert into session (token_hash, user, csrf, created_ms, expires_ms)
values (?1, ?2, ?3, ?4, ?5)";
pub(super) fn open(
    tx: &Transaction<'_>,
    hash: &str,
    (user, csrf): (&str, &str),
    expires: WallMs,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(OLD, [now.0])?;
    tx.execute(OPEN, (hash, user, csrf, now.0, expires.0))?;
    Ok(())
}

const SESSION: &str = "
select u.id, u.tenant, u.name, u.role, u.password_hash, s.csrf
from session s
join user u on u.id = s.user
where s.token_hash = ?1 and s.expires_ms > ?2";
pub(super) fn session(
    connection: &Connection,
    hash: &str,
    now: WallMs,
) -> Result<Option<(User, String)>, StoreError> {
    Ok(connection.query_row(SESSION, (hash, now.0), |row| Ok((read(row)?, row.get("csrf")?))).optional()?)
}

const END: &str = "delete from session where token_hash = ?1";
pub(super) fn end(tx: &Transaction<'_>, hash: &str) -> Result<(), StoreError> {
    tx.execute(END, [hash])?;
    Ok(())
}

const AUDIT: &str = "
insert into audit (at_ms, who, what, object, detail)
values (?1, ?2, ?3, ?4, ?5)";
pub(super) fn audit(
    tx: &Transaction<'_>,
    (who, what): (&str, &str),
    object: &str,
    detail: &str,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(AUDIT, (now.0, who, what, object, detail))?;
    Ok(())
}

const AUDITS: &str = "select at_ms, who, what, object, detail from audit order by id desc limit ?1";
pub(super) fn audits(connection: &Connection, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
    let mut statement = connection.prepare_cached(AUDITS)?;
    let rows = statement.query_map([limit], |row| {
        Ok(AuditRow {
            at_ms: row.get("at_ms")?,
            who: row.get("who")?,
            what: row.get("what")?,
            object: row.get("object")?,
            detail: row.get("detail")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
