//! What proves something about an attempt, row by row.
use super::*;

fn status(state: State, name: &str) -> Status {
    Status {
        state,
        name: name.to_owned(),
        job: None,
        permille: 0,
        remaining: None,
        temperatures: Temperatures::default(),
    }
}

#[test]
fn only_our_file_proves_anything() {
    use Known::{Lost as Gone, Seen, Sent};
    let (ours, other, none) = ("plate_77.gcode", "plate_5.gcode", "");
    let failed = Says::Ends(Event::SeenFailed(Task::Ours));
    let gone = Says::Goes(Event::EvidenceLost(Lost::Contradiction));
    let faulty = || State::Faulty("MCU shutdown".to_owned());
    let table = [
        (State::Printing, ours, Sent, false, Says::Goes(Event::SeenRunning(Task::Ours))),
        (State::Paused, ours, Seen, true, Says::Goes(Event::SeenPaused(Task::Ours))),
        (State::Finished, ours, Sent, false, Says::Ends(Event::SeenFinished(Task::Ours))),
        (State::Finished, ours, Gone, false, Says::Ends(Event::SeenFinished(Task::Ours))),
        (State::Cancelled, ours, Seen, true, Says::Ends(Event::CancelAcked)),
        (State::Failed, ours, Seen, true, failed.clone()),
        (faulty(), ours, Seen, true, failed.clone()),
        (faulty(), ours, Sent, false, failed),
        (faulty(), ours, Gone, false, Says::Nothing),
        (State::Idle, ours, Sent, false, Says::Nothing),
        // The name is gone with the end of the job: understood when it was ours a moment ago, else not.
        (State::Finished, none, Seen, true, Says::Ends(Event::SeenFinished(Task::Ours))),
        (State::Finished, none, Seen, false, gone.clone()),
        (State::Finished, none, Sent, false, Says::Nothing),
        (State::Cancelled, none, Seen, true, Says::Ends(Event::CancelAcked)),
        (State::Idle, none, Seen, true, gone.clone()),
        (State::Printing, other, Seen, true, Says::Goes(Event::SeenRunning(Task::Other))),
        (State::Paused, other, Seen, true, Says::Goes(Event::SeenPaused(Task::Other))),
        (State::Finished, other, Seen, true, gone.clone()),
        (faulty(), other, Seen, true, gone),
        (State::Printing, other, Sent, false, Says::Nothing),
        (State::Finished, other, Gone, false, Says::Nothing),
        (State::NeedsPerson, ours, Seen, true, Says::Goes(Event::SeenPaused(Task::Ours))),
        (State::NeedsPerson, other, Seen, true, Says::Nothing),
        (State::Other("reboot".to_owned()), none, Seen, true, Says::Nothing),
    ];
    for (state, name, known, shown, expected) in table {
        let answer = status(state, name);
        assert_eq!(read(&answer, "77", known, shown), expected, "{answer:?} {known:?} {shown}");
    }
}

#[test]
fn history_speaks_of_the_oldest_print_of_our_file() {
    let past = |outcomes: &[(&str, Outcome)]| -> Vec<Past> {
        outcomes.iter().map(|(name, outcome)| Past { name: (*name).to_owned(), outcome: *outcome }).collect()
    };
    let ours = "plate_77.gcode";
    let table = [
        (past(&[]), Says::Nothing),
        (past(&[("plate_5.gcode", Outcome::Completed)]), Says::Nothing),
        (past(&[(ours, Outcome::Running)]), Says::Nothing),
        (past(&[(ours, Outcome::Completed)]), Says::Ends(Event::SeenFinished(Task::Ours))),
        (past(&[(ours, Outcome::Cancelled), (ours, Outcome::Completed)]), Says::Ends(Event::CancelAcked)),
        (past(&[(ours, Outcome::Failed)]), Says::Ends(Event::SeenFailed(Task::Ours))),
    ];
    for (past, expected) in table {
        assert_eq!(read_past(&past, "77"), expected, "{past:?}");
    }
}

#[test]
fn a_file_of_ours_that_somebody_prints_again_is_a_foreign_print() {
    let foreign = |state: State, name: &str, first: bool| {
        is_foreign(&status(state, name), ["77"].into_iter(), ["66"].into_iter(), first)
    };
    assert!(!foreign(State::Printing, "plate_77.gcode", false));
    assert!(foreign(State::Printing, "plate_66.gcode", false), "its attempt has ended");
    assert!(foreign(State::Printing, "vase.gcode", false));
    assert!(foreign(State::Finished, "vase.gcode", true));
    assert!(!foreign(State::Finished, "vase.gcode", false), "told when it was first seen");
    assert!(!foreign(State::Finished, "plate_66.gcode", true));
    assert!(!foreign(State::Idle, "", true));
}

#[test]
fn a_name_is_the_task_only_with_the_whole_id() {
    assert_eq!(file_name("Plate A1 ü/..", "12"), "Plate_A1______12.gcode");
    assert!(is_task(&file_name("x", "12"), "12"));
    assert!(!is_task(&file_name("x", "112"), "12"));
    assert!(!is_task("x_12.gcode.bak", "12") && !is_task("x_.gcode", ""));
}
