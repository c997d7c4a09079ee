//! One poll of an agent: its events in order, each once, then everything that changed for it.

use protocol::ids::{AgentId, Incarnation, JobId, OrderId, TenantId};
use protocol::job::{ClaimAnswer, JobState};
use protocol::sync::cursor::{Incoming, place};
use protocol::sync::quarantine::{Greeting, KnownAgent, greet};
use protocol::units::{Cursor, Epoch, HubIncarnation, Revision, Seq, WallMs};
use protocol::wire::v1::{
    Assignment, Claim, Delta, Desired, Down, Kind, Next, OnScrap, Rejected, Right, SyncReply, SyncRequest,
};
use protocol::wire::{SYNC_BYTES_MAX, Tolerant, WAIT_MS_MAX};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::events::{self, Effect, Speaker};
use super::milestones::{self, About};
use super::{assign, cell, life, machine, progress, restore};
use crate::store::{StoreError, Synced};

/// Assignments of one answer; the rest comes with the next poll.
const DELTA_MAX: u32 = 200;
/// How long an agent waits after an answer that carried everything, milliseconds.
const AFTER_MS: u32 = 0;
/// Largest batch of events that the hub asks for: below the limit of the route by some room for the envelope.
const BATCH_BYTES: u32 = 500_000;
const _: () = assert!((BATCH_BYTES as usize) < SYNC_BYTES_MAX);

/// An agent's row.
pub(super) struct AgentAt {
    pub(super) id: AgentId,
    pub(super) tenant: TenantId,
    pub(super) known: KnownAgent,
    pub(super) down_cursor: Cursor,
    pub(super) must_resync: bool,
    pub(super) is_quarantined: bool,
}

const AGENT: &str = "
select id, tenant, incarnation, last_seq, down_cursor, must_resync, is_quarantined
from agent
where id = ?1 and revoked_ms is null";
pub(super) fn agent(connection: &Connection, id: AgentId) -> Result<Option<AgentAt>, StoreError> {
    let mut statement = connection.prepare_cached(AGENT)?;
    Ok(statement
        .query_row([id.to_string()], |row| {
            Ok(AgentAt {
                id: cell::parsed(row, "id")?,
                tenant: cell::parsed(row, "tenant")?,
                known: KnownAgent {
                    incarnation: cell::parsed_opt(row, "incarnation")?,
                    last_seq: Seq::new(cell::count(row, "last_seq")?),
                },
                down_cursor: Cursor::new(cell::count(row, "down_cursor")?),
                must_resync: row.get("must_resync")?,
                is_quarantined: row.get("is_quarantined")?,
            })
        })
        .optional()?)
}

/// Applies a poll. `None`: the agent is unknown or revoked.
pub(super) fn sync(
    tx: &Transaction<'_>,
    id: AgentId,
    request: &SyncRequest,
    now: WallMs,
) -> Result<Option<Synced>, StoreError> {
    let Some(agent) = agent(tx, id)? else { return Ok(None) };
    let hub = life(tx)?;
    let mut poll = Poll { tx, agent, hub, now, rejected: Vec::new(), orders: Vec::new() };
    let greeting = greet(poll.agent.known, request.agent_incarnation, request.hub_incarnation_seen, hub);
    let why = match greeting {
        Greeting::First => {
            poll.first(request.agent_incarnation)?;
            None
        }
        Greeting::Known if poll.agent.must_resync => Some("the hub asks for everything you hold"),
        Greeting::Known if request.down_cursor > poll.agent.down_cursor => {
            Some("your cursor is ahead of this hub")
        }
        Greeting::Known => None,
        Greeting::NewLife => Some("your database or this hub's is in another life than at the last poll"),
        Greeting::HubIsOld => Some("you have seen a later life of this hub"),
    };
    let is_older_copy = greeting == Greeting::HubIsOld
        || (greeting == Greeting::Known && !poll.agent.must_resync && why.is_some());
    if is_older_copy {
        restore::begin(tx, request.hub_incarnation_seen, now)?;
        poll.hub = life(tx)?;
    }
    if let Some(why) = why {
        poll.remember(request, poll.agent.known.last_seq)?;
        let reply = poll.reply(Seq::new(0), Down::MustResync { why: why.into() });
        return Ok(Some(Synced { reply, ring: Vec::new(), outbox_has_work: false }));
    }
    let acked = poll.take_events(request)?;
    poll.remember(request, acked)?;
    let mut outbox_has_work = false;
    poll.orders.sort_unstable();
    poll.orders.dedup();
    for order in std::mem::take(&mut poll.orders) {
        progress::advance(tx, order, now)?;
        outbox_has_work = true;
    }
    let mut ring =
        if poll.agent.is_quarantined { Vec::new() } else { assign::open_jobs(tx, poll.agent.tenant, now)? };
    ring.retain(|other| *other != id);
    let delta = poll.delta(request.down_cursor, request.agent_incarnation)?;
    let reply = poll.reply(acked, Down::Delta(delta));
    Ok(Some(Synced { reply, ring, outbox_has_work }))
}

struct Poll<'a> {
    tx: &'a Transaction<'a>,
    agent: AgentAt,
    hub: HubIncarnation,
    now: WallMs,
    rejected: Vec<Rejected>,
    orders: Vec<OrderId>,
}

const FIRST: &str = "update agent set incarnation = ?2, last_seq = 0 where id = ?1 and incarnation is null";
const REMEMBER: &str = "
update agent
set contact_ms = ?2, summary = ?3, clock_synced = ?4, backlog_events = ?5, last_seq = ?6
where id = ?1";
const DELTA: &str = "
select a.job, a.epoch_hub, a.epoch_count, a.revision, a.desired, a.is_removed, a.cursor, j.kind, j.purpose, j.units, j.artifact,
  j.wants, j.replacements_left, j.due_ms, j.replaces, o.name as order_name
from assignment a
join job j on j.id = a.job
left join orders o on o.id = j.orders
where a.agent = ?1 and a.cursor > ?2
order by a.cursor
limit ?3";

impl Poll<'_> {
    fn first(&mut self, incarnation: Incarnation) -> Result<(), StoreError> {
        self.tx.execute(FIRST, (self.agent.id.to_string(), incarnation.to_string()))?;
        self.agent.known = KnownAgent { incarnation: Some(incarnation), last_seq: Seq::new(0) };
        Ok(())
    }

    fn take_events(&mut self, request: &SyncRequest) -> Result<Seq, StoreError> {
        let mut last = self.agent.known.last_seq;
        let who = Speaker {
            agent: self.agent.id,
            tenant: self.agent.tenant,
            incarnation: request.agent_incarnation,
            now: self.now,
        };
        for event in &request.events {
            match place(last, event.seq) {
                Incoming::Again => continue,
                Incoming::Gap => break,
                Incoming::Next => {}
            }
            let done = events::apply(self.tx, who, event)?;
            self.orders.extend(done.order);
            match done.effect {
                Effect::Changed | Effect::Ignored(_) => {}
                Effect::Incident(why) | Effect::Unrecognised(why) => {
                    tracing::warn!(agent.id = %self.agent.id, event.seq = %event.seq, "event {} of agent {}: {why}", event.seq, self.agent.id);
                    self.rejected.push(Rejected { seq: event.seq, why });
                }
            }
            last = event.seq;
        }
        Ok(last)
    }

    fn remember(&self, request: &SyncRequest, last: Seq) -> Result<(), StoreError> {
        let summary = cell::to_json("summary", &request.summary)?;
        let synced = request.clock.synced;
        self.tx.execute(
            REMEMBER,
            params![
                self.agent.id.to_string(),
                self.now.0,
                summary,
                synced,
                cell::int(request.backlog_events)?,
                cell::int(last.get())?
            ],
        )?;
        Ok(())
    }

    fn reply(&self, acked_seq: Seq, down: Down) -> SyncReply {
        SyncReply {
            hub_incarnation: self.hub,
            acked_seq,
            rejected: self.rejected.clone(),
            down,
            next: Next { wait_ms: WAIT_MS_MAX, after_ms: AFTER_MS, batch_bytes_max: BATCH_BYTES },
            hub_wall_ms: self.now,
        }
    }

    /// What changed since the agent's cursor. A pinned job that is still reserved is claimed here, for this life.
    fn delta(&self, since: Cursor, incarnation: Incarnation) -> Result<Delta, StoreError> {
        let rows: Vec<Wanted> = {
            let mut statement = self.tx.prepare_cached(DELTA)?;
            let rows = statement
                .query_map((self.agent.id.to_string(), cell::int(since.get())?, DELTA_MAX), wanted)?;
            rows.collect::<Result<_, _>>()?
        };
        let mut delta = Delta { cursor: since, ..Delta::default() };
        for row in rows {
            delta.cursor = row.cursor;
            match row.assignment {
                None => delta.removed.push(row.job),
                Some(assignment) => {
                    if self.is_for_this_life(row.job, &assignment, incarnation)? {
                        let text = format!("job {} goes out to agent {}", row.job, self.agent.id);
                        let about = About { job: Some(row.job.to_string()), text, ..About::default() };
                        milestones::note("assignment_delivered", about);
                        delta.upserts.push(Tolerant::Known(assignment));
                    }
                }
            }
        }
        Ok(delta)
    }

    /// Whether this life of the agent may have the job: reserved for it (a pinned one is claimed here, on its behalf) or
    /// held by it. What a former life held was that life's to start, and is not sent again.
    fn is_for_this_life(
        &self,
        job: JobId,
        wish: &Assignment,
        incarnation: Incarnation,
    ) -> Result<bool, StoreError> {
        let Some(mut at) = machine::load(self.tx, job)? else { return Ok(false) };
        if let Some(holder) = at.job.holder() {
            return Ok(holder.agent == self.agent.id && holder.incarnation == incarnation);
        }
        if !matches!(at.job.state, JobState::Reserved { .. }) {
            return Ok(false);
        }
        if wish.right == Right::Pinned
            && let ClaimAnswer::Granted(next) = at.job.claim(self.agent.id, incarnation, wish.epoch)
        {
            let before = at.job;
            at.job = next;
            machine::save(self.tx, &before, &at, self.now)?;
        }
        Ok(true)
    }
}

struct Wanted {
    job: JobId,
    cursor: Cursor,
    assignment: Option<Assignment>,
}

fn wanted(row: &Row<'_>) -> rusqlite::Result<Wanted> {
    let (job, cursor) = (cell::parsed(row, "job")?, Cursor::new(cell::count(row, "cursor")?));
    let is_removed: bool = row.get("is_removed")?;
    if is_removed {
        return Ok(Wanted { job, cursor, assignment: None });
    }
    let (kind, desired): (String, String) = (row.get("kind")?, row.get("desired")?);
    let left: u8 = row.get("replacements_left")?;
    let label: Option<String> = row.get("order_name")?;
    let assignment = Assignment {
        job,
        kind: match kind.as_str() {
            "SliceOnly" => Kind::SliceOnly,
            "PrintLabel" => Kind::PrintLabel,
            _print => Kind::Print,
        },
        epoch: Epoch {
            hub: HubIncarnation::new(cell::count(row, "epoch_hub")?),
            count: cell::count(row, "epoch_count")?,
        },
        revision: Revision::new(cell::count(row, "revision")?),
        right: Right::Pinned,
        purpose: cell::json(row, "purpose")?,
        units: cell::json(row, "units")?,
        on_scrap: if left > 0 { OnScrap::Replace { left } } else { OnScrap::Ask },
        desired: match desired.as_str() {
            "Stage" => Desired::Stage,
            "Pause" => Desired::Pause,
            "Withdraw" => Desired::Withdraw,
            "Cancel" => Desired::Cancel,
            _run => Desired::Run,
        },
        artifact: cell::json(row, "artifact")?,
        wants: cell::json(row, "wants")?,
        not_after_s: None,
        due: row.get::<_, Option<i64>>("due_ms")?.map(WallMs),
        order_label: label.map(|l| l.trim_start_matches('#').to_owned()),
        replaces: cell::parsed_opt(row, "replaces")?,
    };
    Ok(Wanted { job, cursor, assignment: Some(assignment) })
}

/// Grants the right to start, at most once. `None`: the hub does not know the job, or the agent may not have it.
pub(super) fn claim(
    tx: &Transaction<'_>,
    id: AgentId,
    claim: &Claim,
    now: WallMs,
) -> Result<Option<ClaimAnswer>, StoreError> {
    let (Some(agent), Some(mut at)) = (agent(tx, id)?, machine::load(tx, claim.job)?) else {
        return Ok(None);
    };
    if agent.tenant != at.tenant
        || agent.is_quarantined
        || restore::waits(tx)?
        || agent.known.incarnation != Some(claim.agent_incarnation)
    {
        return Ok(None);
    }
    let answer = at.job.claim(id, claim.agent_incarnation, claim.epoch);
    if let ClaimAnswer::Granted(next) = answer
        && next != at.job
    {
        let before = at.job;
        at.job = next;
        machine::save(tx, &before, &at, now)?;
    }
    Ok(Some(answer))
}
