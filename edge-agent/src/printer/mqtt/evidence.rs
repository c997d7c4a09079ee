//! What a status proves about an attempt that we started, and about the bed. Pure: (what is known, status) → evidence.
//!
//! A printer keeps reporting the end of its last job until the next one: only our own task id proves anything about us.
//! Nothing here ever says that an attempt did not start, except the printer's refusal of the start command itself.
use protocol::attempt::{Event, Lost, Task};

use super::bambu::{State, Status, is_task};

/// How far an attempt is, as the driver knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The start command has left.
    Sent,
    /// The printer has shown our task, and no end of it.
    Seen,
    /// Evidence had ended; it may come back.
    Lost,
}

/// What a status says about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// Nothing about it.
    Nothing,
    /// This happened, and the attempt goes on.
    Goes(Event),
    /// This ended it.
    Ends(Event),
}

/// Reads a status with an attempt's task id in mind. `cancelled` are the printer's codes for a job stopped by a person.
#[must_use]
pub fn read(status: &Status, task_id: &str, known: Known, cancelled: &[String]) -> Says {
    if is_task(status, task_id) {
        return match status.state {
            State::Prepare | State::Slicing | State::Running => Says::Goes(Event::SeenRunning(Task::Ours)),
            State::Pause => Says::Goes(Event::SeenPaused(Task::Ours)),
            State::Finish => Says::Ends(Event::SeenFinished(Task::Ours)),
            State::Failed if status.error.as_ref().is_some_and(|error| cancelled.contains(error)) => {
                Says::Ends(Event::CancelAcked)
            }
            State::Failed => Says::Ends(Event::SeenFailed(Task::Ours)),
            // Our id, and yet idle: a firmware that keeps the id over a power cut. Before it ran, it says nothing.
            State::Idle if known == Known::Seen => Says::Goes(Event::EvidenceLost(Lost::Contradiction)),
            State::Idle | State::Other(_) => Says::Nothing,
        };
    }
    match (known, &status.state) {
        // Ours was seen and is gone: how it ended is not known.
        (Known::Seen, State::Prepare | State::Slicing | State::Running) => {
            Says::Goes(Event::SeenRunning(Task::Other))
        }
        (Known::Seen, State::Pause) => Says::Goes(Event::SeenPaused(Task::Other)),
        (Known::Seen, State::Idle | State::Finish | State::Failed) => {
            Says::Goes(Event::EvidenceLost(Lost::Contradiction))
        }
        (Known::Seen, State::Other(_)) | (Known::Sent | Known::Lost, _) => Says::Nothing,
    }
}

/// Whether a status shows something on the bed that none of our tasks put there. `first`: nothing was seen before.
#[must_use]
pub fn foreign<'a>(status: &Status, mut ours: impl Iterator<Item = &'a str>, first: bool) -> bool {
    let at_work = match status.state {
        State::Prepare | State::Slicing | State::Running | State::Pause => true,
        // An end at first contact: somebody printed while nobody watched.
        State::Finish | State::Failed => first,
        State::Idle | State::Other(_) => false,
    };
    at_work && !ours.any(|task_id| is_task(status, task_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: State, ours: bool, error: Option<&str>) -> Status {
        let (task_id, name) = if ours { ("77", "plate_77") } else { ("5", "other") };
        Status {
            state,
            task_id: task_id.to_owned(),
            subtask_id: task_id.to_owned(),
            name: name.to_owned(),
            percent: 0,
            remaining_min: None,
            layer: (0, 0),
            nozzle_c: (None, None),
            bed_c: (None, None),
            error: error.map(str::to_owned),
            developer_mode_off: false,
        }
    }

    #[test]
    fn only_our_task_proves_anything_and_silence_about_it_is_unknown() {
        use Known::{Lost as Gone, Seen, Sent};
        let cancelled = ["0500_400E".to_owned()];
        let (ours, other) = (true, false);
        let contradiction = Says::Goes(Event::EvidenceLost(Lost::Contradiction));
        let table = [
            (State::Prepare, ours, None, Sent, Says::Goes(Event::SeenRunning(Task::Ours))),
            (State::Running, ours, None, Gone, Says::Goes(Event::SeenRunning(Task::Ours))),
            (State::Pause, ours, None, Seen, Says::Goes(Event::SeenPaused(Task::Ours))),
            (State::Finish, ours, None, Sent, Says::Ends(Event::SeenFinished(Task::Ours))),
            (State::Finish, ours, None, Gone, Says::Ends(Event::SeenFinished(Task::Ours))),
            (State::Failed, ours, None, Seen, Says::Ends(Event::SeenFailed(Task::Ours))),
            (State::Failed, ours, Some("0500_400E"), Seen, Says::Ends(Event::CancelAcked)),
            (State::Failed, ours, Some("0300_4001"), Seen, Says::Ends(Event::SeenFailed(Task::Ours))),
            (State::Idle, ours, None, Sent, Says::Nothing),
            (State::Idle, ours, None, Seen, contradiction.clone()),
            (State::Finish, other, None, Sent, Says::Nothing),
            (State::Failed, other, Some("0500_4003"), Sent, Says::Nothing),
            (State::Running, other, None, Sent, Says::Nothing),
            (State::Finish, other, None, Gone, Says::Nothing),
            (State::Idle, other, None, Gone, Says::Nothing),
            (State::Running, other, None, Seen, Says::Goes(Event::SeenRunning(Task::Other))),
            (State::Pause, other, None, Seen, Says::Goes(Event::SeenPaused(Task::Other))),
            (State::Finish, other, None, Seen, contradiction.clone()),
            (State::Idle, other, None, Seen, contradiction),
            (State::Other("INIT".to_owned()), ours, None, Seen, Says::Nothing),
            (State::Other("INIT".to_owned()), other, None, Seen, Says::Nothing),
        ];
        for (state, whose, error, known, expected) in table {
            let shown = status(state, whose, error);
            assert_eq!(read(&shown, "77", known, &cancelled), expected, "{shown:?} {known:?}");
        }
    }

    #[test]
    fn foreign_prints_are_noticed_at_work_and_at_first_contact() {
        let table = [
            (State::Running, false, false, true),
            (State::Running, true, false, false),
            (State::Finish, false, true, true),
            (State::Finish, false, false, false),
            (State::Finish, true, true, false),
            (State::Idle, false, true, false),
        ];
        for (state, ours, first, expected) in table {
            let shown = status(state, ours, None);
            assert_eq!(foreign(&shown, ["1", "77"].into_iter(), first), expected, "{shown:?} {first}");
        }
    }
}
