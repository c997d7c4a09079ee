//! What pages and the API read about orders, jobs, mappings and blobs. Writes nothing but mappings, blobs and holds.

use std::collections::BTreeMap;

use protocol::ids::{JobId, OrderId, Sha256, ShopId, TenantId};
use protocol::units::{Epoch, HubIncarnation, WallMs};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use super::{cell, progress, slices};
use crate::store::{
    AttemptRow, HoldReason, JobRow, LineRow, Milestone, OrderDetail, OrderRow, ShipmentRow, StoreError,
};

/// Entries of one timeline on a page.
const TIMELINE_MAX: u32 = 500;

const COLUMNS: &str = "
select o.id, o.name, o.customer, o.state, o.due_ms, o.placed_ms, o.correlation, o.total, o.currency, o.address
from orders o";

fn holds(connection: &Connection, order: OrderId) -> Result<Vec<HoldReason>, StoreError> {
    const HOLDS: &str = "select subject, reason from hold where orders = ?1 order by created_ms, subject";
    let mut statement = connection.prepare_cached(HOLDS)?;
    let rows = statement.query_map([order.to_string()], |row| {
        Ok(HoldReason { subject: row.get("subject")?, reason: row.get("reason")? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    Ok(OrderRow {
        id: cell::parsed(row, "id")?,
        name: row.get("name")?,
        customer: row.get("customer")?,
        state: row.get("state")?,
        word: String::new(),
        what: String::new(),
        good_n: 0,
        wanted_n: 0,
        printing_n: 0,
        due_ms: row.get("due_ms")?,
        placed_ms: row.get("placed_ms")?,
        correlation: row.get("correlation")?,
        holds: Vec::new(),
    })
}

/// Fills in what comes from lines, parts and holds.
fn complete(connection: &Connection, mut row: OrderRow) -> Result<(OrderRow, Vec<LineRow>), StoreError> {
    row.holds = holds(connection, row.id)?;
    let lines = lines(connection, row.id)?;
    let named: Vec<String> =
        lines.iter().filter(|l| l.wanted > 0).map(|l| format!("{} {}", l.wanted, l.title)).collect();
    row.what = named.join(", ");
    row.good_n = lines.iter().map(|l| l.good_n.min(l.units_n)).sum();
    row.wanted_n = lines.iter().map(|l| l.units_n).sum();
    const PRINTING: &str = "select count(*) as n from job where orders = ?1 and state = 'Running'";
    row.printing_n =
        connection.prepare_cached(PRINTING)?.query_row([row.id.to_string()], |r| cell::small(r, "n"))?;
    let state = progress::from_word(&row.state);
    let is_open = !matches!(row.state.as_str(), "Completed" | "Cancelled");
    row.word = if is_open && !row.holds.is_empty() {
        "On hold"
    } else {
        state.map_or("Unknown", protocol::order::OrderState::word)
    }
    .into();
    Ok((row, lines))
}

fn lines(connection: &Connection, order: OrderId) -> Result<Vec<LineRow>, StoreError> {
    const LINES: &str = "
select id, title, sku, readable_sku, kind, wanted, properties
from line
where orders = ?1
order by position, id";
    let mut statement = connection.prepare_cached(LINES)?;
    let rows = statement.query_map([order.to_string()], |row| {
        Ok(LineRow {
            id: cell::parsed(row, "id")?,
            title: row.get("title")?,
            sku: row.get("sku")?,
            readable_sku: row.get("readable_sku")?,
            kind: row.get("kind")?,
            wanted: cell::small(row, "wanted")?,
            parts: Vec::new(),
            good_n: 0,
            units_n: 0,
            properties: cell::json(row, "properties")?,
        })
    })?;
    let mut out: Vec<LineRow> = rows.collect::<Result<_, _>>()?;
    for line in &mut out {
        for stored in progress::parts(connection, line.id)?.into_iter().filter(|p| p.is_current) {
            let found = progress::present(connection, line.id, &stored.part)?;
            line.good_n += found.good;
            line.units_n += line.wanted.saturating_mul(stored.part.per_piece);
            line.parts.push(stored.part.label);
        }
    }
    Ok(out)
}

pub(super) fn list(
    connection: &Connection,
    tenant: TenantId,
    limit: u32,
) -> Result<Vec<OrderRow>, StoreError> {
    let text = format!(
        "{COLUMNS} where o.tenant = ?1
         order by o.state in ('Completed', 'Cancelled'), case when o.state in ('Completed', 'Cancelled') then -o.changed_ms
           else coalesce(o.due_ms, 9223372036854775807) end, o.placed_ms
         limit ?2"
    );
    let mut statement = connection.prepare_cached(&text)?;
    let rows = statement.query_map((tenant.to_string(), limit), read_row)?;
    let rows: Vec<OrderRow> = rows.collect::<Result<_, _>>()?;
    rows.into_iter().map(|row| complete(connection, row).map(|(row, _)| row)).collect()
}

pub(super) fn one(
    connection: &Connection,
    tenant: TenantId,
    order: OrderId,
) -> Result<Option<OrderDetail>, StoreError> {
    let text = format!("{COLUMNS} where o.tenant = ?1 and o.id = ?2");
    let found = connection.prepare_cached(&text)?.query_row((tenant.to_string(), order.to_string()), |row| {
        let extra: (String, String, Option<String>) =
            (row.get("total")?, row.get("currency")?, row.get("address")?);
        Ok((read_row(row)?, extra))
    });
    let Some((row, (total, currency, address))) = found.optional()? else { return Ok(None) };
    let (row, lines) = complete(connection, row)?;
    Ok(Some(OrderDetail {
        total,
        currency,
        address: address.and_then(|text| serde_json::from_str(&text).ok()),
        lines,
        jobs: jobs(connection, tenant, JobFilter::Order(order))?,
        shipments: shipments(connection, order)?,
        timeline: timeline(connection, order)?,
        row,
    }))
}

const BY_SHOP_ID: &str = "select id from orders where shop = ?1 and shop_order_id = ?2";
pub(super) fn by_shop_id(
    connection: &Connection,
    shop: ShopId,
    shop_order_id: &str,
) -> Result<Option<OrderId>, StoreError> {
    Ok(connection
        .query_row(BY_SHOP_ID, (shop.to_string(), shop_order_id), |row| cell::parsed(row, "id"))
        .optional()?)
}

fn shipments(connection: &Connection, order: OrderId) -> Result<Vec<ShipmentRow>, StoreError> {
    const SHIPMENTS: &str = "
select reference, state, is_test, tracking_number, tracking_url, label_sha256, fulfillment_id
from shipment
where orders = ?1
order by created_ms, id";
    let mut statement = connection.prepare_cached(SHIPMENTS)?;
    let rows = statement.query_map([order.to_string()], |row| {
        Ok(ShipmentRow {
            reference: row.get("reference")?,
            state: row.get("state")?,
            is_test: row.get("is_test")?,
            tracking_number: row.get("tracking_number")?,
            tracking_url: row.get("tracking_url")?,
            label_sha256: row.get("label_sha256")?,
            fulfillment_id: row.get("fulfillment_id")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_milestone(row: &Row<'_>) -> rusqlite::Result<Milestone> {
    Ok(Milestone {
        kind: row.get("kind")?,
        text: row.get("text")?,
        correlation: row.get("correlation")?,
        at_ms: row.get("at_ms")?,
    })
}

fn timeline(connection: &Connection, order: OrderId) -> Result<Vec<Milestone>, StoreError> {
    const TIMELINE: &str = "
select kind, text, correlation, at_ms
from milestone
where orders = ?1
order by id desc
limit ?2";
    let mut statement = connection.prepare_cached(TIMELINE)?;
    let rows = statement.query_map((order.to_string(), TIMELINE_MAX), read_milestone)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const ACTIVITY: &str = "
select kind, text, correlation, at_ms
from milestone
where tenant = ?1
order by id desc
limit ?2";
pub(super) fn activity(
    connection: &Connection,
    tenant: TenantId,
    limit: u32,
) -> Result<Vec<Milestone>, StoreError> {
    let mut statement = connection.prepare_cached(ACTIVITY)?;
    let rows = statement.query_map((tenant.to_string(), limit), read_milestone)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Which jobs to read.
#[derive(Debug, Clone, Copy)]
pub(super) enum JobFilter {
    Order(OrderId),
    One(JobId),
    Newest(u32),
}

const JOBS: &str = "
select j.id, j.orders, j.label, j.kind, j.state, j.agent, s.name as site, j.epoch_hub, j.epoch_count, j.replaces, j.needs_answer,
  j.wanted, j.created_ms, made.sha256, made.time_s, made.filament_mm, made.mass_g,
  (select d.reason from declined d where d.job = j.id and j.state = 'Queued' order by d.at_ms desc limit 1) as declined
from job j
left join slice made on made.job = j.id
left join agent a on a.id = j.agent
left join site s on s.id = a.site
where j.tenant = ?1 and (?2 is null or j.orders = ?2) and (?3 is null or j.id = ?3)
order by j.created_ms desc, j.id desc
limit ?4";
pub(super) fn jobs(
    connection: &Connection,
    tenant: TenantId,
    filter: JobFilter,
) -> Result<Vec<JobRow>, StoreError> {
    let (order, job, limit) = match filter {
        JobFilter::Order(order) => (Some(order.to_string()), None, u32::MAX),
        JobFilter::One(job) => (None, Some(job.to_string()), 1),
        JobFilter::Newest(limit) => (None, None, limit),
    };
    let mut statement = connection.prepare_cached(JOBS)?;
    let rows = statement.query_map((tenant.to_string(), order, job, limit), |row| {
        let counts: (Option<i64>, Option<i64>) = (row.get("epoch_hub")?, row.get("epoch_count")?);
        let epoch = match counts {
            (Some(_), Some(_)) => Some(Epoch {
                hub: HubIncarnation::new(cell::count(row, "epoch_hub")?),
                count: cell::count(row, "epoch_count")?,
            }),
            _none => None,
        };
        Ok(JobRow {
            id: cell::parsed(row, "id")?,
            order: cell::parsed_opt(row, "orders")?,
            label: row.get("label")?,
            kind: row.get("kind")?,
            state: row.get("state")?,
            slice: slices::read(row)?,
            declined: row.get("declined")?,
            agent: cell::parsed_opt(row, "agent")?,
            site: row.get("site")?,
            epoch,
            replaces: cell::parsed_opt(row, "replaces")?,
            needs_answer: row.get("needs_answer")?,
            is_wanted: row.get("wanted")?,
            created_ms: row.get("created_ms")?,
            attempts: Vec::new(),
        })
    })?;
    let mut out: Vec<JobRow> = rows.collect::<Result<_, _>>()?;
    for job in &mut out {
        job.attempts = attempts(connection, job.id)?;
    }
    if matches!(filter, JobFilter::Order(_)) {
        out.reverse();
        out.sort_by(|a, b| a.label.cmp(&b.label));
    }
    Ok(out)
}

fn attempts(connection: &Connection, job: JobId) -> Result<Vec<AttemptRow>, StoreError> {
    const ATTEMPTS: &str = "
select attempt, printer, state, done_permille, note, started_ms, ended_ms
from attempt
where job = ?1
order by started_ms, attempt";
    let mut statement = connection.prepare_cached(ATTEMPTS)?;
    let rows = statement.query_map([job.to_string()], |row| {
        Ok(AttemptRow {
            attempt: row.get("attempt")?,
            printer: row.get("printer")?,
            state: row.get("state")?,
            done_permille: cell::small(row, "done_permille")?,
            note: row.get("note")?,
            started_ms: row.get("started_ms")?,
            ended_ms: row.get("ended_ms")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const PUT_BLOB: &str = "
insert into blob (sha256, bytes, name, created_ms)
values (?1, ?2, ?3, ?4)
on conflict (sha256) do nothing";
pub(super) fn put_blob(
    tx: &Transaction<'_>,
    sha256: Sha256,
    bytes: u64,
    name: &str,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(PUT_BLOB, (sha256.to_string(), cell::int(bytes)?, name, now.0))?;
    Ok(())
}

const BLOB: &str = "select bytes, name from blob where sha256 = ?1";
pub(super) fn blob(connection: &Connection, sha256: Sha256) -> Result<Option<(u64, String)>, StoreError> {
    Ok(connection
        .query_row(BLOB, [sha256.to_string()], |row| Ok((cell::count(row, "bytes")?, row.get("name")?)))
        .optional()?)
}

const EXISTS: &str = "select exists (select 1 from orders where id = ?1 and tenant = ?2)";
const HOLD: &str = "
insert into hold (orders, source, subject, reason, created_ms)
values (?1, 'person', 'person', ?2, ?3)
on conflict (orders, source, subject) do update set reason = excluded.reason";
const UNHOLD: &str = "delete from hold where orders = ?1 and source = 'person'";
pub(super) fn set_hold(
    tx: &Transaction<'_>,
    tenant: TenantId,
    order: OrderId,
    reason: Option<&str>,
    who: &str,
    now: WallMs,
) -> Result<bool, StoreError> {
    let exists: bool = tx.query_row(EXISTS, (order.to_string(), tenant.to_string()), |row| row.get(0))?;
    if !exists {
        return Ok(false);
    }
    match reason {
        Some(reason) => {
            tx.execute(HOLD, (order.to_string(), reason, now.0))?;
            progress::milestone(tx, order, "hold_set", &format!("{who} put it on hold: {reason}"), now)?;
        }
        None => {
            tx.execute(UNHOLD, [order.to_string()])?;
            progress::milestone(tx, order, "hold_released", &format!("{who} released it."), now)?;
            progress::advance(tx, order, now)?;
        }
    }
    Ok(true)
}

/// Open orders by state, for `/metrics`.
pub(super) fn counts(connection: &Connection) -> Result<Vec<(String, String, u64)>, StoreError> {
    const COUNTS: &str = "
select 'orders' as name, state as label, count(*) as n from orders group by state
union all select 'jobs', state, count(*) from job group by state
union all select 'webhooks', state, count(*) from webhook_inbox group by state
union all select 'outbox', state, count(*) from outbox group by state
union all select 'events', outcome, count(*) from event group by outcome";
    let mut statement = connection.prepare_cached(COUNTS)?;
    let rows =
        statement.query_map([], |row| Ok((row.get("name")?, row.get("label")?, cell::count(row, "n")?)))?;
    let mut all: Vec<(String, String, u64)> = rows.collect::<Result<_, _>>()?;
    // Every state is there from the start, so that an alert on a missing one never means "none yet".
    let mut known = BTreeMap::new();
    for state in ["New", "InProduction", "ReadyToShip", "Completed", "Cancelled"] {
        known.insert(("orders".to_owned(), state.to_owned()), 0);
    }
    known.extend(all.drain(..).map(|(name, label, n)| ((name, label), n)));
    Ok(known.into_iter().map(|((name, label), n)| (name, label, n)).collect())
}
