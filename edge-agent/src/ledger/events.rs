//! The event log: numbered without gaps in the transaction of what it tells, deleted when the hub has it.

use protocol::{
    ids::JobId,
    units::{Epoch, HubIncarnation, MonoMs, Seq, WallMs},
    wire::{
        Tolerant,
        v1::{Event, EventKind},
    },
};
use rusqlite::{Connection, params};

use super::{
    Ledger, LedgerError, Stamp, meta,
    meta::key,
    milestones,
    rows::{count, int},
};

/// Bytes of events kept without a hub; past it nothing is started (a running print goes on).
pub const LOG_BYTES_MAX: u64 = 64_000_000;
/// Room that a start must find: the events of one whole job.
pub const ROOM_FOR_A_JOB_BYTES: u64 = 64_000;
const _: () = assert!(LOG_BYTES_MAX > 100 * ROOM_FOR_A_JOB_BYTES);
/// Events of one batch at most.
const BATCH_EVENTS_MAX: u32 = 500;

const APPEND: &str = "
insert into event (seq, job, epoch_hub, epoch_count, boot_id, mono_ms, wall_ms, body, is_critical)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
/// Writes the next event of the log.
pub(super) fn append(
    connection: &Connection,
    now: Stamp,
    about: Option<(JobId, Epoch)>,
    what: &EventKind,
) -> Result<Seq, LedgerError> {
    note(about, what);
    if meta::get(connection, key::AGENT_ID)?.is_none() {
        // Nobody will ever fetch it: a hub that is met later is told everything that is held instead.
        return Ok(Seq::new(meta::counter(connection, key::LAST_SEQ)?));
    }
    let seq = meta::count_up(connection, key::LAST_SEQ)?;
    let body = serde_json::to_string(what).map_err(|e| LedgerError::corrupt("event", e.to_string()))?;
    connection.execute(
        APPEND,
        params![
            int(seq),
            about.map(|(job, _)| job.to_string()),
            about.map(|(_, epoch)| int(epoch.hub.get())),
            about.map(|(_, epoch)| int(epoch.count)),
            now.boot.to_string(),
            int(now.mono.0),
            now.synced.then_some(now.wall.0),
            body,
            what.is_critical(),
        ],
    )?;
    Ok(Seq::new(seq))
}

/// Progress is no transition; everything else gets a line in our own log, also where no hub is told.
fn note(about: Option<(JobId, Epoch)>, what: &EventKind) {
    if !matches!(what, EventKind::Progress { .. }) {
        let job = about.map(|(job, _)| job);
        milestones::note(what.name(), job, format!("{} is written", what.name()));
    }
}

const LOG_BYTES: &str = "select coalesce(sum(length(body) + 100), 0) from event";
/// Whether the events of one more job fit.
pub(super) fn has_room(connection: &Connection) -> Result<bool, LedgerError> {
    let used: i64 = connection.query_row(LOG_BYTES, [], |row| row.get(0))?;
    Ok(count(used).saturating_add(ROOM_FOR_A_JOB_BYTES) <= LOG_BYTES_MAX)
}

const PENDING: &str = "
select seq, job, epoch_hub, epoch_count, boot_id, mono_ms, wall_ms, body
from event where seq > ?1 order by seq limit ?2";
const BACKLOG: &str = "select count(*) from event where seq > ?1";

impl Ledger {
    /// The oldest events that the hub has not acknowledged, at most `bytes_max` of them, and how many wait behind.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn pending_events(
        &self,
        after: Seq,
        bytes_max: usize,
    ) -> Result<(Vec<Event>, u64), LedgerError> {
        self.read(move |c| {
            let mut statement = c.prepare_cached(PENDING)?;
            let mut rows = statement.query(params![int(after.get()), BATCH_EVENTS_MAX])?;
            let mut events = Vec::new();
            let mut bytes = 0_usize;
            while let Some(row) = rows.next()? {
                let body: String = row.get(7)?;
                bytes = bytes.saturating_add(body.len()).saturating_add(200);
                if bytes > bytes_max && !events.is_empty() {
                    break;
                }
                events.push(read_event(row, &body)?);
            }
            let waiting: i64 = c.query_row(BACKLOG, [int(after.get())], |row| row.get(0))?;
            let sent = u64::try_from(events.len()).unwrap_or(u64::MAX);
            Ok((events, count(waiting).saturating_sub(sent)))
        })
        .await
    }
}

fn read_event(row: &rusqlite::Row<'_>, body: &str) -> Result<Event, LedgerError> {
    let corrupt = |what| move |found: String| LedgerError::corrupt(what, found);
    let job: Option<String> = row.get(1)?;
    let job = job.map(|t| t.parse().map_err(|_bad| corrupt("job of an event")(t))).transpose()?;
    let hub: Option<i64> = row.get(2)?;
    let epoch_count: Option<i64> = row.get(3)?;
    let epoch =
        hub.zip(epoch_count).map(|(h, n)| Epoch { hub: HubIncarnation::new(count(h)), count: count(n) });
    let boot: String = row.get(4)?;
    let kind: EventKind =
        serde_json::from_str(body).map_err(|e| corrupt("event")(format!("{e} in {}", body.len())))?;
    Ok(Event {
        seq: Seq::new(count(row.get(0)?)),
        job,
        epoch,
        boot_id: boot.parse().map_err(|_bad| corrupt("boot id of an event")(boot))?,
        mono_ms: MonoMs(count(row.get(5)?)),
        wall_ms: row.get::<_, Option<i64>>(6)?.map(WallMs),
        what: Tolerant::Known(kind),
    })
}

const FORGET: &str = "delete from event where seq <= ?1";
/// Remembers what the hub has applied and deletes it. An acknowledgement beyond what was ever written means that
/// this database is older than the hub's: the caller checks that first.
pub(super) fn acknowledge(connection: &Connection, acked: Seq) -> Result<(), LedgerError> {
    let known = meta::counter(connection, key::ACKED_SEQ)?;
    if acked.get() > known {
        meta::set(connection, key::ACKED_SEQ, &acked.get().to_string())?;
        connection.execute(FORGET, [int(acked.get())])?;
        milestones::note("EventsAcknowledged", None, format!("the hub has our events up to {acked}"));
    }
    Ok(())
}
