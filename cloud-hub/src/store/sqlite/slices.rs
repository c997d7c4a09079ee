//! G-code without a print: a job of its own that an agent closes when the hub has the file.

use protocol::ids::{JobId, TenantId};
use protocol::units::WallMs;
use protocol::wire::v1::{Purpose, Unit};
use rusqlite::{Row, Transaction, params};

use super::{assign, cell, life};
use crate::sources;
use crate::store::{JobWish, SliceRow, SliceWish, StoreError};

const INSERT: &str = "
insert into job (id, tenant, kind, label, purpose, units, units_n, artifact, wants, replacements_left, state,
  last_epoch_hub, last_epoch_count, created_ms, changed_ms)
values (?1, ?2, 'SliceOnly', ?3, ?4, ?5, 1, ?6, ?7, 0, 'Queued', ?8, 0, ?9, ?9)";
/// A new job for whichever agent has the least to do.
pub(super) fn make(
    tx: &Transaction<'_>,
    tenant: TenantId,
    wish: &SliceWish,
    now: WallMs,
) -> Result<JobWish, StoreError> {
    let id = sources::job();
    let units = [Unit { id: 1, label: wish.label.clone(), box_mm: [0.0; 4] }];
    tx.execute(
        INSERT,
        params![
            id.to_string(),
            tenant.to_string(),
            wish.label,
            cell::to_json("purpose", &Purpose::Local)?,
            cell::to_json("units", &units)?,
            cell::to_json("artifact", &wish.artifact)?,
            cell::to_json("wants", &wish.wants)?,
            cell::int(life(tx)?.get())?,
            now.0
        ],
    )?;
    Ok(JobWish::Done { ring: assign::open_jobs(tx, tenant, now)?, job: Some(id) })
}

const MADE: &str = "
insert into slice (job, sha256, time_s, filament_mm, mass_g)
values (?1, ?2, ?3, ?4, ?5)
on conflict (job) do nothing";
/// The agent sent the file and said what is in it.
pub(super) fn made(tx: &Transaction<'_>, job: JobId, it: &SliceRow) -> Result<(), StoreError> {
    tx.execute(MADE, params![job.to_string(), it.sha256.to_string(), it.time_s, it.filament_mm, it.mass_g])?;
    Ok(())
}

/// The columns of a job's slice, if it has one.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Option<SliceRow>> {
    let Some(sha256) = cell::parsed_opt(row, "sha256")? else { return Ok(None) };
    let (time_s, filament_mm, mass_g) =
        (cell::small(row, "time_s")?, row.get("filament_mm")?, row.get("mass_g")?);
    Ok(Some(SliceRow { sha256, time_s, filament_mm, mass_g }))
}
