//! Webhooks of shops. A delivery is a row before anybody looks inside.

use protocol::ids::{ShopId, TenantId};
use protocol::units::WallMs;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::cell;
use crate::store::{Delivery, InboxRow, Pending, Received, Settled, StoreError};

const RECEIVE: &str = "
insert into webhook_inbox (shop, webhook_id, topic, body, received_ms)
values (?1, ?2, ?3, ?4, ?5)
on conflict (shop, webhook_id) do nothing";
/// Stores a delivery; the same one again is `Again` and gets the same 200. The caller answers only after the commit.
pub(super) fn receive(tx: &Transaction<'_>, it: &Delivery, now: WallMs) -> Result<Received, StoreError> {
    let mut statement = tx.prepare_cached(RECEIVE)?;
    let rows = statement.execute((it.shop.to_string(), &it.webhook_id, &it.topic, &it.body, now.0))?;
    Ok(if rows == 1 { Received::New } else { Received::Again })
}

const DUE: &str = "
select id, shop, topic, body, tries_n
from webhook_inbox
where state = 'new' and due_ms <= ?1
order by due_ms, id
limit ?2";
pub(super) fn due(connection: &Connection, now: WallMs, limit: u32) -> Result<Vec<Pending>, StoreError> {
    let mut statement = connection.prepare_cached(DUE)?;
    let rows = statement.query_map((now.0, limit), |row| {
        Ok(Pending {
            id: row.get("id")?,
            shop: cell::parsed(row, "shop")?,
            topic: row.get("topic")?,
            body: row.get("body")?,
            tries_n: cell::small(row, "tries_n")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const SETTLE: &str = "
update webhook_inbox
set state = ?2, note = ?3, due_ms = ?4, tries_n = tries_n + 1
where id = ?1 and state = 'new'";
pub(super) fn settle(tx: &Transaction<'_>, id: i64, how: &Settled) -> Result<(), StoreError> {
    let (state, note, due) = match how {
        Settled::Done => ("done", "", 0),
        Settled::Held(reason) => ("held", reason.as_str(), 0),
        Settled::Ignored(note) => ("ignored", note.as_str(), 0),
        Settled::Later { due, note } => ("new", note.as_str(), due.0),
    };
    tx.execute(SETTLE, (id, state, note, due))?;
    Ok(())
}

const LIST: &str = "
select i.id, i.webhook_id, i.topic, i.state, i.note, i.received_ms
from webhook_inbox i
join shop s on s.id = i.shop
where s.tenant = ?1 and (?2 is null or i.state = ?2)
order by i.id desc
limit ?3";
pub(super) fn list(
    connection: &Connection,
    tenant: TenantId,
    state: Option<&str>,
    limit: u32,
) -> Result<Vec<InboxRow>, StoreError> {
    let mut statement = connection.prepare_cached(LIST)?;
    let rows = statement.query_map((tenant.to_string(), state, limit), |row| {
        Ok(InboxRow {
            id: row.get("id")?,
            webhook_id: row.get("webhook_id")?,
            topic: row.get("topic")?,
            state: row.get("state")?,
            note: row.get("note")?,
            received_ms: row.get("received_ms")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const RECONCILED: &str = "select seen_until_ms from reconcile where shop = ?1";
pub(super) fn reconciled(connection: &Connection, shop: ShopId) -> Result<Option<WallMs>, StoreError> {
    Ok(connection.query_row(RECONCILED, [shop.to_string()], |row| row.get(0).map(WallMs)).optional()?)
}

const SET_RECONCILED: &str = "
insert into reconcile (shop, seen_until_ms, last_ok_ms)
values (?1, ?2, ?3)
on conflict (shop) do update set seen_until_ms = max(seen_until_ms, excluded.seen_until_ms), last_ok_ms = excluded.last_ok_ms";
pub(super) fn set_reconciled(
    tx: &Transaction<'_>,
    shop: ShopId,
    until: WallMs,
    now: WallMs,
) -> Result<(), StoreError> {
    tx.execute(SET_RECONCILED, (shop.to_string(), until.0, now.0))?;
    Ok(())
}
