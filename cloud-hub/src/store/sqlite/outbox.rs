//! Outbound calls as rows. A row is in flight, committed, before anything is called; its result follows after.
//!
//! Invariant: at most one label per order is wanted or bought, and at most one fulfilment per label: both keys are unique.

use protocol::ids::{OrderId, TenantId};
use protocol::order::Event;
use protocol::units::WallMs;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::milestones::{self, About};
use super::{cell, progress};
use crate::sources;
use crate::store::{
    Address, BoughtLabel, Effect, FulfillIntent, LabelIntent, OutboxRow, Outcome, StoreError, Taken,
};

/// Delays after definite refusals; then the row is dead and a person is asked.
pub(in crate::store) const TRIES_MAX: u32 = 5;
/// How long a row waits for a service that does not answer before it is dead, milliseconds: 14 days.
const WAIT_MS_MAX: i64 = 14 * 24 * 3_600_000;

const INSERT: &str = "
insert into outbox (id, tenant, orders, service, kind, effect_key, body, state, due_ms, created_ms, changed_ms)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'due', ?8, ?8, ?8)
on conflict (effect_key) do nothing";
const ORDER_TENANT: &str = "select tenant from orders where id = ?1";
fn insert(
    tx: &Transaction<'_>,
    order: OrderId,
    key: &str,
    effect: &Effect,
    now: WallMs,
) -> Result<bool, StoreError> {
    let tenant: String = tx.query_row(ORDER_TENANT, [order.to_string()], |row| row.get(0))?;
    let (kind, service) = effect.words();
    let body = cell::to_json("effect", effect)?;
    let rows = tx.execute(
        INSERT,
        params![sources::row(), tenant, order.to_string(), service, kind, key, body, now.0],
    )?;
    Ok(rows == 1)
}

const ORDER: &str = "select name, email, address, shop, shop_order_id from orders where id = ?1";
const LIVE_SHIPMENT: &str =
    "select exists (select 1 from shipment where orders = ?1 and state in ('wanted', 'bought'))";
const SHIPMENTS: &str = "select count(*) from shipment where orders = ?1";
const PUT_SHIPMENT: &str = "
insert into shipment (id, orders, reference, state, is_test, created_ms, changed_ms)
values (?1, ?2, ?3, 'wanted', 0, ?4, ?4)";
const HOLD: &str = "
insert into hold (orders, source, subject, reason, created_ms)
values (?1, 'shipping', ?2, ?3, ?4)
on conflict (orders, source, subject) do update set reason = excluded.reason";
const UNHOLD: &str = "delete from hold where orders = ?1 and source = 'shipping' and subject = ?2";

fn hold(
    tx: &Transaction<'_>,
    order: OrderId,
    subject: &str,
    reason: &str,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(HOLD, (order.to_string(), subject, reason, now.0))?;
    Ok(())
}

/// Wants a label for an order that is ready, unless it has one.
pub(super) fn want_label(tx: &Transaction<'_>, order: OrderId, now: WallMs) -> Result<(), StoreError> {
    let has_one: bool = tx.query_row(LIVE_SHIPMENT, [order.to_string()], |row| row.get(0))?;
    if has_one {
        return Ok(());
    }
    let (name, email, address): (String, Option<String>, Option<String>) =
        tx.query_row(ORDER, [order.to_string()], |row| {
            Ok((row.get("name")?, row.get("email")?, row.get("address")?))
        })?;
    let Some(to) = address.and_then(|text| serde_json::from_str::<Address>(&text).ok()) else {
        return hold(
            tx,
            order,
            "address",
            "The shop gives no address for this order, so no label can be bought.",
            now,
        );
    };
    let n: i64 = tx.query_row(SHIPMENTS, [order.to_string()], |row| row.get(0))?;
    let reference = format!("{order}-{}", n + 1);
    tx.execute(PUT_SHIPMENT, (sources::row(), order.to_string(), &reference, now.0))?;
    let effect = Effect::Label(LabelIntent { reference: reference.clone(), order_name: name, to, email });
    let is_new = insert(tx, order, &format!("label:{reference}"), &effect, now)?;
    assert!(is_new, "a new shipment has a new reference");
    Ok(())
}

/// Wants a bought label to be given back.
pub(super) fn want_cancel(
    tx: &Transaction<'_>,
    order: OrderId,
    reference: &str,
    service_id: &str,
    now: WallMs,
) -> Result<(), StoreError> {
    let effect = Effect::CancelLabel { service_id: service_id.to_owned(), reference: reference.to_owned() };
    insert(tx, order, &format!("cancel:{reference}"), &effect, now)?;
    Ok(())
}

const ORPHANS: &str = "
update outbox
set state = 'unknown', owner = null, boot = null, due_ms = ?2, changed_ms = ?2,
  note = 'The hub stopped during the call: looked up before anything else.'
where state = 'in_flight' and boot <> ?1";
pub(super) fn mark_orphans(tx: &Transaction<'_>, boot: &str, now: WallMs) -> Result<u32, StoreError> {
    Ok(u32::try_from(tx.execute(ORPHANS, (boot, now.0))?).unwrap_or(u32::MAX))
}

// A label or fulfilment goes out only while its order is ready and nobody holds it; a doubtful call is cleared up always.
const NEXT: &str = "
select id, tenant, orders, body, state, tries_n, waiting_since_ms
from outbox
where service = ?1 and state in ('due', 'unknown') and due_ms <= ?2
  and (state = 'unknown' or kind = 'cancel_label' or (
    exists (select 1 from orders o where o.id = outbox.orders and o.state = 'ReadyToShip')
    and not exists (select 1 from hold h where h.orders = outbox.orders and h.source <> 'shipping')))
order by due_ms, id
limit 1";
// A row that may have worked before stays suspect: if this process dies, the next one looks up again in any case.
const FLY: &str = "
update outbox
set state = 'in_flight', owner = ?2, boot = ?3, changed_ms = ?4
where id = ?1 and state in ('due', 'unknown')";
pub(super) fn take(
    tx: &Transaction<'_>,
    service: &str,
    owner: &str,
    boot: &str,
    now: WallMs,
) -> Result<Option<Taken>, StoreError> {
    let next = tx.prepare_cached(NEXT)?.query_row((service, now.0), |row| {
        let state: String = row.get("state")?;
        Ok(Taken {
            id: row.get("id")?,
            tenant: cell::parsed(row, "tenant")?,
            order: cell::parsed_opt(row, "orders")?,
            effect: cell::json(row, "body")?,
            may_have_worked: state == "unknown",
            tries_n: cell::small(row, "tries_n")?,
            waiting_since: row.get::<_, Option<i64>>("waiting_since_ms")?.map(WallMs),
        })
    });
    let Some(taken) = next.optional()? else { return Ok(None) };
    let rows = tx.execute(FLY, (&taken.id, owner, boot, now.0))?;
    assert_eq!(rows, 1, "a row that was read is still there within its transaction");
    tell(&taken.effect, taken.order, "in_flight");
    Ok(Some(taken))
}

const INTENT: &str = "update outbox set body = ?2, changed_ms = ?3 where id = ?1 and state = 'in_flight'";
pub(super) fn set_intent(
    tx: &Transaction<'_>,
    id: &str,
    effect: &Effect,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(INTENT, (id, cell::to_json("effect", effect)?, now.0))?;
    tell(effect, None, "intent_stored");
    Ok(())
}

/// A line of the log about a call, for example `label_in_flight`.
fn tell(effect: &Effect, order: Option<OrderId>, what: &str) {
    let (kind, service) = effect.words();
    let text = format!("a call to {service}: {kind} is {what}");
    let about = About { order: order.map(|o| o.to_string()), text, ..About::default() };
    milestones::note(&format!("{kind}_{what}"), about);
}

const FLYING: &str = "
select orders, body, tries_n, waiting_since_ms
from outbox
where id = ?1 and state = 'in_flight'";
const LEAVE: &str = "
update outbox
set state = ?2, owner = null, boot = null, due_ms = ?3, tries_n = ?4, waiting_since_ms = ?5, note = ?6, changed_ms = ?7
where id = ?1 and state = 'in_flight'";
/// Leaves a row; a row that somebody else left already stays as it is.
pub(super) fn finish(
    tx: &Transaction<'_>,
    id: &str,
    outcome: &Outcome,
    now: WallMs,
) -> Result<(), StoreError> {
    let flying = tx.query_row(FLYING, [id], |row| {
        let order: Option<OrderId> = cell::parsed_opt(row, "orders")?;
        Ok((
            order,
            cell::json::<Effect>(row, "body")?,
            cell::small(row, "tries_n")?,
            row.get::<_, Option<i64>>("waiting_since_ms")?,
        ))
    });
    let Some((order, effect, tries_n, since)) = flying.optional()? else { return Ok(()) };
    let waiting = since.unwrap_or(now.0);
    let is_too_long = now.0 - waiting > WAIT_MS_MAX;
    let (state, due, tries, since, note) = match outcome {
        Outcome::Bought(_) | Outcome::Fulfilled(_) | Outcome::LabelCancelled => {
            ("done", now.0, tries_n, None, String::new())
        }
        Outcome::NotDone { note, .. } if is_too_long => {
            ("dead", now.0, tries_n, None, format!("Given up after 14 days: {note}"))
        }
        Outcome::NotDone { due, note } => ("due", due.0, tries_n, Some(waiting), note.clone()),
        // Not knowing never ends in buying again: a person decides after two weeks.
        Outcome::Unknown { note, .. } if is_too_long => {
            ("dead", now.0, tries_n, None, format!("Nobody knows whether it was done: {note}"))
        }
        Outcome::Unknown { due, note } => ("unknown", due.0, tries_n, Some(waiting), note.clone()),
        Outcome::Refused { note, .. } if tries_n + 1 > TRIES_MAX => {
            ("dead", now.0, tries_n + 1, None, note.clone())
        }
        Outcome::Refused { due, note } => ("due", due.0, tries_n + 1, None, note.clone()),
        Outcome::Dead { reason } => ("dead", now.0, tries_n, None, reason.clone()),
    };
    tx.execute(LEAVE, params![id, state, due, tries, since, note, now.0])?;
    let Some(order) = order else { return Ok(()) };
    follow(tx, order, &effect, outcome, now)?;
    let subject = effect.words().0;
    if state == "dead" {
        hold(tx, order, subject, &note, now)?;
        progress::milestone(tx, order, "flow_failed", &note, now)?;
        if let Effect::Label(intent) = &effect {
            tx.execute(FAILED, (&intent.reference, now.0))?;
        }
    } else if state == "done" {
        tx.execute(UNHOLD, (order.to_string(), subject))?;
    }
    Ok(())
}

const FAILED: &str =
    "update shipment set state = 'failed', changed_ms = ?2 where reference = ?1 and state = 'wanted'";
const BOUGHT: &str = "
update shipment
set state = 'bought', is_test = ?2, service_id = ?3, parcel = ?4, tracking_number = ?5, tracking_url = ?6, carrier = ?7,
  label_sha256 = ?8, changed_ms = ?9
where reference = ?1 and state in ('wanted', 'failed')";
const FULFILLED: &str = "update shipment set fulfillment_id = ?2, changed_ms = ?3 where reference = ?1";
const CANCELLED: &str =
    "update shipment set state = 'cancelled', changed_ms = ?2 where reference = ?1 and state = 'bought'";

/// What a result means for the order, in the same transaction.
fn follow(
    tx: &Transaction<'_>,
    order: OrderId,
    effect: &Effect,
    outcome: &Outcome,
    now: WallMs,
) -> Result<(), StoreError> {
    match (outcome, effect) {
        (Outcome::Bought(label), Effect::Label(intent)) => bought(tx, order, intent, label, now),
        (Outcome::Fulfilled(gid), Effect::Fulfill(intent)) => {
            tx.execute(FULFILLED, (&intent.reference, gid, now.0))?;
            progress::milestone(tx, order, "fulfillment_created", "The shop knows that it was sent.", now)?;
            progress::step(tx, order, Event::Fulfilled, now).map(drop)
        }
        (Outcome::LabelCancelled, Effect::CancelLabel { reference, .. }) => {
            tx.execute(CANCELLED, (reference, now.0))?;
            progress::milestone(tx, order, "shipping_label_cancelled", "The label was given back.", now)
        }
        (
            Outcome::NotDone { .. }
            | Outcome::Unknown { .. }
            | Outcome::Refused { .. }
            | Outcome::Dead { .. },
            _,
        ) => Ok(()),
        (Outcome::Bought(_) | Outcome::Fulfilled(_) | Outcome::LabelCancelled, _) => {
            debug_assert!(false, "the outcome of another kind of effect");
            Ok(())
        }
    }
}

fn bought(
    tx: &Transaction<'_>,
    order: OrderId,
    intent: &LabelIntent,
    label: &BoughtLabel,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(
        BOUGHT,
        params![
            intent.reference,
            label.is_test,
            label.service_id,
            label.parcel,
            label.tracking_number,
            label.tracking_url,
            label.carrier,
            label.label.to_string(),
            now.0
        ],
    )?;
    let kind = if label.is_test { "Test label" } else { "Label" };
    let text = format!("{kind} bought, {}.", label.tracking_number);
    progress::milestone(tx, order, "shipping_label_created", &text, now)?;
    if progress::state(tx, order)? == protocol::order::OrderState::Cancelled {
        return want_cancel(tx, order, &intent.reference, &label.service_id, now);
    }
    let (shop, shop_order_id) = tx.query_row(ORDER, [order.to_string()], |row| {
        Ok((cell::parsed(row, "shop")?, row.get("shop_order_id")?))
    })?;
    let effect = Effect::Fulfill(FulfillIntent {
        shop,
        shop_order_id,
        tracking_number: label.tracking_number.clone(),
        tracking_url: label.tracking_url.clone(),
        carrier: label.carrier.clone(),
        notify: label.notify,
        reference: intent.reference.clone(),
        lines: Vec::new(),
    });
    insert(tx, order, &format!("fulfill:{}", intent.reference), &effect, now).map(drop)
}

const LIST: &str = "
select id, orders, service, kind, state, tries_n, due_ms, note
from outbox
where tenant = ?1
order by state in ('done', 'dropped'), changed_ms desc
limit ?2";
pub(super) fn list(
    connection: &Connection,
    tenant: TenantId,
    limit: u32,
) -> Result<Vec<OutboxRow>, StoreError> {
    let mut statement = connection.prepare_cached(LIST)?;
    let read = |row: &Row<'_>| {
        Ok(OutboxRow {
            id: row.get("id")?,
            order: cell::parsed_opt(row, "orders")?,
            service: row.get("service")?,
            kind: row.get("kind")?,
            state: row.get("state")?,
            tries_n: cell::small(row, "tries_n")?,
            due_ms: row.get("due_ms")?,
            note: row.get("note")?,
        })
    };
    let rows = statement.query_map((tenant.to_string(), limit), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const DEAD: &str = "select orders, body from outbox where id = ?1 and tenant = ?2 and state = 'dead'";
const DROP: &str = "update outbox set state = 'dropped', changed_ms = ?2 where id = ?1 and state = 'dead'";
// A revived row is looked up first: what was called dead may have worked after all.
const REVIVE: &str = "
update outbox
set state = 'unknown', tries_n = 0, waiting_since_ms = null, due_ms = ?2, changed_ms = ?2
where id = ?1 and state = 'dead'";
const WANT_AGAIN: &str =
    "update shipment set state = 'wanted', changed_ms = ?2 where reference = ?1 and state = 'failed'";
pub(super) fn revive(
    tx: &Transaction<'_>,
    tenant: TenantId,
    id: &str,
    drop_it: bool,
    now: WallMs,
) -> Result<bool, StoreError> {
    let dead = tx.query_row(DEAD, (id, tenant.to_string()), |row| {
        let order: Option<OrderId> = cell::parsed_opt(row, "orders")?;
        Ok((order, cell::json::<Effect>(row, "body")?))
    });
    let Some((order, effect)) = dead.optional()? else { return Ok(false) };
    let Some(order) = order else { return Ok(tx.execute(REVIVE, (id, now.0))? == 1) };
    tx.execute(UNHOLD, (order.to_string(), effect.words().0))?;
    match effect {
        Effect::Label(intent) if drop_it => {
            tx.execute(DROP, (id, now.0))?;
            tx.execute(FAILED, (&intent.reference, now.0))?;
            // The next label has a new reference, because the failed shipment exists at the service.
            progress::advance(tx, order, now)?;
        }
        Effect::Fulfill(_) | Effect::CancelLabel { .. } if drop_it => {
            tx.execute(DROP, (id, now.0))?;
        }
        Effect::Label(intent) => {
            tx.execute(WANT_AGAIN, (&intent.reference, now.0))?;
            tx.execute(REVIVE, (id, now.0))?;
        }
        Effect::Fulfill(_) | Effect::CancelLabel { .. } => {
            tx.execute(REVIVE, (id, now.0))?;
        }
    }
    Ok(true)
}

const OPEN: &str = "select count(*) from outbox where state in ('due', 'in_flight', 'unknown', 'dead')";
pub(super) fn open(connection: &Connection) -> Result<u64, StoreError> {
    let n: i64 = connection.query_row(OPEN, [], |row| row.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}
