//! Which G-code belongs to which job, and what the pipeline has made or failed to make by content key.

use protocol::{
    assignment::{Assignment as State, Event},
    ids::{JobId, Sha256},
    wire::v1::{EventKind, Kind},
};
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, assignments, events, view};

/// What is known of a piece of G-code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Estimated print time, seconds.
    pub time_s: u32,
    /// Filament, millimetres.
    pub filament_mm: f64,
    /// Filament, grams.
    pub mass_g: f64,
    /// Layers.
    pub layers: u32,
    /// Highest nozzle position, millimetres.
    pub max_z_mm: f64,
    /// Lines of G-code.
    pub lines: u64,
}

/// What the cache holds for a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Cached {
    /// Made before.
    Made(Sha256, Facts),
    /// Failed before, deterministically: the text says why.
    Failed(String),
}

const LOOK: &str = "select sha256, facts, failure from artifact_cache where key = ?1";
const USED: &str = "update artifact_cache set used_ms = ?2 where key = ?1";
const REMEMBER: &str = "
insert into artifact_cache (key, sha256, facts, failure, used_ms) values (?1, ?2, ?3, ?4, ?5)
on conflict (key) do update set
    sha256 = excluded.sha256, facts = excluded.facts, failure = excluded.failure, used_ms = excluded.used_ms";
const FORGET: &str = "delete from artifact_cache where key = ?1";
const OF_JOB: &str = "
insert into job_artifact (job, profile, material, sha256, facts) values (?1, ?2, ?3, ?4, ?5)
on conflict (job, profile, material) do update set sha256 = excluded.sha256, facts = excluded.facts";
const REASON: &str =
    "update assignment set reason = ?2, stage_tries = stage_tries + ?3, version = version + 1 where job = ?1";

impl Ledger {
    /// What the cache holds for a key.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn cached(&self, key: String) -> Result<Option<Cached>, LedgerError> {
        type Columns = (Option<String>, Option<String>, Option<String>);
        self.write(move |c, now| {
            let found: Option<Columns> =
                c.query_row(LOOK, [&key], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional()?;
            let Some(found) = found else { return Ok(None) };
            c.execute(USED, params![key, now.wall.0])?;
            match found {
                (Some(sha256), Some(facts), None) => {
                    let sha256 = sha256.parse().map_err(|_bad| LedgerError::corrupt("artifact", sha256))?;
                    let facts = serde_json::from_str(&facts)
                        .map_err(|e| LedgerError::corrupt("facts of an artifact", e.to_string()))?;
                    Ok(Some(Cached::Made(sha256, facts)))
                }
                (None, _, Some(failure)) => Ok(Some(Cached::Failed(failure))),
                (sha256, _, _) => Err(LedgerError::corrupt("cache entry", format!("{sha256:?}"))),
            }
        })
        .await
    }

    /// Remembers what the pipeline made, or that it failed in a way that repeats.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn remember(&self, key: String, result: Cached) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            let (sha256, facts, failure) = match result {
                Cached::Made(sha256, facts) => (Some(sha256.to_string()), Some(to_json(&facts)?), None),
                Cached::Failed(why) => (None, None, Some(why)),
            };
            c.execute(REMEMBER, params![key, sha256, facts, failure, now.wall.0])?;
            Ok(())
        })
        .await
    }

    /// Forgets a cache entry whose file is gone or damaged.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn forget_cached(&self, key: String) -> Result<(), LedgerError> {
        self.write(move |c, _now| {
            c.execute(FORGET, [key])?;
            Ok(())
        })
        .await
    }

    /// The pipeline took a job; one that is prepared for another class already stays as it is.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn stage_began(&self, job: JobId) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            let mut row = view::assignment(c, job)?.ok_or(LedgerError::NoJob(job))?;
            if row.state == State::Seen {
                assignments::step(c, now, &mut row, Event::StageBegan)?;
            }
            Ok(())
        })
        .await
    }

    /// G-code for a job is in the store, for one printer class and material.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn staged(
        &self,
        job: JobId,
        class: (String, String),
        sha256: Sha256,
        facts: Facts,
    ) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            let mut row = view::assignment(c, job)?.ok_or(LedgerError::NoJob(job))?;
            if row.state.is_over() {
                return Ok(());
            }
            c.execute(
                OF_JOB,
                params![job.to_string(), class.0, class.1, sha256.to_string(), to_json(&facts)?],
            )?;
            let about = Some((job, row.body.epoch));
            if assignments::step(c, now, &mut row, Event::Staged)? {
                events::append(c, now, about, &EventKind::Staged)?;
            }
            // Whoever wants G-code and no print is told when the hub has it: `slice_delivered`.
            if row.body.kind != Kind::SliceOnly {
                events::append(c, now, about, &ready(sha256, &facts))?;
            }
            c.execute(REASON, params![job.to_string(), None::<String>, 0])?;
            Ok(())
        })
        .await
    }

    /// The hub has the G-code of a job that wants nothing else: the job is done.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn slice_delivered(&self, job: JobId, sha256: Sha256) -> Result<(), LedgerError> {
        const FACTS: &str = "select facts from job_artifact where job = ?1 and sha256 = ?2";
        self.write(move |c, now| {
            let mut row = view::assignment(c, job)?.ok_or(LedgerError::NoJob(job))?;
            if row.body.kind != Kind::SliceOnly || row.state != State::Ready {
                return Ok(());
            }
            let facts: String =
                c.query_row(FACTS, params![job.to_string(), sha256.to_string()], |r| r.get(0))?;
            let facts = serde_json::from_str(&facts)
                .map_err(|e| LedgerError::corrupt("facts of an artifact", e.to_string()))?;
            events::append(c, now, Some((job, row.body.epoch)), &ready(sha256, &facts))?;
            assignments::step(c, now, &mut row, Event::ArtifactReported)?;
            Ok(())
        })
        .await
    }

    /// The artifact of a job turned out to be damaged: it is made again.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn artifact_lost(&self, job: JobId, sha256: Sha256) -> Result<(), LedgerError> {
        const LOST: &str = "delete from job_artifact where job = ?1 and sha256 = ?2";
        self.write(move |c, _now| {
            c.execute(LOST, params![job.to_string(), sha256.to_string()])?;
            Ok(())
        })
        .await
    }

    /// The pipeline could not do it: for now, or (with `is_final`) ever. A final failure is given back to the hub.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn stage_failed(&self, job: JobId, reason: String, is_final: bool) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            let mut row = view::assignment(c, job)?.ok_or(LedgerError::NoJob(job))?;
            if !matches!(row.state, State::Seen | State::Staging) {
                return Ok(());
            }
            let event = if is_final { Event::Declined } else { Event::StageFailed };
            if assignments::step(c, now, &mut row, event)? && is_final {
                let reason = reason.clone();
                events::append(c, now, Some((job, row.body.epoch)), &EventKind::Declined { reason })?;
            }
            c.execute(REASON, params![job.to_string(), reason, 1])?;
            Ok(())
        })
        .await
    }
}

const fn ready(sha256: Sha256, facts: &Facts) -> EventKind {
    let Facts { time_s, filament_mm, mass_g, .. } = *facts;
    EventKind::ArtifactReady { sha256, time_s, filament_mm, mass_g }
}

fn to_json(facts: &Facts) -> Result<String, LedgerError> {
    serde_json::to_string(facts).map_err(|e| LedgerError::corrupt("facts of an artifact", e.to_string()))
}
