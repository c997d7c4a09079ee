//! Shops: their secrets and tokens, sealed, and how the connection to each stands.

use protocol::ids::ShopId;
use protocol::units::WallMs;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{cell, tenant};
use crate::secrets::{Secret, Vault};
use crate::sources;
use crate::store::{Grant, Shop, ShopState, StoreError};

fn place(shop: ShopId, column: &str) -> String {
    format!("shop/{shop}/{column}")
}

const ALL: &str = "
select id, tenant, domain, endpoint, secret_sealed, token_sealed, refresh_sealed, token_expires_ms, scopes, is_app, state, note
from shop
order by created_ms, id";
pub(super) fn all(connection: &Connection, vault: &Vault) -> Result<Vec<Shop>, StoreError> {
    let mut statement = connection.prepare_cached(ALL)?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let id: ShopId = cell::parsed(row, "id")?;
        let open = |column: &str, sealed: Option<Vec<u8>>| {
            sealed.map(|sealed| vault.unseal(&place(id, column), &sealed)).transpose()
        };
        let (state, note): (String, String) = (row.get("state")?, row.get("note")?);
        let bad =
            |text: &str| StoreError::Stored { what: "shop", object: id.to_string(), text: text.to_owned() };
        out.push(Shop {
            id,
            tenant: cell::parsed(row, "tenant")?,
            domain: row.get("domain")?,
            endpoint: row.get("endpoint")?,
            secret: open("secret", Some(row.get("secret_sealed")?))?.ok_or_else(|| bad("no secret"))?,
            token: open("token", row.get("token_sealed")?)?,
            refresh: open("refresh", row.get("refresh_sealed")?)?,
            expires: row.get::<_, Option<i64>>("token_expires_ms")?.map(WallMs),
            scopes: row.get("scopes")?,
            is_app: row.get("is_app")?,
            state: state.parse().map_err(|()| bad(&state))?,
            note,
        });
    }
    Ok(out)
}

fn one(tx: &Transaction<'_>, vault: &Vault, id: ShopId) -> Result<Shop, StoreError> {
    let gone = || StoreError::Stored { what: "shop", object: id.to_string(), text: "it is gone".into() };
    all(tx, vault)?.into_iter().find(|s| s.id == id).ok_or_else(gone)
}

const ID: &str = "select id from shop where domain = ?1";
fn id_of(tx: &Transaction<'_>, domain: &str) -> Result<ShopId, StoreError> {
    let known = tx.query_row(ID, [domain], |row| cell::parsed(row, "id")).optional()?;
    Ok(known.unwrap_or_else(sources::shop))
}

// A token of the settings does not end; without one, what the app was given stays.
const PUT: &str = "
insert into shop (id, tenant, domain, endpoint, secret_sealed, token_sealed, created_ms)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
on conflict (domain) do update set secret_sealed = excluded.secret_sealed,
  token_sealed = coalesce(excluded.token_sealed, token_sealed),
  refresh_sealed = iif(excluded.token_sealed is null, refresh_sealed, null),
  token_expires_ms = iif(excluded.token_sealed is null, token_expires_ms, null),
  is_app = iif(excluded.token_sealed is null, is_app, 0),
  state = iif(excluded.token_sealed is null, state, 'connected')";
pub(super) fn put_shop(
    tx: &Transaction<'_>,
    vault: &Vault,
    domain: &str,
    secrets: (&Secret, Option<&Secret>),
    now: WallMs,
) -> Result<Shop, StoreError> {
    let id = id_of(tx, domain)?;
    let (secret, token) = secrets;
    let sealed = vault.seal(&place(id, "secret"), secret);
    let sealed_token = token.map(|t| vault.seal(&place(id, "token"), t));
    let tenant = tenant(tx, now)?.to_string();
    tx.execute(PUT, (id.to_string(), tenant, domain, sources::token(), sealed, sealed_token, now.0))?;
    one(tx, vault, id)
}

const GRANT: &str = "
insert into shop (id, tenant, domain, endpoint, secret_sealed, token_sealed, refresh_sealed, token_expires_ms, scopes, is_app,
  created_ms)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10)
on conflict (domain) do update set secret_sealed = excluded.secret_sealed, token_sealed = excluded.token_sealed,
  refresh_sealed = excluded.refresh_sealed, token_expires_ms = excluded.token_expires_ms, scopes = excluded.scopes, is_app = 1,
  state = 'connected', note = ''";
/// Keeps a pair of tokens: both or none, so that a crash leaves the old pair or the new one.
pub(super) fn put_grant(
    tx: &Transaction<'_>,
    vault: &Vault,
    domain: &str,
    (secret, it): (&Secret, &Grant),
    now: WallMs,
) -> Result<Shop, StoreError> {
    let id = id_of(tx, domain)?;
    let seal = |column: &str, secret: &Secret| vault.seal(&place(id, column), secret);
    tx.execute(
        GRANT,
        params![
            id.to_string(),
            tenant(tx, now)?.to_string(),
            domain,
            sources::token(),
            seal("secret", secret),
            seal("token", &it.access),
            it.refresh.as_ref().map(|r| seal("refresh", r)),
            it.expires.map(|at| at.0),
            it.scopes,
            now.0
        ],
    )?;
    one(tx, vault, id)
}

const STATE: &str = "
update shop
set state = ?2, note = ?3, token_sealed = iif(?2 = 'uninstalled', null, token_sealed),
  refresh_sealed = iif(?2 = 'uninstalled', null, refresh_sealed)
where id = ?1";
pub(super) fn set_state(
    tx: &Transaction<'_>,
    shop: ShopId,
    state: ShopState,
    note: &str,
) -> Result<(), StoreError> {
    tx.execute(STATE, (shop.to_string(), state.word(), note))?;
    Ok(())
}
