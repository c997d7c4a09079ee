//! The whole table as text: every state × owner × event, compared with the reviewed file.

use super::{Answer, Attempt, Event, FailWhy, Lost, NotStarted, Owner, Step, Task};

/// The reviewed table. `BLESS=1` writes it anew; the diff is the review.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tables/attempt.txt");

fn states() -> Vec<Attempt> {
    let mut all =
        vec![Attempt::Starting, Attempt::Printing, Attempt::Paused, Attempt::Finished, Attempt::Cancelled];
    for lost in [Lost::Link, Lost::StartNotConfirmed, Lost::Contradiction, Lost::Restart, Lost::Restored] {
        all.extend([false, true].map(|seen_running| Attempt::Unknown { lost, seen_running }));
    }
    all.push(Attempt::Failed { why: FailWhy::NotStarted, may_have_printed: false });
    all.push(Attempt::Failed { why: FailWhy::Halted, may_have_printed: true });
    all
}

pub(crate) fn events() -> Vec<Event> {
    let tasks = [Task::Ours, Task::Other];
    let mut all = vec![
        Event::FirstLineAcked,
        Event::StreamPaused,
        Event::StreamResumed,
        Event::StreamDone,
        Event::Halted,
        Event::BoardReset,
        Event::LineProof,
        Event::CancelAcked,
        Event::Restored,
    ];
    all.extend(tasks.map(Event::SeenRunning));
    all.extend(tasks.map(Event::SeenPaused));
    all.extend(tasks.map(Event::SeenFinished));
    all.extend(tasks.map(Event::SeenFailed));
    all.extend(
        [
            NotStarted::PortNeverOpened,
            NotStarted::UploadRefused,
            NotStarted::PrinterSaidNo,
            NotStarted::FileNeverArrived,
        ]
        .map(Event::NotStarted),
    );
    all.extend([Lost::Link, Lost::StartNotConfirmed, Lost::Contradiction].map(Event::EvidenceLost));
    all.extend(
        [Answer::DidNotStart, Answer::PrintingNow, Answer::WholePlate, Answer::PlasticOnly, Answer::LeaveIt]
            .map(Event::Decided),
    );
    all.extend([false, true].map(|last_line_next| Event::Restarted { last_line_next }));
    all
}

#[test]
fn every_state_with_every_event_is_as_reviewed() {
    let mut table = String::new();
    for owner in [Owner::Stream, Owner::Printer] {
        for state in states() {
            for event in events() {
                let next = match state.after(owner, event) {
                    Ok(Step::To(next)) => format!("-> {next:?}"),
                    Ok(Step::Ignored(why)) => format!("ignored: {why:?}"),
                    Err(refused) => format!("refused: {refused:?}"),
                };
                table.push_str(&format!("{owner:?} | {state:?} | {event:?} | {next}\n"));
            }
        }
    }
    crate::tests_support::same_as_reviewed(TABLE, &table);
}

#[test]
fn only_proof_or_a_person_allows_a_second_attempt() {
    for owner in [Owner::Stream, Owner::Printer] {
        for state in states().into_iter().filter(|s| s.may_have_printed()) {
            for event in events() {
                let Ok(Step::To(next)) = state.after(owner, event) else {
                    continue;
                };
                let by_proof = matches!(event, Event::NotStarted(_))
                    && !matches!(state, Attempt::Printing | Attempt::Paused);
                let by_person = event == Event::Decided(Answer::DidNotStart);
                assert_eq!(
                    !next.may_have_printed(),
                    by_proof || by_person,
                    "{owner:?} {state:?} {event:?} -> {next:?}"
                );
            }
        }
    }
}

#[test]
fn a_streamed_print_never_goes_on_by_itself_after_a_crash() {
    for state in [Attempt::Starting, Attempt::Printing, Attempt::Paused] {
        for last_line_next in [false, true] {
            let next = state.after(Owner::Stream, Event::Restarted { last_line_next }).unwrap();
            let Step::To(next) = next else { panic!("{state:?} stayed as it was") };
            assert!(
                matches!(next, Attempt::Unknown { .. } | Attempt::Failed { may_have_printed: true, .. }),
                "{next:?}"
            );
        }
    }
}
