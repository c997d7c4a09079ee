//! What was sold, and how each SKU is made.

use std::collections::BTreeMap;

use protocol::ids::TenantId;
use protocol::units::WallMs;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use super::cell;
use crate::store::{Mapping, SoldRow, StaticPart, StoreError};

const MAPPING: &str = "select kind, parts from mapping where tenant = ?1 and sku = ?2";
fn read_mapping(row: &Row<'_>) -> rusqlite::Result<Mapping> {
    let kind: String = row.get("kind")?;
    Ok(if kind == "pick" {
        Mapping::Pick
    } else {
        Mapping::Static { parts: cell::json::<Vec<StaticPart>>(row, "parts")? }
    })
}
pub(super) fn mapping(
    connection: &Connection,
    tenant: TenantId,
    sku: &str,
) -> Result<Option<Mapping>, StoreError> {
    Ok(connection.prepare_cached(MAPPING)?.query_row((tenant.to_string(), sku), read_mapping).optional()?)
}

const MAPPINGS: &str = "select sku, kind, parts from mapping where tenant = ?1 order by sku";
pub(super) fn mappings(
    connection: &Connection,
    tenant: TenantId,
) -> Result<Vec<(String, Mapping)>, StoreError> {
    let mut statement = connection.prepare_cached(MAPPINGS)?;
    let rows = statement.query_map([tenant.to_string()], |row| Ok((row.get("sku")?, read_mapping(row)?)))?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?)
}

const PUT_MAPPING: &str = "
insert into mapping (id, tenant, sku, kind, parts, created_ms)
values (?1, ?2, ?3, ?4, ?5, ?6)
on conflict (tenant, sku) do update set kind = excluded.kind, parts = excluded.parts";
pub(super) fn put_mapping(
    tx: &Transaction<'_>,
    tenant: TenantId,
    sku: &str,
    mapping: &Mapping,
    now: WallMs,
) -> Result<(), StoreError> {
    let (kind, parts) = match mapping {
        Mapping::Static { parts } => ("static", cell::to_json("parts", parts)?),
        Mapping::Pick => ("pick", "[]".to_owned()),
    };
    tx.execute(PUT_MAPPING, (crate::sources::row(), tenant.to_string(), sku, kind, parts, now.0))?;
    read_again(tx, tenant, sku, now)
}

// A shop that cannot be read has said all it ever will in its last whole webhook of the order.
const READ_AGAIN: &str = "
insert into webhook_inbox (shop, webhook_id, topic, body, received_ms)
select distinct o.shop, 'mapping ' || ?4 || ' ' || o.id, 'orders/updated',
  coalesce((select w.body from webhook_inbox w
            where w.shop = o.shop and w.topic in ('orders/create', 'orders/updated', 'orders/paid')
              and json_valid(cast(w.body as text))
              and cast(json_extract(cast(w.body as text), '$.id') as text) = o.shop_order_id
            order by w.id desc limit 1),
           cast('{\"id\":' || o.shop_order_id || '}' as blob)), ?3
from orders o
join line l on l.orders = o.id
where o.tenant = ?1 and l.sku = ?2 and l.kind = 'unresolved' and l.wanted > 0 and o.state in ('New', 'InProduction')
on conflict do nothing";
/// Open orders in which nobody knew how the SKU is made go through the inbox once more.
fn read_again(tx: &Transaction<'_>, tenant: TenantId, sku: &str, now: WallMs) -> Result<(), StoreError> {
    tx.execute(READ_AGAIN, (tenant.to_string(), sku, now.0, crate::sources::row()))?;
    Ok(())
}

const SOLD: &str = "
select l.sku, l.title, l.wanted, l.kind = 'unresolved' and o.state in ('New', 'InProduction') as waits, o.name
from line l
join orders o on o.id = l.orders
where o.tenant = ?1 and o.placed_ms >= ?2 and l.sku <> '' and l.wanted > 0
order by o.placed_ms desc, o.id, l.position";
/// Numbers of waiting orders that are named per product.
const WAITING_MAX: usize = 3;
pub(super) fn sold(
    connection: &Connection,
    tenant: TenantId,
    since: WallMs,
) -> Result<Vec<SoldRow>, StoreError> {
    let mut statement = connection.prepare_cached(SOLD)?;
    let rows = statement.query_map((tenant.to_string(), since.0), |row| {
        let sku: String = row.get("sku")?;
        Ok((sku, row.get("title")?, cell::count(row, "wanted")?, row.get("waits")?, row.get("name")?))
    })?;
    let mut all: BTreeMap<String, SoldRow> = BTreeMap::new();
    for row in rows {
        let (sku, title, pieces, waits, order): (String, String, u64, bool, String) = row?;
        let fresh = || SoldRow { sku: sku.clone(), title, pieces: 0, waiting: Vec::new() };
        let it = all.entry(sku.clone()).or_insert_with(fresh);
        it.pieces += pieces;
        if waits && it.waiting.len() < WAITING_MAX && !it.waiting.contains(&order) {
            it.waiting.push(order);
        }
    }
    Ok(all.into_values().collect())
}
