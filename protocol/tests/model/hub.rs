//! The hub's steps, in the order in which its transactions do them.
//!
//! Every decision is a function of `protocol`; what is written here is only the glue of the hub's store.

use protocol::{
    assignment::{Assignment, Closed, Right},
    ids::Incarnation,
    job::{Applied, ClaimAnswer, Holder, Job, JobState, Report},
    sync::{
        cursor::{Incoming, place},
        quarantine::{Greeting, HubQuarantine, greet, needs_a_person, next_hub},
    },
    units::{Epoch, HubIncarnation, Seq},
};

use super::rules::{Rule, Scenario};
use super::state::{AGENTS, Entry, JOBS, MAIN, Msg, SECOND_REPLACEMENT, State, agent_id};

const FIRST_LIFE: HubIncarnation = HubIncarnation::new(1);

/// Gives `job` to agent `a`, in the answer to a poll of the life the hub knows.
pub(crate) fn hand_out(s: &mut State, with: &Scenario, a: usize, job: usize) -> Option<()> {
    let life = s.hub.known[a].incarnation?;
    if (with.keeps(Rule::HubQuarantine) && s.hub.quarantine.is_on()) || s.hub.waits_for_person[a] {
        return None;
    }
    let at = s.hub.jobs[job]?;
    if matches!(at.state, JobState::Reserved { agent, .. } if agent == agent_id(a)) {
        return None;
    }
    let reserved = at.reserve(agent_id(a), s.hub.life)?;
    let epoch = reserved.last_epoch;
    if epoch.count > with.epochs_max {
        return None;
    }
    s.hub.jobs[job] = Some(match with.right {
        Right::Pooled => reserved,
        Right::Pinned => match reserved.claim(agent_id(a), life, epoch) {
            ClaimAnswer::Granted(claimed) => claimed,
            other @ (ClaimAnswer::Stale { .. } | ClaimAnswer::Taken | ClaimAnswer::Over) => {
                unreachable!("a fresh reservation is claimed by its agent: {other:?}")
            }
        },
    });
    s.net.insert(Msg::HandOut { a, life, hub: s.hub.life, job, epoch });
    Some(())
}

/// A poll: compare lives, then apply the events in order.
pub(crate) fn sync(s: &mut State, with: &Scenario, from: Sender, log: &[(usize, Epoch, Report)]) {
    let Sender { a, life, hub_seen } = from;
    match greet(s.hub.known[a], life, hub_seen, s.hub.life) {
        Greeting::First => s.hub.known[a].incarnation = Some(life),
        Greeting::Known => {}
        // Told to resync in the answer; what the poll carried is not applied.
        Greeting::NewLife | Greeting::HubIsOld => return,
    }
    for (n, (job, epoch, report)) in (1..).zip(log) {
        let seq = Seq::new(n);
        match place(s.hub.known[a].last_seq, seq) {
            Incoming::Again => {}
            Incoming::Next => {
                s.hub.known[a].last_seq = seq;
                event(
                    s,
                    with,
                    Holder { agent: agent_id(a), incarnation: life, epoch: *epoch },
                    *job,
                    *report,
                );
            }
            Incoming::Gap => unreachable!("a poll carries the whole log"),
        }
    }
}

fn event(s: &mut State, with: &Scenario, from: Holder, job: usize, report: Report) {
    let Some(before) = s.hub.jobs[job] else {
        // The only job that the hub does not know is one that was born at the agent.
        s.hub.jobs[job] = Some(Job::born_at(from));
        return;
    };
    match before.apply(from, report) {
        Applied::Changed(next) => {
            s.hub.jobs[job] = Some(next);
            if next.state == JobState::Replaced && !with.keeps(Rule::ReplacementAtAgentOnly) {
                s.hub.jobs[SECOND_REPLACEMENT] = Some(Job::new(s.hub.life));
            }
        }
        Applied::Ignored(_) | Applied::Incident(_) => {}
    }
}

/// A poll's, a claim's or a resync's sender: who, in which life, having seen which life of the hub.
#[derive(Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) a: usize,
    pub(crate) life: Incarnation,
    pub(crate) hub_seen: HubIncarnation,
}

/// A claim of a pooled job.
pub(crate) fn claim(s: &mut State, with: &Scenario, from: Sender, job: usize, epoch: Epoch) {
    let Sender { a, life, hub_seen } = from;
    let Some(before) = s.hub.jobs[job] else { return };
    let is_known = greet(s.hub.known[a], life, hub_seen, s.hub.life) == Greeting::Known;
    if !is_known || (with.keeps(Rule::HubQuarantine) && s.hub.quarantine.is_on()) || s.hub.waits_for_person[a]
    {
        return;
    }
    let bound_to = match before.holder() {
        Some(h) if !with.keeps(Rule::ClaimBoundToLife) && h.agent == agent_id(a) => h.incarnation,
        Some(_) | None => life,
    };
    if let ClaimAnswer::Granted(next) = before.claim(agent_id(a), bound_to, epoch) {
        s.hub.jobs[job] = Some(next);
        s.net.insert(Msg::Granted { a, life, hub: s.hub.life, job, epoch });
    }
}

/// An agent tells everything it holds.
pub(crate) fn resync(
    s: &mut State,
    with: &Scenario,
    from: Sender,
    last_seq: u64,
    holds: &[Option<Entry>; JOBS],
) {
    let Sender { a, life, hub_seen } = from;
    if with.keeps(Rule::LateResyncRefused) && hub_seen != s.hub.life {
        return;
    }
    let was_restored = s.hub.life > FIRST_LIFE;
    let waits = with.keeps(Rule::BothForgotWaits) && needs_a_person(s.hub.known[a], life, was_restored);
    let waits = waits || s.hub.waits_for_person[a];
    let is_new = s.hub.known[a].incarnation != Some(life);
    s.hub.waits_for_person[a] = waits;
    s.hub.known[a].incarnation = Some(life);
    s.hub.known[a].last_seq = Seq::new(last_seq);
    for (job, entry) in holds.iter().enumerate() {
        let holder = |epoch| Holder { agent: agent_id(a), incarnation: life, epoch };
        match entry {
            Some(entry) => adopt(s, with, holder(entry.epoch), job, entry),
            None if is_new => former(s, with, a, life, job),
            None => {}
        }
    }
    if !waits {
        s.hub.quarantine.heard(agent_id(a));
    }
    s.net.insert(Msg::Resynced { a, life, hub: s.hub.life, quarantined: waits });
}

fn adopt(s: &mut State, with: &Scenario, holder: Holder, job: usize, entry: &Entry) {
    let (as_state, then): (fn(Holder) -> JobState, Option<Report>) = match entry.state {
        Assignment::Seen | Assignment::Staging | Assignment::Ready => match entry.right {
            Right::Pinned if with.keeps(Rule::AdoptsPreparedPinned) => (JobState::Claimed, None),
            Right::Pinned | Right::Pooled => return,
        },
        Assignment::Claimed => (JobState::Claimed, None),
        Assignment::Started => (JobState::Running, None),
        Assignment::Closed(how) => (JobState::Running, Some(closed(how))),
        Assignment::Declined | Assignment::Released => return,
    };
    if then.is_some() && !with.keeps(Rule::AdoptsClosed) {
        return;
    }
    let before = s.hub.jobs[job].unwrap_or_else(|| Job::born_at(holder));
    if !with.keeps(Rule::AdoptsAnyEpoch) && holder.epoch <= before.last_epoch {
        return;
    }
    let adopted = match then {
        Some(how) => before.adopt_closed(holder, how),
        None => before.adopt(holder, as_state),
    };
    if let Applied::Changed(next) = adopted {
        s.hub.jobs[job] = Some(next);
    }
}

const fn closed(how: Closed) -> Report {
    match how {
        Closed::Good => Report::Good,
        Closed::Replaced => Report::Replaced,
        Closed::Failed => Report::Failed,
        Closed::Cancelled => Report::Cancelled,
        Closed::Sliced | Closed::LabelPrinted => Report::DoneWithoutPrint,
    }
}

/// A former life of this agent held the job and the present one does not know it.
fn former(s: &mut State, with: &Scenario, a: usize, life: Incarnation, job: usize) {
    let Some(before) = s.hub.jobs[job] else { return };
    let Some(held) = before.holder() else { return };
    if held.agent != agent_id(a) || held.incarnation == life {
        return;
    }
    let report = match before.state {
        JobState::Claimed(_) if !with.keeps(Rule::FormerClaimStaysHeld) => Report::Released,
        _held => Report::Unknown,
    };
    if let Applied::Changed(next) = before.apply(held, report) {
        s.hub.jobs[job] = Some(next);
    }
}

/// A person takes `job` away from whoever holds it and accepts the risk.
pub(crate) fn force(s: &mut State, job: usize) -> Option<()> {
    let before = s.hub.jobs[job]?;
    let epoch = before.holder()?.epoch;
    debug_assert!(before.force(epoch, false, s.hub.life).is_err(), "force without accepting the risk");
    s.hub.jobs[job] = Some(before.force(epoch, true, s.hub.life).ok()?);
    s.truth.accepted[job] += 1;
    s.spent.forces += 1;
    Some(())
}

/// A lease that must not exist runs out.
pub(crate) fn expire(s: &mut State) -> Option<()> {
    let before = s.hub.jobs[MAIN]?;
    let JobState::Claimed(_) = before.state else { return None };
    s.hub.jobs[MAIN] = Some(Job { state: JobState::Queued, ..before });
    Some(())
}

/// The hub's database is what it was at the backup.
pub(crate) fn restore(s: &mut State, with: &Scenario) -> Option<()> {
    let backup = s.hub_backup.clone()?;
    s.hub = *backup;
    s.hub.life = next_hub(s.hub.life, [])?;
    s.hub.jobs = s.hub.jobs.map(|job| job.map(|job| job.after_hub_restore(s.hub.life)));
    if with.keeps(Rule::HubQuarantine) {
        s.hub.quarantine = HubQuarantine::after_restore((0..AGENTS).map(agent_id));
    }
    s.spent.hub_restores += 1;
    Some(())
}

/// Jobs that a hub may hand out.
pub(crate) const HANDED_OUT: [usize; 2] = [MAIN, SECOND_REPLACEMENT];
