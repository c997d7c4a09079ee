//! What an order's parts say about the order: counts, states, milestones, and the step from "all good" to a label.

use protocol::ids::{LineId, OrderId, TenantId};
use protocol::order::{Event, OrderState, Present};
use protocol::units::WallMs;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::milestones::{self, About};
use super::{cell, outbox};
use crate::store::{PartWish, StoreError};

/// A stored part of a line.
pub(super) struct StoredPart {
    pub(super) part: PartWish,
    pub(super) is_current: bool,
}

const PARTS: &str = "
select label, artifact_key, artifact, wants, box_mm, per_piece, is_current
from part
where line = ?1
order by label, artifact_key";
pub(super) fn parts(connection: &Connection, line: LineId) -> Result<Vec<StoredPart>, StoreError> {
    let mut statement = connection.prepare_cached(PARTS)?;
    let rows = statement.query_map([line.to_string()], |row| {
        let part = PartWish {
            label: row.get("label")?,
            artifact_key: row.get("artifact_key")?,
            artifact: cell::json(row, "artifact")?,
            wants: cell::json(row, "wants")?,
            box_mm: cell::json(row, "box_mm")?,
            per_piece: cell::small(row, "per_piece")?,
        };
        Ok(StoredPart { part, is_current: row.get("is_current")? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

// A job that waits for "print again?" counts as held: nothing is made in its place before the answer. What a replacement
// makes anew counts there and not here, in whatever order its adoption and the sign-off are read.
const PRESENT: &str = "
select
  coalesce(sum(case when to_shelf = 0 then good_n else 0 end), 0) as good,
  coalesce(sum(case when wanted = 1 and (needs_answer = 1 or state in ('Claimed', 'Running', 'NeedsSignOff', 'Unknown'))
    then max(units_n - good_n - coalesce((select r.units_n from job r where r.replaces = job.id), 0), 0) else 0 end), 0) as held,
  coalesce(sum(case when wanted = 1 and state in ('Queued', 'Reserved') then units_n else 0 end), 0) as open
from job
where line = ?1 and part = ?2 and artifact_key = ?3";
const FROM_SHELF: &str = "
select coalesce(sum(units_n), 0) as n
from shelf_use
where line = ?1 and part = ?2 and artifact_key = ?3";
/// Units of a part that exist or are coming.
pub(super) fn present(connection: &Connection, line: LineId, part: &PartWish) -> Result<Present, StoreError> {
    let line = line.to_string();
    let key = (&line, &part.label, &part.artifact_key);
    let mut found = connection.prepare_cached(PRESENT)?.query_row(key, |row| {
        Ok(Present {
            good: cell::small(row, "good")?,
            held: cell::small(row, "held")?,
            open: cell::small(row, "open")?,
        })
    })?;
    found.good += connection.prepare_cached(FROM_SHELF)?.query_row(key, |row| cell::small(row, "n"))?;
    Ok(found)
}

const STATE: &str = "select state from orders where id = ?1";
pub(super) fn state(connection: &Connection, order: OrderId) -> Result<OrderState, StoreError> {
    let word: String = connection.query_row(STATE, [order.to_string()], |row| row.get(0))?;
    from_word(&word).ok_or_else(|| StoreError::Stored {
        what: "state",
        object: order.to_string(),
        text: word,
    })
}

/// A stored state.
pub(super) fn from_word(word: &str) -> Option<OrderState> {
    Some(match word {
        "New" => OrderState::New,
        "InProduction" => OrderState::InProduction,
        "ReadyToShip" => OrderState::ReadyToShip,
        "Completed" => OrderState::Completed,
        "Cancelled" => OrderState::Cancelled,
        _unknown => return None,
    })
}

const SET_STATE: &str = "
update orders
set state = ?3, changed_ms = ?4, completed_ms = case when ?3 = 'Completed' then ?4 else completed_ms end,
  version = version + 1
where id = ?1 and state = ?2";
/// One step of the order's machine; true when it changed something.
pub(super) fn step(
    tx: &Transaction<'_>,
    order: OrderId,
    event: Event,
    now: WallMs,
) -> Result<bool, StoreError> {
    let from = state(tx, order)?;
    let Some(to) = from.after(event) else { return Ok(false) };
    let rows = tx.execute(SET_STATE, (order.to_string(), format!("{from:?}"), format!("{to:?}"), now.0))?;
    assert_eq!(rows, 1, "an order that was read is still the same within its transaction");
    match to {
        OrderState::Completed => milestone(tx, order, "flow_completed", "Everything done.", now)?,
        OrderState::Cancelled => milestone(tx, order, "order_cancelled", "Cancelled by the shop.", now)?,
        OrderState::New | OrderState::InProduction | OrderState::ReadyToShip => {}
    }
    Ok(true)
}

const MILESTONE: &str = "
insert into milestone (tenant, orders, correlation, kind, text, at_ms)
select tenant, id, correlation, ?2, ?3, ?4
from orders
where id = ?1
returning correlation";
/// Adds an entry to an order's timeline and the log.
pub(super) fn milestone(
    tx: &Transaction<'_>,
    order: OrderId,
    kind: &str,
    text: &str,
    now: WallMs,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(MILESTONE)?;
    let correlation: String =
        statement.query_row((order.to_string(), kind, text, now.0), |row| row.get(0))?;
    let text = format!("{correlation}: {kind}");
    let about =
        About { order: Some(order.to_string()), correlation: Some(correlation), text, ..About::default() };
    milestones::note(kind, about);
    Ok(())
}

const HAS_MILESTONE: &str = "select exists (select 1 from milestone where orders = ?1 and kind = ?2)";
/// The same, unless the order has one of this kind.
pub(super) fn milestone_once(
    tx: &Transaction<'_>,
    order: OrderId,
    kind: &str,
    text: &str,
    now: WallMs,
) -> Result<(), StoreError> {
    let has: bool = tx.query_row(HAS_MILESTONE, (order.to_string(), kind), |row| row.get(0))?;
    if has { Ok(()) } else { milestone(tx, order, kind, text, now) }
}

const LINES: &str = "select id, wanted, kind from line where orders = ?1";
const HOLDS: &str = "select count(*) from hold where orders = ?1";
/// Looks at all parts: an order whose parts are all good becomes ready, and is sent unless it is on hold.
pub(super) fn advance(tx: &Transaction<'_>, order: OrderId, now: WallMs) -> Result<(), StoreError> {
    if matches!(state(tx, order)?, OrderState::Completed | OrderState::Cancelled) {
        return Ok(());
    }
    let lines: Vec<(LineId, u32, String)> = {
        let mut statement = tx.prepare_cached(LINES)?;
        let rows = statement.query_map([order.to_string()], |row| {
            Ok((cell::parsed(row, "id")?, cell::small(row, "wanted")?, row.get("kind")?))
        })?;
        rows.collect::<Result<_, _>>()?
    };
    let (mut is_waiting, mut sends_n, mut all_begun, mut has_jobs) = (false, 0, true, false);
    for (line, wanted, kind) in lines.into_iter().filter(|(_, wanted, _)| *wanted > 0) {
        match kind.as_str() {
            "none" => continue,
            "unresolved" => is_waiting = true,
            _made_or_picked => {}
        }
        sends_n += 1;
        for stored in parts(tx, line)?.iter().filter(|p| p.is_current) {
            let found = present(tx, line, &stored.part)?;
            let needed = wanted.saturating_mul(stored.part.per_piece);
            is_waiting |= found.good < needed;
            has_jobs = true;
            all_begun &= found.good + begun(tx, line, &stored.part)? >= needed;
        }
    }
    if has_jobs && all_begun && !is_waiting {
        milestone_once(tx, order, "all_jobs_printing", "All plates have been started.", now)?;
    } else if has_jobs && all_begun {
        milestone_once(tx, order, "all_jobs_printing", "All plates are printing or printed.", now)?;
    }
    if is_waiting {
        // Only what was ready goes back; an order that waits for its money is not in production.
        if state(tx, order)? == OrderState::ReadyToShip {
            step(tx, order, Event::MoreWanted, now)?;
        }
        return Ok(());
    }
    if sends_n == 0 {
        return Ok(());
    }
    if step(tx, order, Event::AllPartsGood, now)? {
        milestone(tx, order, "all_jobs_completed", "All parts are good.", now)?;
    }
    let holds: i64 = tx.query_row(HOLDS, [order.to_string()], |row| row.get(0))?;
    if holds == 0 {
        outbox::want_label(tx, order, now)?;
    }
    Ok(())
}

const BEGUN: &str = "
select coalesce(sum(units_n), 0) as n
from job
where line = ?1 and part = ?2 and artifact_key = ?3 and state in ('Running', 'NeedsSignOff', 'Unknown')";
fn begun(connection: &Connection, line: LineId, part: &PartWish) -> Result<u32, StoreError> {
    let key = (line.to_string(), &part.label, &part.artifact_key);
    Ok(connection.prepare_cached(BEGUN)?.query_row(key, |row| cell::small(row, "n"))?)
}

const SHELF: &str = "select units_n from shelf where tenant = ?1 and artifact_key = ?2";
const TAKE: &str =
    "update shelf set units_n = units_n - ?3 where tenant = ?1 and artifact_key = ?2 and units_n >= ?3";
const USE: &str = "
insert into shelf_use (line, part, artifact_key, units_n)
values (?1, ?2, ?3, ?4)
on conflict (line, part, artifact_key) do update set units_n = units_n + excluded.units_n";
/// Takes up to `units` of a part from the shelf for a line; answers how many.
pub(super) fn take_from_shelf(
    tx: &Transaction<'_>,
    tenant: TenantId,
    line: LineId,
    part: &PartWish,
    units: u32,
) -> Result<u32, StoreError> {
    let there = tx
        .query_row(SHELF, (tenant.to_string(), &part.artifact_key), |row| cell::small(row, "units_n"))
        .optional()?;
    let taken = there.unwrap_or(0).min(units);
    if taken > 0 {
        tx.execute(TAKE, (tenant.to_string(), &part.artifact_key, taken))?;
        tx.execute(USE, (line.to_string(), &part.label, &part.artifact_key, taken))?;
    }
    Ok(taken)
}

const ADD: &str = "
insert into shelf (tenant, artifact_key, label, units_n)
values (?1, ?2, ?3, ?4)
on conflict (tenant, artifact_key) do update set units_n = units_n + excluded.units_n";
/// Puts good units on the shelf.
pub(super) fn add_to_shelf(
    tx: &Transaction<'_>,
    tenant: TenantId,
    key: &str,
    label: &str,
    units: u32,
) -> Result<(), StoreError> {
    tx.execute(ADD, (tenant.to_string(), key, label, units))?;
    Ok(())
}

const GOOD_JOBS: &str = "
select id, tenant, good_n
from job
where line = ?1 and part = ?2 and artifact_key = ?3 and to_shelf = 0 and good_n > 0
order by created_ms desc, id desc";
const TO_SHELF: &str = "update job set to_shelf = 1, changed_ms = ?2 where id = ?1 and to_shelf = 0";
const UNUSE: &str = "
update shelf_use
set units_n = units_n - ?4
where line = ?1 and part = ?2 and artifact_key = ?3 and units_n >= ?4";
const LINE_TENANT: &str = "select o.tenant from line l join orders o on o.id = l.orders where l.id = ?1";
/// Gives good units that a line no longer wants to the shelf: first those that came from it, then whole jobs.
pub(super) fn put_on_shelf(
    tx: &Transaction<'_>,
    line: LineId,
    part: &PartWish,
    units: u32,
    now: WallMs,
) -> Result<(), StoreError> {
    let mut left = units;
    let tenant: TenantId =
        tx.query_row(LINE_TENANT, [line.to_string()], |row| cell::parsed(row, "tenant"))?;
    let line = line.to_string();
    let key = (&line, &part.label, &part.artifact_key);
    let used = tx.prepare_cached(FROM_SHELF)?.query_row(key, |row| cell::small(row, "n"))?;
    let back = used.min(left);
    if back > 0 {
        tx.execute(UNUSE, (key.0, key.1, key.2, back))?;
        add_to_shelf(tx, tenant, &part.artifact_key, &part.label, back)?;
        left -= back;
    }
    let jobs: Vec<(String, u32)> = {
        let mut statement = tx.prepare_cached(GOOD_JOBS)?;
        let rows = statement.query_map(key, |row| Ok((row.get("id")?, cell::small(row, "good_n")?)))?;
        rows.collect::<Result<_, _>>()?
    };
    for (job, good_n) in jobs {
        if good_n > left {
            continue;
        }
        tx.execute(TO_SHELF, (job, now.0))?;
        add_to_shelf(tx, tenant, &part.artifact_key, &part.label, good_n)?;
        left -= good_n;
    }
    Ok(())
}

const DROP_EFFECTS: &str = "
update outbox
set state = 'dropped', note = ?3, changed_ms = ?2
where orders = ?1 and state in ('due', 'dead')";
const BOUGHT: &str = "select reference, service_id from shipment where orders = ?1 and state = 'bought' and fulfillment_id is null";
/// Calls that were certainly not made are not made any more.
pub(super) fn drop_due(
    tx: &Transaction<'_>,
    order: OrderId,
    why: &str,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(DROP_EFFECTS, (order.to_string(), now.0, why))?;
    Ok(())
}

/// A cancelled order buys nothing more, and labels that were bought are given back.
pub(super) fn drop_open_effects(tx: &Transaction<'_>, order: OrderId, now: WallMs) -> Result<(), StoreError> {
    drop_due(tx, order, "The order was cancelled.", now)?;
    let bought: Vec<(String, Option<String>)> = {
        let mut statement = tx.prepare_cached(BOUGHT)?;
        let rows = statement
            .query_map([order.to_string()], |row| Ok((row.get("reference")?, row.get("service_id")?)))?;
        rows.collect::<Result<_, _>>()?
    };
    for (reference, service_id) in bought {
        if let Some(service_id) = service_id {
            outbox::want_cancel(tx, order, &reference, &service_id, now)?;
        }
    }
    Ok(())
}
