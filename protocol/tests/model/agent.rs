//! The agent's steps, each one transaction of its ledger or one physical act.
//!
//! Persons answer truthfully: they look at the bed. What they cannot see they do not say.

use protocol::{
    assignment::{Assignment, Closed, Event as Asks, JobKind, Right, Step as Asked},
    attempt::{Answer, Attempt, Event as Saw, NotStarted, Owner, Step, Task},
    bed::{Bed, Cause, Confirmation, ConfirmedBy, Doubt, Event as OnBed},
    ids::{AttemptNo, Incarnation},
    job::Report,
    sync::{
        accept::{Accept, Held, accept},
        quarantine::{Greeting, greet},
        right,
    },
    units::{Epoch, HubIncarnation, Revision},
};

use super::rules::{Ends, Rule, Scenario};
use super::state::{Agent, Entry, MAIN, Msg, REPLACEMENT, Row, State, incarnation};

const KIND: JobKind = JobKind::Print;
const REVISION: Revision = Revision::new(1);

fn asked(row: &mut Row, event: Asks) -> Option<()> {
    match row.state.after(KIND, event) {
        Ok(Asked::To(next)) => row.state = next,
        Ok(Asked::Ignored(_)) | Err(_) => return None,
    }
    Some(())
}

impl Agent {
    fn row(&mut self, job: usize) -> Option<&mut Row> {
        self.ledger.rows[job].as_mut()
    }

    fn tell(&mut self, job: usize, report: Report) {
        if let Some(row) = self.ledger.rows[job] {
            self.ledger.log.push((job, row.epoch, report));
        }
    }

    fn claim(&mut self, job: usize) -> Option<()> {
        let life = self.ledger.life;
        let row = self.row(job)?;
        asked(row, Asks::ClaimGranted)?;
        row.claimed_by = Some(life);
        Some(())
    }

    /// Something happened to the newest attempt of `job`: attempt, assignment, bed and event in one transaction.
    fn saw(&mut self, owner: Owner, job: usize, event: Saw) -> Option<()> {
        let row = self.row(job)?;
        let (no, before) = row.attempt?;
        let Ok(Step::To(next)) = before.after(owner, event) else { return None };
        row.attempt = Some((no, next));
        let (to, report) = match next {
            Attempt::Failed { may_have_printed: false, .. } => (Some(Asks::NotStarted), Report::NotStarted),
            Attempt::Finished | Attempt::Failed { .. } | Attempt::Cancelled => (None, Report::Ended),
            Attempt::Unknown { .. } => (None, Report::Unknown),
            Attempt::Starting | Attempt::Printing | Attempt::Paused => return Some(()),
        };
        if let Some(event) = to {
            asked(row, event)?;
            self.ledger.bed = self.ledger.bed.after(OnBed::NothingStarted(no)).ok()?;
        }
        self.tell(job, report);
        Some(())
    }
}

/// A hand-out, an answer or a grant arrives.
pub(crate) fn hear(s: &mut State, with: &Scenario, msg: &Msg) -> Option<()> {
    let (Msg::HandOut { a, life, hub, .. }
    | Msg::Granted { a, life, hub, .. }
    | Msg::Resynced { a, life, hub, .. }) = msg
    else {
        return None;
    };
    // An answer to another life's request is dropped (I7).
    if s.agents[*a].ledger.life != *life {
        return None;
    }
    match msg {
        Msg::HandOut { job, epoch, .. } => given(&mut s.agents[*a], with, *hub, *job, *epoch)?,
        Msg::Granted { job, epoch, .. } => granted(&mut s.agents[*a], with, *hub, *job, *epoch)?,
        Msg::Resynced { quarantined, .. } => {
            see(&mut s.agents[*a], *hub);
            if *hub == s.agents[*a].ledger.hub_seen {
                s.agents[*a].ledger.is_quarantined = *quarantined;
            }
        }
        Msg::Sync { .. } | Msg::Resync { .. } | Msg::Claim { .. } => return None,
    }
    Some(())
}

fn see(agent: &mut Agent, hub: HubIncarnation) {
    agent.ledger.hub_seen = agent.ledger.hub_seen.max(hub);
}

fn given(agent: &mut Agent, with: &Scenario, hub: HubIncarnation, job: usize, epoch: Epoch) -> Option<()> {
    // An answer of a life of the hub that has ended is dropped: its request was abandoned (I7).
    if hub < agent.ledger.hub_seen {
        return None;
    }
    see(agent, hub);
    let held =
        agent.ledger.rows[job].map(|row| Held { epoch: row.epoch, revision: REVISION, state: row.state });
    match accept(held, epoch, REVISION) {
        Accept::New => {
            let mut row =
                Row { epoch, right: with.right, state: Assignment::Seen, claimed_by: None, attempt: None };
            asked(&mut row, Asks::StageBegan)?;
            asked(&mut row, Asks::Staged)?;
            agent.ledger.rows[job] = Some(row);
        }
        Accept::Changed | Accept::Again | Accept::Old | Accept::Incident => {}
    }
    Some(())
}

fn granted(agent: &mut Agent, with: &Scenario, hub: HubIncarnation, job: usize, epoch: Epoch) -> Option<()> {
    if with.keeps(Rule::OldGrantsRefused) {
        see(agent, hub);
    }
    (agent.row(job)?.epoch == epoch).then_some(())?;
    agent.claim(job)
}

/// Takes the right to start that came with a pinned hand-out.
pub(crate) fn claim_pinned(s: &mut State, a: usize, job: usize) -> Option<()> {
    let agent = &mut s.agents[a];
    let row = agent.ledger.rows[job]?;
    (row.right == Right::Pinned && row.state == Assignment::Ready && !agent.ledger.is_quarantined)
        .then_some(())?;
    agent.claim(job)
}

/// Asks the hub for the right to start.
pub(crate) fn send_claim(s: &mut State, a: usize, job: usize) -> Option<()> {
    let ledger = &s.agents[a].ledger;
    let row = ledger.rows[job]?;
    (row.right == Right::Pooled && row.state == Assignment::Ready && !ledger.is_quarantined).then_some(())?;
    let msg = Msg::Claim { a, life: ledger.life, hub_seen: ledger.hub_seen, job, epoch: row.epoch };
    s.net.insert(msg);
    Some(())
}

/// A poll with all events of this life. Where the hub answers that it must compare notes first, which changes
/// nothing at the hub, poll and answer are one step and the resync is what travels.
pub(crate) fn send(s: &mut State, a: usize) -> Option<()> {
    let ledger = &s.agents[a].ledger;
    let (life, hub_seen) = (ledger.life, ledger.hub_seen);
    let greeting = greet(s.hub.known[a], life, hub_seen, s.hub.life);
    let must_resync = match greeting {
        Greeting::NewLife | Greeting::HubIsOld => true,
        Greeting::First | Greeting::Known => ledger.is_quarantined,
    };
    if must_resync {
        see(&mut s.agents[a], s.hub.life);
        send_resync(s, a);
    } else if !ledger.log.is_empty() || greeting == Greeting::First {
        let log = ledger.log.clone();
        s.net.insert(Msg::Sync { a, life, hub_seen, log });
    }
    Some(())
}

fn send_resync(s: &mut State, a: usize) {
    let ledger = &s.agents[a].ledger;
    let holds = ledger.rows.map(|row| row.map(|r| Entry { epoch: r.epoch, right: r.right, state: r.state }));
    let last_seq = u64::try_from(ledger.log.len()).expect("a short log");
    let msg = Msg::Resync { a, life: ledger.life, hub_seen: ledger.hub_seen, last_seq, holds };
    s.net.insert(msg);
}

/// Writes the intent: right, bed, assignment, attempt and event in one transaction.
pub(crate) fn intend(s: &mut State, with: &Scenario, a: usize, job: usize) -> Option<()> {
    let agent = &mut s.agents[a];
    let row = agent.ledger.rows[job]?;
    let hub_seen =
        if with.keeps(Rule::OldGrantsRefused) { agent.ledger.hub_seen } else { HubIncarnation::new(0) };
    let me = right::Agent {
        incarnation: agent.ledger.life,
        hub_seen,
        is_quarantined: agent.ledger.is_quarantined,
    };
    let claim = right::Claim { right: row.right, epoch: row.epoch, incarnation: row.claimed_by? };
    right::may_start(me, row.state, claim).ok()?;
    let n = agent.ledger.attempts_n + 1;
    let no = AttemptNo { incarnation: agent.ledger.life, n };
    let occupied = agent.ledger.bed.after(OnBed::Intent(no)).ok()?;
    if with.keeps(Rule::BedInIntent) {
        agent.ledger.bed = occupied;
    }
    let row = agent.row(job)?;
    asked(row, Asks::StartIntent)?;
    row.attempt = Some((no, Attempt::Starting));
    agent.ledger.attempts_n = n;
    agent.tell(job, Report::StartIntent);
    agent.permit = Some(job);
    Some(())
}

/// The first byte leaves; the printer starts.
pub(crate) fn first_byte(s: &mut State, a: usize) -> Option<()> {
    let job = s.agents[a].permit.take()?;
    let (no, _) = s.agents[a].ledger.rows[job]?.attempt?;
    s.truth.crashed_into_plastic |= s.truth.plastic[a];
    s.truth.starts[job] += 1;
    s.truth.started.insert(no);
    s.truth.plastic[a] = true;
    Some(())
}

/// The port could not be opened: proof, in the process that holds the permit, that nothing started.
pub(crate) fn never_opened(s: &mut State, with: &Scenario, a: usize) -> Option<()> {
    let job = s.agents[a].permit.take()?;
    s.agents[a].saw(with.owner, job, Saw::NotStarted(NotStarted::PortNeverOpened))
}

/// The print is confirmed and, later, done. Needs a process that watches it, or a printer that can be asked.
pub(crate) fn evidence(s: &mut State, with: &Scenario, a: usize, job: usize) -> Option<()> {
    let (no, state) = s.agents[a].ledger.rows[job]?.attempt?;
    if s.agents[a].permit.is_some() {
        return None;
    }
    let event = match (with.owner, s.truth.started.contains(&no), state) {
        (Owner::Stream, true, Attempt::Starting) if with.ends == Ends::AtOnce => Saw::StreamDone,
        (Owner::Printer, true, Attempt::Starting) if with.ends == Ends::AtOnce => {
            Saw::SeenFinished(Task::Ours)
        }
        (Owner::Stream, true, Attempt::Starting) => Saw::FirstLineAcked,
        (Owner::Stream, true, Attempt::Printing) => Saw::StreamDone,
        (Owner::Printer, true, Attempt::Starting | Attempt::Unknown { .. }) => Saw::SeenRunning(Task::Ours),
        (Owner::Printer, true, Attempt::Printing) => Saw::SeenFinished(Task::Ours),
        (Owner::Printer, false, _) => Saw::NotStarted(NotStarted::FileNeverArrived),
        (Owner::Stream | Owner::Printer, _, _) => return None,
    };
    s.agents[a].saw(with.owner, job, event)
}

/// A person decides an Unknown by what lies on the bed.
pub(crate) fn decide(s: &mut State, with: &Scenario, a: usize, job: usize) -> Option<()> {
    let (no, _) = s.agents[a].ledger.rows[job]?.attempt?;
    let answer = if s.truth.started.contains(&no) { Answer::WholePlate } else { Answer::DidNotStart };
    s.agents[a].saw(with.owner, job, Saw::Decided(answer))
}

/// A person counts the units: sign-off and replacement are one transaction.
pub(crate) fn sign_off(s: &mut State, with: &Scenario, a: usize, job: usize, is_good: bool) -> Option<()> {
    let agent = &mut s.agents[a];
    let (_, attempt) = agent.ledger.rows[job]?.attempt?;
    (attempt.is_terminal() && attempt.may_have_printed()).then_some(())?;
    let replaces = !is_good && with.scrap && job == MAIN && agent.ledger.rows[REPLACEMENT].is_none();
    let (how, report) = match (is_good, replaces) {
        (true, _) => (Closed::Good, Report::Good),
        (false, true) => (Closed::Replaced, Report::Replaced),
        (false, false) => (Closed::Failed, Report::Failed),
    };
    asked(agent.row(job)?, Asks::SignedOff(how))?;
    agent.tell(job, report);
    if replaces {
        let epoch = Epoch::born_at_agent(agent.ledger.hub_seen);
        let mut row =
            Row { epoch, right: Right::Pinned, state: Assignment::Seen, claimed_by: None, attempt: None };
        asked(&mut row, Asks::StageBegan)?;
        asked(&mut row, Asks::Staged)?;
        agent.ledger.rows[REPLACEMENT] = Some(row);
        agent.claim(REPLACEMENT)?;
        agent.tell(REPLACEMENT, Report::Claimed);
    }
    Some(())
}

/// A person empties the bed, with a page open that shows what the ledger believes is on it.
pub(crate) fn empty_bed(s: &mut State, a: usize) -> Option<()> {
    let Bed::Occupied(cause) = s.agents[a].ledger.bed else { return None };
    let is_busy = s.agents[a].ledger.rows.iter().flatten().any(|row| match row.attempt {
        Some((_, state)) => matches!(state, Attempt::Starting | Attempt::Printing | Attempt::Paused),
        None => false,
    });
    (!is_busy).then_some(())?;
    s.truth.plastic[a] = false;
    s.agents[a].page = Some(cause);
    Some(())
}

/// The person taps; a tap can come twice, and late.
pub(crate) fn confirm(s: &mut State, with: &Scenario, a: usize) -> Option<()> {
    let agent = &mut s.agents[a];
    let mut saw = agent.page?;
    if !with.keeps(Rule::ConfirmationNamesCause)
        && let Bed::Occupied(now) = agent.ledger.bed
    {
        saw = now;
    }
    let event = OnBed::Confirmed(Confirmation { saw, by: ConfirmedBy::Person });
    agent.ledger.bed = agent.ledger.bed.after(event).ok()?;
    Some(())
}

/// A person at the agent gives back what has not begun; not what a former life was given.
pub(crate) fn give_back(s: &mut State, with: &Scenario, a: usize, job: usize) -> Option<()> {
    let agent = &mut s.agents[a];
    let row = agent.ledger.rows[job]?;
    let is_ours = row.claimed_by == Some(agent.ledger.life) || !with.keeps(Rule::FormerClaimNotGivenBack);
    (is_ours && !agent.ledger.is_quarantined).then_some(())?;
    asked(agent.row(job)?, Asks::Withdraw)?;
    agent.tell(job, Report::Released);
    s.spent.give_backs += 1;
    Some(())
}

/// The process dies and starts again.
pub(crate) fn crash(s: &mut State, with: &Scenario, a: usize) -> Option<()> {
    s.spent.crashes += 1;
    let agent = &mut s.agents[a];
    agent.permit = None;
    for job in 0..agent.ledger.rows.len() {
        let Some(row) = agent.ledger.rows[job] else { continue };
        if row.state != Assignment::Started {
            continue;
        }
        if !with.keeps(Rule::IntentIsDurable) {
            agent.ledger.rows[job] = Some(Row { state: Assignment::Claimed, attempt: None, ..row });
            agent.ledger.bed = Bed::Clear(protocol::bed::ClearedBy::Person);
            agent.ledger.log.retain(|(_, _, report)| *report != Report::StartIntent);
            continue;
        }
        agent.saw(with.owner, job, Saw::Restarted { last_line_next: true });
        if !with.keeps(Rule::InterruptedWaits) {
            agent.saw(with.owner, job, Saw::Decided(Answer::DidNotStart));
        }
    }
    Some(())
}

/// The ledger is what it was at the backup; the copy of the incarnation outside it shows that.
pub(crate) fn restore(s: &mut State, with: &Scenario, a: usize) -> Option<()> {
    let agent = &mut s.agents[a];
    agent.ledger = *agent.backup.clone()?;
    agent.lives += 1;
    agent.permit = None;
    let life: Incarnation = incarnation(a, agent.lives);
    agent.ledger.life = life;
    agent.ledger.log.clear();
    agent.ledger.attempts_n = 0;
    agent.ledger.is_quarantined = with.keeps(Rule::RestoredAgentWaits);
    agent.ledger.bed = agent.ledger.bed.after(OnBed::Doubt(Doubt::Restore)).ok()?;
    debug_assert_eq!(agent.ledger.bed, Bed::Occupied(Cause::Restore), "a restored bed is looked at");
    for job in 0..agent.ledger.rows.len() {
        agent.saw(with.owner, job, Saw::Restored);
        let Some(row) = agent.row(job) else { continue };
        match row.state {
            // Its hand-out was for the former life: the hub says it again if it is still so.
            Assignment::Seen | Assignment::Staging | Assignment::Ready
                if with.keeps(Rule::RestoredAgentWaits) && row.right == Right::Pinned =>
            {
                agent.ledger.rows[job] = None;
            }
            Assignment::Claimed if !with.keeps(Rule::RestoredAgentWaits) => row.claimed_by = Some(life),
            Assignment::Seen
            | Assignment::Staging
            | Assignment::Ready
            | Assignment::Claimed
            | Assignment::Started
            | Assignment::Closed(_)
            | Assignment::Declined
            | Assignment::Released => {}
        }
    }
    s.spent.agent_restores += 1;
    Some(())
}
