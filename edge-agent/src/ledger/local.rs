//! Jobs that are born here. The answer to a request is kept with what it made, in one transaction: the same request
//! again, also after a crash or at the same moment, makes nothing and gets the same answer.

use protocol::{
    assignment::Assignment as State,
    units::{Epoch, HubIncarnation},
    wire::v1::{Assignment, EventKind},
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Ledger, LedgerError, Stamp, assignments, events, meta, meta::key};

/// How long an idempotency key is remembered.
const KEY_LIFE_MS: i64 = 24 * 60 * 60 * 1000;

const FORGET: &str = "delete from idempotency where at_ms < ?1";
const ANSWERED: &str = "select answer from idempotency where key = ?1";
const KEEP_ANSWER: &str = "insert into idempotency (key, answer, at_ms) values (?1, ?2, ?3)";

impl Ledger {
    /// Stores jobs with their labels under an idempotency key, with the answer to give to the same request again.
    /// `Some`: the key was used before, its answer is given and nothing is stored.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing is stored then.
    pub async fn add_local(
        &self,
        key: String,
        jobs: Vec<(Assignment, String)>,
        answer: String,
    ) -> Result<Option<String>, LedgerError> {
        self.write(move |c, now| {
            c.execute(FORGET, [now.wall.0.saturating_sub(KEY_LIFE_MS)])?;
            let before = c.query_row(ANSWERED, [&key], |row| row.get(0)).optional()?;
            if before.is_some() {
                return Ok(before);
            }
            for (job, label) in jobs {
                add(c, now, job, label)?;
            }
            c.execute(KEEP_ANSWER, params![key, answer, now.wall.0])?;
            Ok(None)
        })
        .await
    }
}

fn add(c: &Connection, now: Stamp, mut job: Assignment, label: String) -> Result<(), LedgerError> {
    job.epoch = Epoch::born_at_agent(HubIncarnation::new(meta::counter(c, key::HUB_SEEN)?));
    assignments::insert(c, now, &job, State::Seen, &label)?;
    let told = EventKind::LocalJobCreated { label, purpose: job.purpose.clone(), units: job.units.clone() };
    events::append(c, now, Some((job.job, job.epoch)), &told)?;
    Ok(())
}
