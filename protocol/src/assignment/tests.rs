//! The whole table as text, and the order that it must keep.

use super::{Assignment, Closed, Event, JobKind, Step};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tables/assignment.txt");
const CLOSED: [Closed; 6] =
    [Closed::Good, Closed::Replaced, Closed::Failed, Closed::Cancelled, Closed::Sliced, Closed::LabelPrinted];

fn states() -> Vec<Assignment> {
    let mut all = vec![
        Assignment::Seen,
        Assignment::Staging,
        Assignment::Ready,
        Assignment::Claimed,
        Assignment::Started,
        Assignment::Declined,
        Assignment::Released,
    ];
    all.extend(CLOSED.map(Assignment::Closed));
    all
}

fn events() -> Vec<Event> {
    let mut all = vec![
        Event::StageBegan,
        Event::StageFailed,
        Event::Staged,
        Event::ClaimGranted,
        Event::Declined,
        Event::Withdraw,
        Event::StartIntent,
        Event::NotStarted,
        Event::CancelDone,
        Event::ArtifactReported,
        Event::LabelPrinted,
    ];
    all.extend(CLOSED.map(Event::SignedOff));
    all
}

#[test]
fn every_state_with_every_event_is_as_reviewed() {
    let mut table = String::new();
    for kind in [JobKind::Print, JobKind::SliceOnly, JobKind::PrintLabel] {
        for state in states() {
            for event in events() {
                let next = match state.after(kind, event) {
                    Ok(Step::To(next)) => format!("-> {next:?}"),
                    Ok(Step::Ignored(why)) => format!("ignored: {why:?}"),
                    Err(_refused) => "refused".to_owned(),
                };
                table.push_str(&format!("{kind:?} | {state:?} | {event:?} | {next}\n"));
            }
        }
    }
    crate::tests_support::same_as_reviewed(TABLE, &table);
}

#[test]
fn an_intent_follows_a_claim_and_nothing_else() {
    for state in states() {
        let starts =
            matches!(state.after(JobKind::Print, Event::StartIntent), Ok(Step::To(Assignment::Started)));
        assert_eq!(starts, state == Assignment::Claimed, "{state:?}");
    }
}

#[test]
fn what_has_started_is_never_given_back() {
    for event in events() {
        let next = Assignment::Started.after(JobKind::Print, event);
        assert!(!matches!(next, Ok(Step::To(Assignment::Released | Assignment::Declined))), "{event:?}");
    }
}
