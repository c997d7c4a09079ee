//! What the hub wants, stored before it is acknowledged.

use protocol::{
    assignment::{Assignment as State, Event, Step},
    ids::{AgentId, JobId, PrinterId},
    sync::accept::{Accept, Held, accept},
    units::{Cursor, HubIncarnation, Seq, StateVersion},
    wire::{
        Tolerant,
        v1::{Assignment, Delta, Desired, EventKind, Purpose, SyncReply},
    },
};
use rusqlite::{Connection, params};

use super::{
    Ledger, LedgerError, Stamp, events, meta,
    meta::key,
    rows::{assignment_words, int},
    view,
    view::AssignmentRow,
};

const INSERT: &str = "
insert into assignment (job, epoch_hub, epoch_count, revision, state, body, label, position, replaces, seen_ms)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
on conflict (job) do update set
    epoch_hub = excluded.epoch_hub, epoch_count = excluded.epoch_count, revision = excluded.revision,
    state = excluded.state, closed_as = null, claim_incarnation = null, body = excluded.body,
    reason = null, stage_tries = 0, version = version + 1, over_ms = null";
/// Writes a new assignment, or a new hand-out of one that was given back before anything started.
pub(super) fn insert(
    c: &Connection,
    now: Stamp,
    row: &Assignment,
    state: State,
    label: &str,
) -> Result<(), LedgerError> {
    let (word, _) = assignment_words(state);
    let body = serde_json::to_string(row).map_err(|e| LedgerError::corrupt("assignment", e.to_string()))?;
    c.execute(
        INSERT,
        params![
            row.job.to_string(),
            int(row.epoch.hub.get()),
            int(row.epoch.count),
            int(row.revision.get()),
            word,
            body,
            label,
            now.wall.0,
            row.replaces.map(|j| j.to_string()),
            now.wall.0,
        ],
    )?;
    Ok(())
}

const CHANGE: &str = "
update assignment set revision = ?2, body = ?3, version = version + 1 where job = ?1";

const STEP: &str = "
update assignment set state = ?2, closed_as = ?3, version = version + 1, over_ms = ?4 where job = ?1";
/// Applies an event by the transition function and writes what it did. True when the state changed.
pub(super) fn step(
    c: &Connection,
    now: Stamp,
    row: &mut AssignmentRow,
    event: Event,
) -> Result<bool, LedgerError> {
    match row.state.after(row.body.kind.into(), event)? {
        Step::Ignored(_) => Ok(false),
        Step::To(next) => {
            let (word, closed_as) = assignment_words(next);
            let over = next.is_over().then_some(now.wall.0);
            c.execute(STEP, params![row.job().to_string(), word, closed_as, over])?;
            row.state = next;
            Ok(true)
        }
    }
}

/// What a reply of the hub brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// New or changed assignments.
    pub changed_n: usize,
    /// The hub acknowledged more than we ever wrote, or wants us to compare notes.
    pub must_resync: bool,
}

impl Ledger {
    /// Stores a reply of the hub: acknowledgement, wishes and cursor in one transaction.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing of the reply is stored then, and the next poll brings it again.
    pub async fn store_reply(&self, reply: SyncReply) -> Result<Stored, LedgerError> {
        self.write(move |c, now| {
            let last = Seq::new(meta::counter(c, key::LAST_SEQ)?);
            if !protocol::sync::cursor::ack_is_possible(reply.acked_seq, last) {
                return Ok(Stored { must_resync: true, ..Stored::default() });
            }
            saw_hub(c, reply.hub_incarnation)?;
            events::acknowledge(c, reply.acked_seq)?;
            match reply.down {
                protocol::wire::v1::Down::MustResync { .. } => {
                    Ok(Stored { must_resync: true, ..Stored::default() })
                }
                protocol::wire::v1::Down::Delta(delta) => {
                    let changed_n = store_delta(c, now, &delta)?;
                    meta::set(c, key::CURSOR, &delta.cursor.to_string())?;
                    Ok(Stored { changed_n, must_resync: false })
                }
            }
        })
        .await
    }

    /// The hub has compared notes: its word on the quarantine, and a fresh start of the cursor.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn resynced(&self, reply: protocol::wire::v1::ResyncReply) -> Result<(), LedgerError> {
        self.write(move |c, _now| {
            saw_hub(c, reply.hub_incarnation)?;
            events::acknowledge(c, reply.acked_seq)?;
            meta::set(c, key::CURSOR, &Cursor::default().to_string())?;
            meta::set(c, key::QUARANTINED, if reply.quarantined { "1" } else { "0" })
        })
        .await
    }

    /// Takes the right to start of a pinned assignment whose artifact is ready.
    ///
    /// # Errors
    /// [`LedgerError::Assignment`] when it is not ready.
    pub async fn claim(&self, job: JobId) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            let mut row = view::assignment(c, job)?.ok_or(LedgerError::NoJob(job))?;
            claim(c, now, &mut row)
        })
        .await
    }

    /// Gives a job back to the hub where nothing has begun. A job that has begun is refused with words.
    ///
    /// # Errors
    /// [`LedgerError::NotNow`] when a print has begun, [`LedgerError::Stale`].
    pub async fn give_back(&self, job: JobId, seen: StateVersion) -> Result<(), LedgerError> {
        self.on_job(job, seen, |c, now, row| {
            if release(c, now, row)? {
                Ok(())
            } else {
                Err(LedgerError::NotNow("A print of this job has begun, so it cannot be given back.".into()))
            }
        })
        .await
    }

    /// Holds a job back, or lets it go on.
    ///
    /// # Errors
    /// [`LedgerError::Stale`].
    pub async fn hold(&self, job: JobId, seen: StateVersion, is_held: bool) -> Result<(), LedgerError> {
        const HOLD: &str = "update assignment set is_held = ?2, version = version + 1 where job = ?1";
        self.on_job(job, seen, move |c, _now, row| {
            c.execute(HOLD, params![row.job().to_string(), is_held])?;
            Ok(())
        })
        .await
    }

    /// Puts a job on one printer only, and before all others.
    ///
    /// # Errors
    /// [`LedgerError::Stale`].
    pub async fn move_to(
        &self,
        job: JobId,
        seen: StateVersion,
        printer: Option<PrinterId>,
    ) -> Result<(), LedgerError> {
        const MOVE: &str = "
            update assignment set only_printer = ?2, version = version + 1,
                position = (select coalesce(min(position), 0) - 1 from assignment) where job = ?1";
        self.on_job(job, seen, move |c, _now, row| {
            c.execute(MOVE, params![row.job().to_string(), printer.as_ref().map(PrinterId::as_str)])?;
            Ok(())
        })
        .await
    }

    /// Runs `work` on an open job, if the page that asked was not older than the job.
    pub(super) async fn on_job<T: Send + 'static>(
        &self,
        job: JobId,
        seen: StateVersion,
        work: impl FnOnce(&Connection, Stamp, &mut AssignmentRow) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.write(move |c, now| {
            let mut row = view::assignment(c, job)?.ok_or(LedgerError::NoJob(job))?;
            if row.version != seen {
                let now = format!("job {} is {} now", row.label, row.state.word());
                return Err(LedgerError::Stale { now, version: row.version });
            }
            work(c, now, &mut row)
        })
        .await
    }

    /// Remembers who this agent is at a hub that knows it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn agent_id(&self) -> Result<Option<AgentId>, LedgerError> {
        Ok(self.sync_state().await?.agent)
    }
}

fn saw_hub(c: &Connection, hub: HubIncarnation) -> Result<(), LedgerError> {
    if hub.get() > meta::counter(c, key::HUB_SEEN)? {
        meta::set(c, key::HUB_SEEN, &hub.to_string())?;
    }
    Ok(())
}

fn store_delta(c: &Connection, now: Stamp, delta: &Delta) -> Result<usize, LedgerError> {
    let mut changed_n = 0;
    for upsert in &delta.upserts {
        match upsert {
            Tolerant::Known(wanted) => changed_n += usize::from(store_one(c, now, wanted)?),
            Tolerant::Unrecognised(kind) => {
                let what = format!(
                    "The hub wants work of a kind that this agent does not know: {kind}. Update the agent."
                );
                events::append(c, now, None, &EventKind::Incident { what })?;
            }
        }
    }
    for job in &delta.removed {
        if let Some(mut row) = view::assignment(c, *job)?
            && !row.state.is_over()
            && row.state != State::Started
        {
            changed_n += usize::from(step(c, now, &mut row, Event::Withdraw)?);
        }
    }
    Ok(changed_n)
}

/// Stores one wish; true when something changed.
fn store_one(c: &Connection, now: Stamp, wanted: &Assignment) -> Result<bool, LedgerError> {
    let about = Some((wanted.job, wanted.epoch));
    let held = view::assignment(c, wanted.job)?;
    let known =
        held.as_ref().map(|h| Held { epoch: h.body.epoch, revision: h.body.revision, state: h.state });
    match accept(known, wanted.epoch, wanted.revision) {
        Accept::Again | Accept::Old => Ok(false),
        Accept::New => {
            insert(c, now, wanted, State::Seen, &label_of(wanted))?;
            events::append(c, now, about, &EventKind::AssignmentSeen)?;
            wish(c, now, wanted)?;
            Ok(true)
        }
        Accept::Changed => {
            let body = serde_json::to_string(wanted)
                .map_err(|e| LedgerError::corrupt("assignment", e.to_string()))?;
            c.execute(CHANGE, params![wanted.job.to_string(), int(wanted.revision.get()), body])?;
            wish(c, now, wanted)?;
            Ok(true)
        }
        Accept::Incident => {
            let what = format!(
                "Job {} was handed out again although it has begun here; it is not started again.",
                wanted.job
            );
            events::append(c, now, about, &EventKind::Incident { what })?;
            Ok(false)
        }
    }
}

/// Acts on the wishes that need no printer. Stopping a running print is the scheduler's part.
fn wish(c: &Connection, now: Stamp, wanted: &Assignment) -> Result<(), LedgerError> {
    match wanted.desired {
        Desired::Stage | Desired::Run | Desired::Pause => Ok(()),
        Desired::Withdraw | Desired::Cancel => match view::assignment(c, wanted.job)? {
            Some(mut row) => release(c, now, &mut row).map(|_released| ()),
            None => Ok(()),
        },
    }
}

/// Gives an assignment back where nothing has begun; true when it did. What a former life of this database claimed may
/// have been printed since its backup: this life cannot say that it was not.
pub(super) fn release(c: &Connection, now: Stamp, row: &mut AssignmentRow) -> Result<bool, LedgerError> {
    let mine = meta::incarnation(c)?;
    if row.claimed_by.is_some_and(|life| life != mine) {
        return Ok(false);
    }
    let released = step(c, now, row, Event::Withdraw)?;
    if released {
        events::append(c, now, Some((row.job(), row.body.epoch)), &EventKind::Released)?;
    }
    Ok(released)
}

const CLAIM: &str = "update assignment set claim_incarnation = ?2 where job = ?1";
/// Takes the claim and binds it to this life of the ledger.
pub(super) fn claim(c: &Connection, now: Stamp, row: &mut AssignmentRow) -> Result<(), LedgerError> {
    if step(c, now, row, Event::ClaimGranted)? {
        let me = meta::incarnation(c)?;
        c.execute(CLAIM, params![row.job().to_string(), me.to_string()])?;
        row.claimed_by = Some(me);
        events::append(c, now, Some((row.job(), row.body.epoch)), &EventKind::Claimed)?;
    }
    Ok(())
}

/// What a job of the hub is called on screen: order number and part; of no order, what lies on the plate.
fn label_of(wanted: &Assignment) -> String {
    let order = wanted.order_label.as_deref();
    match &wanted.purpose {
        Purpose::Order { part, .. } => order.map_or_else(|| part.clone(), |order| format!("{order} {part}")),
        Purpose::Stock { .. } => order.unwrap_or("Stock").to_owned(),
        Purpose::Local => wanted.units.first().map_or_else(|| "Local".into(), |unit| unit.label.clone()),
    }
}
