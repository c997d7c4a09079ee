//! The table of reports, and what force, withdrawal and restore must keep.

use super::{Applied, ClaimAnswer, ForceRefused, Holder, Job, JobState, Report};
use crate::{
    ids::{AgentId, Incarnation},
    units::{Epoch, HubIncarnation},
};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tables/job.txt");
const HUB: HubIncarnation = HubIncarnation::new(1);
const REPORTS: [Report; 13] = [
    Report::Preparing,
    Report::Claimed,
    Report::StartIntent,
    Report::NotStarted,
    Report::Ended,
    Report::Unknown,
    Report::Good,
    Report::Replaced,
    Report::Failed,
    Report::Cancelled,
    Report::Released,
    Report::Declined,
    Report::DoneWithoutPrint,
];

fn agent(n: u8) -> AgentId {
    format!("01890000-0000-7000-8000-0000000000{n:02x}").parse().unwrap()
}
fn holder(n: u8, count: u64) -> Holder {
    Holder { agent: agent(n), incarnation: Incarnation::new(n.into()), epoch: Epoch { hub: HUB, count } }
}

/// A state as one word, without the ids.
fn word(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "Queued",
        JobState::Reserved { .. } => "Reserved",
        JobState::Claimed(_) => "Claimed",
        JobState::Running(_) => "Running",
        JobState::NeedsSignOff(_) => "NeedsSignOff",
        JobState::Unknown(_) => "Unknown",
        JobState::Good => "Good",
        JobState::Replaced => "Replaced",
        JobState::Failed => "Failed",
        JobState::Withdrawn => "Withdrawn",
        JobState::Cancelled => "Cancelled",
    }
}

fn jobs() -> Vec<Job> {
    let held = holder(1, 2);
    [
        JobState::Queued,
        JobState::Reserved { agent: held.agent, epoch: held.epoch },
        JobState::Claimed(held),
        JobState::Running(held),
        JobState::NeedsSignOff(held),
        JobState::Unknown(held),
        JobState::Good,
        JobState::Replaced,
        JobState::Failed,
        JobState::Withdrawn,
        JobState::Cancelled,
    ]
    .map(|state| Job { state, last_epoch: held.epoch, wanted: true })
    .to_vec()
}

#[test]
fn every_state_with_every_report_is_as_reviewed() {
    let senders = [("holder", holder(1, 2)), ("older epoch", holder(1, 1)), ("other agent", holder(2, 1))];
    let mut table = String::new();
    for (name, from) in senders {
        for job in jobs() {
            for report in REPORTS {
                let applied = match job.apply(from, report) {
                    Applied::Changed(next) => format!("-> {}", word(next.state)),
                    Applied::Ignored(why) => format!("ignored: {why:?}"),
                    Applied::Incident(what) => format!("incident: {what:?}"),
                };
                table.push_str(&format!("{name} | {} | {report:?} | {applied}\n", word(job.state)));
            }
        }
    }
    crate::tests_support::same_as_reviewed(TABLE, &table);
}

#[test]
fn a_claim_is_granted_once_and_again_only_to_the_same_life() {
    let job = Job::new(HUB).reserve(agent(1), HUB).unwrap();
    let epoch = job.last_epoch;
    let ClaimAnswer::Granted(claimed) = job.claim(agent(1), Incarnation::new(1), epoch) else {
        panic!("refused")
    };
    assert_eq!(claimed.claim(agent(1), Incarnation::new(1), epoch), ClaimAnswer::Granted(claimed));
    assert_eq!(claimed.claim(agent(1), Incarnation::new(9), epoch), ClaimAnswer::Taken);
    assert_eq!(claimed.claim(agent(2), Incarnation::new(2), epoch), ClaimAnswer::Taken);
}

#[test]
fn a_reservation_that_was_taken_back_gives_no_claim() {
    let first = Job::new(HUB).reserve(agent(1), HUB).unwrap();
    let second = first.reserve(agent(2), HUB).unwrap();
    assert!(second.last_epoch > first.last_epoch);
    let answer = second.claim(agent(1), Incarnation::new(1), first.last_epoch);
    assert_eq!(answer, ClaimAnswer::Stale { current: second.last_epoch });
}

#[test]
fn the_hub_never_takes_a_held_job_away_by_itself() {
    for job in jobs().into_iter().filter(|j| j.holder().is_some()) {
        assert_eq!(job.reserve(agent(2), HUB), None, "{job:?}");
        assert_eq!(job.withdraw().holder(), job.holder(), "{job:?}");
        assert_eq!(job.after_hub_restore(HubIncarnation::new(2)).holder(), job.holder(), "{job:?}");
    }
}

#[test]
fn force_needs_the_current_epoch_and_the_accepted_risk() {
    let running =
        Job { state: JobState::Running(holder(1, 2)), last_epoch: holder(1, 2).epoch, wanted: true };
    let epoch = holder(1, 2).epoch;
    assert_eq!(running.force(holder(1, 1).epoch, true, HUB), Err(ForceRefused::Stale { current: epoch }));
    assert_eq!(running.force(epoch, false, HUB), Err(ForceRefused::RiskNotAccepted));
    let free = running.force(epoch, true, HUB).unwrap();
    assert_eq!(free.state, JobState::Queued);
    // The old holder's print is then an incident, never a silent change.
    assert!(matches!(free.apply(holder(1, 2), Report::Ended), Applied::Incident(_)));
}

#[test]
fn a_job_nobody_wants_is_withdrawn_when_it_comes_back() {
    let held = Job { state: JobState::Claimed(holder(1, 2)), last_epoch: holder(1, 2).epoch, wanted: true };
    let Applied::Changed(back) = held.withdraw().apply(holder(1, 2), Report::Released) else {
        panic!("ignored")
    };
    assert_eq!(back.state, JobState::Withdrawn);
}

#[test]
fn what_was_closed_while_the_hub_forgot_is_not_given_out_again() {
    let life = HubIncarnation::new(2);
    let forgotten = Job::new(HUB).after_hub_restore(life);
    let Applied::Changed(good) = forgotten.adopt_closed(holder(1, 1), Report::Good) else {
        panic!("a finished print is adopted");
    };
    assert_eq!(good.state, JobState::Good);
    assert_eq!(good.reserve(agent(2), life), None, "a finished print is given to nobody");
    assert!(matches!(good.adopt_closed(holder(2, 1), Report::Good), Applied::Ignored(_)));
    let Applied::Changed(elsewhere) = forgotten.adopt(holder(2, 1), JobState::Running) else {
        panic!("a right to start is adopted");
    };
    let second_copy = elsewhere.adopt_closed(holder(1, 1), Report::Good);
    assert!(matches!(second_copy, Applied::Incident(_)), "a second copy is heard of: {second_copy:?}");
}

#[test]
fn after_a_restore_only_what_was_reserved_may_be_handed_out_anew() {
    let life = HubIncarnation::new(2);
    for job in jobs() {
        let restored = job.after_hub_restore(life);
        match job.state {
            JobState::Reserved { .. } => assert_eq!(restored.state, JobState::Queued),
            other => assert_eq!(restored.state, other, "whoever holds it will report"),
        }
        if let Some(given) = restored.reserve(agent(3), life) {
            assert_eq!(given.last_epoch.hub, life, "an old grant for {job:?} is older than the new one");
        }
    }
}
