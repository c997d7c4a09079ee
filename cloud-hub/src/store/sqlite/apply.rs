//! Takes over an order: upserts it and its lines, and turns the difference of wanted and present into jobs,
//! withdrawals and shelf stock. The same order twice changes nothing.

use protocol::ids::{AgentId, JobId, LineId, OrderId};
use protocol::order::{Event, Present, diff};
use protocol::units::WallMs;
use protocol::wire::v1::{Purpose, Unit};
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{assign, cell, life, machine, progress, restore};
use crate::sources;
use crate::store::{LineKind, LineWish, OrderApplied, OrderWish, PartWish, Stands, StoreError};

/// Jobs of one order that are made at most; an order beyond is held by the worker before it gets here.
pub(in crate::store) const ORDER_JOBS_MAX: u32 = 2_000;

/// Words of traces: short, unlike each other, easy to say on the phone.
const WORDS: [&str; 32] = [
    "KITE", "LAMP", "MOSS", "OPAL", "PINE", "QUAY", "REED", "SAGE", "TIDE", "VINE", "WOLF", "YARN", "BARN",
    "CORK", "DUNE", "ECHO", "FERN", "GATE", "HAWK", "IRIS", "JADE", "KELP", "LARK", "MINT", "NEST", "OATS",
    "PLUM", "RAFT", "SNOW", "TEAL", "URNS", "WAVE",
];

/// The order in hand.
struct Work<'a> {
    tx: &'a Transaction<'a>,
    wish: &'a OrderWish,
    order: OrderId,
    now: WallMs,
    made: u32,
    withdrawn: u32,
    ring: Vec<AgentId>,
}

pub(super) fn apply(tx: &Transaction<'_>, wish: &OrderWish, now: WallMs) -> Result<OrderApplied, StoreError> {
    let (order, is_new, is_stale) = upsert(tx, wish, now)?;
    let mut work = Work { tx, wish, order, now, made: 0, withdrawn: 0, ring: Vec::new() };
    let answer = |work: Work<'_>, is_stale| OrderApplied {
        order,
        is_new,
        is_stale,
        jobs_made: work.made,
        jobs_withdrawn: work.withdrawn,
        ring: work.ring,
    };
    if is_stale {
        return Ok(answer(work, true));
    }
    if is_new {
        progress::milestone(
            tx,
            order,
            "order_received",
            &format!("Order {} came in from the shop.", wish.name),
            now,
        )?;
    }
    work.holds()?;
    let state = progress::state(tx, order)?;
    if state == protocol::order::OrderState::Completed {
        // What was sent stays sent; later edits are for people.
        return Ok(answer(work, false));
    }
    work.lines()?;
    if is_new {
        let text = format!(
            "{} checked: {} of {} lines can be made or packed.",
            wish.name,
            work.clear_lines(),
            wish.lines.len()
        );
        progress::milestone(tx, order, "order_validated", &text, now)?;
    }
    if wish.stands == Stands::Cancelled {
        progress::step(tx, order, Event::Cancelled, now)?;
        progress::drop_open_effects(tx, order, now)?;
    } else if wish.stands == Stands::Sent {
        progress::step(tx, order, Event::Fulfilled, now)?;
        progress::drop_due(tx, order, "It was sent in the shop.", now)?;
    } else if work.made > 0 {
        let jobs = if work.made == 1 { "print job" } else { "print jobs" };
        let text = format!("{} {jobs} made for {}.", work.made, wish.name);
        progress::milestone(tx, order, "print_jobs_created", &text, now)?;
        progress::step(tx, order, Event::JobsMade, now)?;
    }
    progress::advance(tx, order, now)?;
    let ring = assign::open_jobs(tx, wish.tenant, now)?;
    work.ring.extend(ring);
    work.ring.sort_unstable();
    work.ring.dedup();
    Ok(answer(work, false))
}

const FIND: &str = "
select id, shop_updated_ms
from orders
where shop = ?1 and shop_order_id = ?2";
const INSERT: &str = "
insert into orders (id, tenant, shop, shop_order_id, name, correlation, state, customer, email, address, currency, total,
  is_test, placed_ms, shop_updated_ms, due_ms, created_ms, changed_ms)
values (?1, ?2, ?3, ?4, ?5, ?6, 'New', ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?16)";
const UPDATE: &str = "
update orders
set name = ?2, customer = ?3, email = ?4, address = ?5, currency = ?6, total = ?7, is_test = ?8, shop_updated_ms = ?9,
  changed_ms = ?10, version = version + 1
where id = ?1";
fn upsert(tx: &Transaction<'_>, wish: &OrderWish, now: WallMs) -> Result<(OrderId, bool, bool), StoreError> {
    let address = wish.address.as_ref().map(|a| cell::to_json("address", a)).transpose()?;
    let found: Option<(OrderId, i64)> = tx
        .query_row(FIND, (wish.shop.to_string(), &wish.shop_order_id), |row| {
            Ok((cell::parsed(row, "id")?, row.get("shop_updated_ms")?))
        })
        .optional()?;
    if let Some((id, seen_ms)) = found {
        if wish.updated.0 < seen_ms {
            return Ok((id, false, true));
        }
        tx.execute(
            UPDATE,
            params![
                id.to_string(),
                wish.name,
                wish.customer,
                wish.email,
                address,
                wish.currency,
                wish.total,
                wish.is_test,
                wish.updated.0,
                now.0
            ],
        )?;
        return Ok((id, false, false));
    }
    let id = sources::order(wish.shop, &wish.shop_order_id, wish.placed);
    let number: String = wish.name.chars().filter(char::is_ascii_digit).collect();
    let pick = usize::from(id.to_string().bytes().fold(0_u8, u8::wrapping_add)) % WORDS.len();
    let correlation = format!("{}-{number}", WORDS.get(pick).unwrap_or(&"KITE"));
    tx.execute(
        INSERT,
        params![
            id.to_string(),
            wish.tenant.to_string(),
            wish.shop.to_string(),
            wish.shop_order_id,
            wish.name,
            correlation,
            wish.customer,
            wish.email,
            address,
            wish.currency,
            wish.total,
            wish.is_test,
            wish.placed.0,
            wish.updated.0,
            wish.due.map(|d| d.0),
            now.0
        ],
    )?;
    Ok((id, true, false))
}

// A missing address is looked at again with every reading of the order.
const FORGET_HOLDS: &str = "
delete from hold
where orders = ?1 and (source = 'apply' or (source = 'shipping' and subject = 'address'))";
const PUT_HOLD: &str = "
insert into hold (orders, source, subject, reason, created_ms)
values (?1, 'apply', ?2, ?3, ?4)
on conflict (orders, source, subject) do update set reason = excluded.reason";

const PUT_LINE: &str = "
insert into line (id, orders, position, shop_line_id, title, sku, wanted, kind, readable_sku, properties)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
on conflict (orders, shop_line_id) do update set position = excluded.position, title = excluded.title, sku = excluded.sku,
  wanted = excluded.wanted, kind = excluded.kind, readable_sku = excluded.readable_sku, properties = excluded.properties
returning id";
const GONE_LINES: &str = "select id, shop_line_id from line where orders = ?1";
const NOT_WANTED: &str = "update line set wanted = 0 where id = ?1";

const HAS_BEGUN: &str = "
select exists (
  select 1 from job
  where line = ?1 and state in ('Claimed', 'Running', 'NeedsSignOff', 'Unknown', 'Good', 'Replaced', 'Failed'))";
const NOT_CURRENT: &str = "update part set is_current = 0 where line = ?1";
const PUT_PART: &str = "
insert into part (line, label, artifact_key, artifact, wants, unit_label, box_mm, per_piece, is_current)
values (?1, ?2, ?3, ?4, ?5, ?2, ?6, ?7, 1)
on conflict (line, label, artifact_key) do update set is_current = 1, per_piece = excluded.per_piece, wants = excluded.wants";

impl Work<'_> {
    fn clear_lines(&self) -> usize {
        self.wish.lines.iter().filter(|l| l.kind != LineKind::Unresolved).count()
    }

    fn holds(&self) -> Result<(), StoreError> {
        self.tx.execute(FORGET_HOLDS, [self.order.to_string()])?;
        if self.wish.stands != Stands::Open {
            return Ok(());
        }
        for hold in &self.wish.holds {
            self.tx.execute(PUT_HOLD, (self.order.to_string(), &hold.subject, &hold.reason, self.now.0))?;
        }
        Ok(())
    }

    fn lines(&mut self) -> Result<(), StoreError> {
        let known: Vec<(LineId, String)> = {
            let mut statement = self.tx.prepare_cached(GONE_LINES)?;
            let rows = statement.query_map([self.order.to_string()], |row| {
                Ok((cell::parsed(row, "id")?, row.get("shop_line_id")?))
            })?;
            rows.collect::<Result<_, _>>()?
        };
        for wish in &self.wish.lines {
            let line = self.put_line(wish)?;
            self.parts(line, wish)?;
            restore::link(self.tx, self.order, line, wish.position, self.now)?;
            self.balance(line, wish)?;
            if !known.iter().any(|(id, _)| *id == line) && wish.kind == LineKind::Grid {
                let labels: Vec<&str> = wish.parts.iter().map(|p| p.label.as_str()).collect();
                let text = match labels.as_slice() {
                    [one] => format!("{}: one plate, {one}.", wish.title),
                    many => format!("{}: cut into {} plates, {}.", wish.title, many.len(), many.join(", ")),
                };
                progress::milestone(self.tx, self.order, "grid.mapping-ready", &text, self.now)?;
            }
        }
        // A line that the shop no longer lists is a line of which nothing is wanted.
        for (line, shop_line_id) in known {
            if let Some(gone) =
                (!self.wish.lines.iter().any(|w| w.shop_line_id == shop_line_id)).then_some(line)
            {
                self.tx.execute(NOT_WANTED, [gone.to_string()])?;
                let nothing = LineWish {
                    shop_line_id,
                    position: 0,
                    title: String::new(),
                    sku: None,
                    wanted: 0,
                    kind: LineKind::None,
                    readable_sku: None,
                    properties: Vec::new(),
                    parts: Vec::new(),
                };
                self.balance(gone, &nothing)?;
            }
        }
        Ok(())
    }

    fn put_line(&self, wish: &LineWish) -> Result<LineId, StoreError> {
        let properties = cell::to_json("properties", &wish.properties)?;
        let wanted = if self.wish.stands == Stands::Cancelled { 0 } else { wish.wanted };
        let mut statement = self.tx.prepare_cached(PUT_LINE)?;
        Ok(statement.query_row(
            params![
                sources::line().to_string(),
                self.order.to_string(),
                wish.position,
                wish.shop_line_id,
                wish.title,
                wish.sku,
                wanted,
                wish.kind.word(),
                wish.readable_sku,
                properties
            ],
            |row| cell::parsed(row, "id"),
        )?)
    }

    /// A set of which a plate has begun keeps its plan: another cut would not fit the plates that exist.
    fn parts(&self, line: LineId, wish: &LineWish) -> Result<(), StoreError> {
        let has_begun: bool = self.tx.query_row(HAS_BEGUN, [line.to_string()], |row| row.get(0))?;
        if has_begun || (wish.parts.is_empty() && wish.wanted > 0 && wish.kind == LineKind::Unresolved) {
            return Ok(());
        }
        self.tx.execute(NOT_CURRENT, [line.to_string()])?;
        for part in &wish.parts {
            let (artifact, wants) =
                (cell::to_json("artifact", &part.artifact)?, cell::to_json("wants", &part.wants)?);
            let corners = cell::to_json("box", &part.box_mm)?;
            self.tx.execute(
                PUT_PART,
                params![
                    line.to_string(),
                    part.label,
                    part.artifact_key,
                    artifact,
                    wants,
                    corners,
                    part.per_piece
                ],
            )?;
        }
        Ok(())
    }

    /// Makes what is missing and takes back what is too much, part by part.
    fn balance(&mut self, line: LineId, wish: &LineWish) -> Result<(), StoreError> {
        for stored in progress::parts(self.tx, line)? {
            let present = progress::present(self.tx, line, &stored.part)?;
            let all = wish.wanted.saturating_mul(stored.part.per_piece);
            let wanted = match self.wish.stands {
                Stands::Open if stored.is_current => all,
                // What is good has left with the parcel: it is no stock, although the shop wants nothing more.
                Stands::Sent => all.min(present.good),
                Stands::Open | Stands::Cancelled => 0,
            };
            let change = diff(wanted, present);
            if change.make > 0 && self.wish.may_print && wish.kind != LineKind::Unresolved {
                self.make(line, wish, &stored.part, change.make)?;
            }
            if change.withdraw > 0 {
                self.take_back(line, &stored.part, change.withdraw, "'Queued', 'Reserved'")?;
            }
            if change.surplus > 0 {
                self.put_aside(line, &stored.part, change.surplus, present)?;
            }
        }
        Ok(())
    }

    fn make(&mut self, line: LineId, wish: &LineWish, part: &PartWish, units: u32) -> Result<(), StoreError> {
        let from_shelf = progress::take_from_shelf(self.tx, self.wish.tenant, line, part, units)?;
        let purpose = Purpose::Order {
            shop: self.wish.shop,
            order: self.order,
            line: wish.position,
            part: part.label.clone(),
        };
        for _unit in from_shelf..units {
            if self.made >= ORDER_JOBS_MAX {
                return Ok(());
            }
            insert_job(
                self.tx,
                &NewJob {
                    wish: self.wish,
                    order: self.order,
                    line,
                    part,
                    purpose: &purpose,
                    replaces: None,
                    replacements: self.wish.replacements,
                    now: self.now,
                },
            )?;
            self.made += 1;
        }
        Ok(())
    }

    /// Newest first: the oldest are the nearest to being printed.
    fn take_back(
        &mut self,
        line: LineId,
        part: &PartWish,
        units: u32,
        states: &'static str,
    ) -> Result<u32, StoreError> {
        // `states` is one of our own constants, never anything from outside.
        let text = format!(
            "select id from job where line = ?1 and part = ?2 and artifact_key = ?3 and wanted = 1 and state in ({states})
             order by created_ms desc, id desc limit ?4"
        );
        let jobs: Vec<JobId> = {
            let mut statement = self.tx.prepare_cached(&text)?;
            let rows = statement
                .query_map((line.to_string(), &part.label, &part.artifact_key, units), |row| {
                    cell::parsed(row, "id")
                })?;
            rows.collect::<Result<_, _>>()?
        };
        let mut taken = 0;
        for job in jobs {
            let Some(mut at) = machine::load(self.tx, job)? else { continue };
            if taken >= units {
                break;
            }
            taken += at.units_n;
            self.withdrawn += 1;
            self.ring.extend(machine::withdraw(self.tx, &mut at, self.now)?);
        }
        Ok(taken)
    }

    /// What nobody wants any more: not begun → asked back; begun → finished and put on the shelf; good → the shelf.
    fn put_aside(
        &mut self,
        line: LineId,
        part: &PartWish,
        units: u32,
        present: Present,
    ) -> Result<(), StoreError> {
        let mut left = units;
        for states in ["'Claimed'", "'Running', 'NeedsSignOff', 'Unknown'"] {
            if left > 0 && present.held > 0 {
                left = left.saturating_sub(self.take_back(line, part, left, states)?);
            }
        }
        if left > 0 {
            progress::put_on_shelf(self.tx, line, part, left, self.now)?;
        }
        Ok(())
    }
}

/// A job to insert.
pub(super) struct NewJob<'a> {
    wish: &'a OrderWish,
    order: OrderId,
    line: LineId,
    part: &'a PartWish,
    purpose: &'a Purpose,
    replaces: Option<JobId>,
    replacements: u8,
    now: WallMs,
}

const INSERT_JOB: &str = "
insert into job (id, tenant, orders, line, part, artifact_key, kind, label, purpose, units, units_n, artifact, wants,
  replacements_left, state, last_epoch_hub, last_epoch_count, replaces, due_ms, created_ms, changed_ms)
values (?1, ?2, ?3, ?4, ?5, ?6, 'Print', ?5, ?7, ?8, 1, ?9, ?10, ?11, 'Queued', ?12, 0, ?13, ?14, ?15, ?15)";
fn insert_job(tx: &Transaction<'_>, it: &NewJob<'_>) -> Result<JobId, StoreError> {
    let id = sources::job();
    let units = [Unit { id: 1, label: it.part.label.clone(), box_mm: it.part.box_mm }];
    tx.execute(
        INSERT_JOB,
        params![
            id.to_string(),
            it.wish.tenant.to_string(),
            it.order.to_string(),
            it.line.to_string(),
            it.part.label,
            it.part.artifact_key,
            cell::to_json("purpose", it.purpose)?,
            cell::to_json("units", &units)?,
            cell::to_json("artifact", &it.part.artifact)?,
            cell::to_json("wants", &it.part.wants)?,
            it.replacements,
            cell::int(life(tx)?.get())?,
            it.replaces.map(|r| r.to_string()),
            it.wish.due.map(|d| d.0),
            it.now.0
        ],
    )?;
    Ok(id)
}
