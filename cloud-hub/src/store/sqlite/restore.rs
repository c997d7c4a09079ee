//! A database that was restored from a backup: a new life of the hub that hands out nothing until every agent has said
//! what it holds (sync rule I9), and that finds the orders of forgotten prints again.

use std::path::Path;

use protocol::ids::{JobId, LineId, OrderId};
use protocol::order::Event;
use protocol::sync::quarantine::next_hub;
use protocol::units::{HubIncarnation, WallMs};
use rusqlite::{Connection, Transaction};

use super::{FIRST, INCARNATION, cell, life, machine, progress};
use crate::db;
use crate::store::StoreError;

const SET_LIFE: &str = "update meta set value = ?2 where name = ?1";
const ASK_ALL: &str = "update agent set must_resync = 1 where revoked_ms is null";
const OPEN: &str = "
select id from job where state in ('Queued', 'Reserved', 'Claimed', 'Running', 'NeedsSignOff', 'Unknown')";
// A call that was due at the backup may have been made since: looked up before it is made.
const DOUBT_CALLS: &str = "
update outbox
set state = 'unknown', changed_ms = ?1, note = 'The hub was restored from a backup: looked up before anything else.'
where state = 'due'";
/// Begins a life later than `seen`, the latest that an agent has met.
pub(super) fn begin(tx: &Transaction<'_>, seen: HubIncarnation, now: WallMs) -> Result<(), StoreError> {
    let hub = next_hub(life(tx)?, [seen]).ok_or(StoreError::NumbersUsedUp("lives of the hub"))?;
    tx.execute(SET_LIFE, (INCARNATION, hub.get().to_string()))?;
    let agents = tx.execute(ASK_ALL, [])?;
    tx.execute(DOUBT_CALLS, [now.0])?;
    let open: Vec<JobId> = {
        let mut statement = tx.prepare(OPEN)?;
        let rows = statement.query_map([], |row| cell::parsed(row, "id"))?;
        rows.collect::<Result<_, _>>()?
    };
    for job in open {
        let Some(mut at) = machine::load(tx, job)? else { continue };
        let before = at.job;
        at.job = before.after_hub_restore(hub);
        machine::save(tx, &before, &at, now)?;
    }
    tracing::warn!(
        "this hub's database was restored: nothing is handed out before {agents} agents have said what they hold"
    );
    Ok(())
}

const WAITS: &str = "select exists (select 1 from agent where revoked_ms is null and must_resync = 1)";
/// Whether an agent has still to be heard.
pub(super) fn waits(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row(WAITS, [], |row| row.get(0))?)
}

const START: &str = "
insert into meta (name, value) values ('starts', '1')
on conflict (name) do update set value = cast(value as integer) + 1
returning cast(value as integer)";
/// Counts a start: a database that was put back has started less often than the file beside it says, and a copy, which may
/// be put where there is no such file, has started no more than that at all.
pub(super) fn count_start(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    let n: i64 = tx.query_row(START, [], |row| row.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

const LINK: &str = "
update job
set orders = ?1, line = ?2, artifact_key = (
  select p.artifact_key from part p where p.line = ?2 and p.label = job.part and p.is_current = 1)
where orders is null and json_extract(purpose, '$.order') = ?1 and json_extract(purpose, '$.line') = ?3
  and exists (select 1 from part p where p.line = ?2 and p.label = job.part and p.is_current = 1)";
/// Gives a line the prints that an agent made for it and that this database forgot.
pub(super) fn link(
    tx: &Transaction<'_>,
    order: OrderId,
    line: LineId,
    position: u32,
    now: WallMs,
) -> Result<(), StoreError> {
    if life(tx)? == FIRST {
        return Ok(()); // Nothing was ever forgotten.
    }
    let found = tx.prepare_cached(LINK)?.execute((order.to_string(), line.to_string(), position))?;
    if found > 0 {
        let text = format!("{found} prints made before the restore found this order again.");
        progress::milestone(tx, order, "print_jobs_created", &text, now)?;
        progress::step(tx, order, Event::JobsMade, now)?;
    }
    Ok(())
}

/// Its next start is number 0, which no running database has. Sessions and tokens are made anew after a restore; secrets of
/// shops are sealed with a key that is not in the file.
const MAKE_A_COPY: &str = "
insert into meta (name, value) values ('starts', '-1') on conflict (name) do update set value = '-1';
delete from session;
delete from agent_token;
delete from agent_nonce;
delete from agent_code;
vacuum;";
/// Writes a whole, checked copy of the database to `to`, which must not exist.
pub(super) fn copy(connection: &Connection, to: &Path) -> Result<(), StoreError> {
    connection.backup(rusqlite::MAIN_DB, to, None)?;
    db::open_copy(to)?.execute_batch(MAKE_A_COPY)?;
    Ok(())
}

const HEALTH: &str = "pragma quick_check(1)";
const IS_HUB: &str = "
select exists (select 1 from sqlite_schema where type = 'table' and name = 'webhook_inbox')";
/// Makes sure that `file`, whoever copied it, is noticed as a copy when it is opened. False: it is no whole database of a
/// hub, and nothing was changed.
///
/// # Errors
/// When the file cannot be read as a database at all.
pub fn adopt_copy(file: &Path) -> Result<bool, StoreError> {
    let copy = db::open_copy(file)?;
    let health: String = copy.query_row(HEALTH, [], |row| row.get(0))?;
    let is_hub: bool = copy.query_row(IS_HUB, [], |row| row.get(0))?;
    if health != "ok" || !is_hub {
        return Ok(false);
    }
    copy.execute_batch(MAKE_A_COPY)?;
    Ok(true)
}
