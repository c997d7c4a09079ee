//! The store on one SQLite file. Only this folder knows SQL.
//!
//! Invariant: every method is one savepoint within a group commit; the caller hears of it after the fsync.

mod agents;
mod apply;
mod assign;
mod cell;
mod events;
mod inbox;
mod machine;
mod methods;
mod milestones;
mod orders;
mod outbox;
mod people;
mod persons_wish;
mod products;
mod progress;
mod restore;
mod resync;
mod shops;
mod slices;
mod sync;
#[cfg(test)]
mod tests;

pub use restore::adopt_copy;

use std::path::Path;
use std::sync::Arc;

use protocol::units::{HubIncarnation, WallMs};
use rusqlite::{Connection, OptionalExtension as _, Transaction};
use tokio::sync::watch;

use super::{Answer, StoreError};
use crate::clock::Clock;
use crate::db::Db;
use crate::secrets::Vault;

/// Name of the hub's life in `meta`.
const INCARNATION: &str = "hub_incarnation";
/// The life of a hub that was never restored.
const FIRST: HubIncarnation = HubIncarnation::new(1);

/// The store of a hub with one machine.
#[derive(Clone)]
pub struct Sqlite {
    db: Db,
    clock: Arc<dyn Clock>,
    vault: Vault,
    changes: watch::Sender<u64>,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sqlite")
    }
}

impl Sqlite {
    /// Opens (and migrates) the file.
    ///
    /// # Errors
    /// When it cannot be opened, does not keep what it acknowledges, or is damaged.
    pub async fn open(path: &Path, clock: Arc<dyn Clock>, vault: Vault) -> Result<Self, StoreError> {
        let store = Self { db: Db::open(path)?, clock, vault, changes: watch::Sender::new(0) };
        store.db.write(first_life).await?;
        Ok(store)
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, WallMs) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'_, T> {
        let now = self.clock.wall();
        let work = move |tx: &Transaction<'_>| {
            let (result, noted) = milestones::during(|| work(tx, now));
            result.map(|value| (value, noted))
        };
        Box::pin(async move {
            let (value, noted) = self.db.write(work).await?;
            milestones::log(noted);
            Ok(value)
        })
    }

    /// The same for what pages show: they hear of it.
    fn write_shown<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, WallMs) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'_, T> {
        let written = self.write(work);
        Box::pin(async move {
            let done = written.await?;
            self.changes.send_modify(|n| *n = n.wrapping_add(1));
            Ok(done)
        })
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'_, T> {
        Box::pin(self.db.read(work))
    }
}

const FIRST_LIFE: &str = "
insert into meta (name, value)
values (?1, '1')
on conflict (name) do nothing";
fn first_life(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute(FIRST_LIFE, [INCARNATION])?;
    Ok(())
}

const LIFE: &str = "select cast(value as integer) from meta where name = ?1";
fn life(connection: &Connection) -> Result<HubIncarnation, StoreError> {
    let n: i64 = connection.query_row(LIFE, [INCARNATION], |row| row.get(0))?;
    Ok(HubIncarnation::new(u64::try_from(n).unwrap_or(1)))
}

const FIRST_TENANT: &str = "select id from tenant order by created_ms, id limit 1";
const MAKE_TENANT: &str = "
insert into tenant (id, name, created_ms)
values (?1, 'main', ?2)";
/// The hub's company; made where none exists.
fn tenant(tx: &Transaction<'_>, now: WallMs) -> Result<protocol::ids::TenantId, StoreError> {
    let found = tx.query_row(FIRST_TENANT, [], |row| cell::parsed(row, "id")).optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    let id = crate::sources::tenant();
    tx.execute(MAKE_TENANT, (id.to_string(), now.0))?;
    Ok(id)
}
