//! Stored forms: text in columns to the types of `protocol`, and back. A stored word that has no meaning is
//! an error with the word in it, never a default.

use protocol::{
    assignment::{Assignment, Closed},
    attempt::{Attempt, FailWhy, Lost, Owner},
    bed::{Bed, Cause, ClearedBy},
    ids::AttemptNo,
};

use super::LedgerError;

macro_rules! words {
    ($to:ident, $from:ident, $type:ty, $what:literal, { $($pattern:path => $word:literal,)* }) => {
        pub(super) const fn $to(value: $type) -> &'static str {
            match value { $($pattern => $word,)* }
        }
        pub(super) fn $from(word: &str) -> Result<$type, LedgerError> {
            match word { $($word => Ok($pattern),)* _ => Err(LedgerError::corrupt($what, word)) }
        }
    };
}

words!(owner_word, owner_from, Owner, "owner of an attempt", {
    Owner::Stream => "stream",
    Owner::Printer => "printer",
});
words!(lost_word, lost_from, Lost, "lost evidence", {
    Lost::Link => "link",
    Lost::StartNotConfirmed => "start not confirmed",
    Lost::Contradiction => "contradiction",
    Lost::Restart => "restart",
    Lost::Restored => "restored",
});
words!(why_word, why_from, FailWhy, "reason of a failure", {
    FailWhy::NotStarted => "not started",
    FailWhy::PrinterSaid => "printer said",
    FailWhy::Halted => "halted",
    FailWhy::BoardReset => "board reset",
    FailWhy::Interrupted => "interrupted",
    FailWhy::PersonSaid => "person said",
});
words!(closed_word, closed_from, Closed, "end of an assignment", {
    Closed::Good => "Good",
    Closed::Replaced => "Replaced",
    Closed::Failed => "Failed",
    Closed::Cancelled => "Cancelled",
    Closed::Sliced => "Sliced",
    Closed::LabelPrinted => "LabelPrinted",
});

/// State and end of an assignment as its two columns.
pub(super) const fn assignment_words(state: Assignment) -> (&'static str, Option<&'static str>) {
    match state {
        Assignment::Seen => ("Seen", None),
        Assignment::Staging => ("Staging", None),
        Assignment::Ready => ("Ready", None),
        Assignment::Claimed => ("Claimed", None),
        Assignment::Started => ("Started", None),
        Assignment::Closed(how) => ("Closed", Some(closed_word(how))),
        Assignment::Declined => ("Declined", None),
        Assignment::Released => ("Released", None),
    }
}

/// The state of an assignment from its two columns.
pub(super) fn assignment_from(state: &str, closed_as: Option<&str>) -> Result<Assignment, LedgerError> {
    match (state, closed_as) {
        ("Seen", None) => Ok(Assignment::Seen),
        ("Staging", None) => Ok(Assignment::Staging),
        ("Ready", None) => Ok(Assignment::Ready),
        ("Claimed", None) => Ok(Assignment::Claimed),
        ("Started", None) => Ok(Assignment::Started),
        ("Closed", Some(how)) => closed_from(how).map(Assignment::Closed),
        ("Declined", None) => Ok(Assignment::Declined),
        ("Released", None) => Ok(Assignment::Released),
        _ => Err(LedgerError::corrupt("state of an assignment", state)),
    }
}

/// The columns of an attempt that hold its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttemptColumns {
    pub(super) state: &'static str,
    pub(super) why: Option<&'static str>,
    pub(super) lost: Option<&'static str>,
    pub(super) seen_running: bool,
    pub(super) may_have_printed: bool,
}

/// An attempt's state as its columns.
pub(super) const fn attempt_columns(state: Attempt) -> AttemptColumns {
    let (why, lost, seen_running) = match state {
        Attempt::Failed { why, .. } => (Some(why_word(why)), None, false),
        Attempt::Unknown { lost, seen_running } => (None, Some(lost_word(lost)), seen_running),
        Attempt::Starting | Attempt::Printing | Attempt::Paused | Attempt::Finished | Attempt::Cancelled => {
            (None, None, false)
        }
    };
    AttemptColumns {
        state: state.word(),
        why,
        lost,
        seen_running,
        may_have_printed: state.may_have_printed(),
    }
}

/// An attempt's state from its columns.
pub(super) fn attempt_from(
    state: &str,
    why: Option<&str>,
    lost: Option<&str>,
    (seen_running, may_have_printed): (bool, bool),
) -> Result<Attempt, LedgerError> {
    match (state, why, lost) {
        ("Starting", None, None) => Ok(Attempt::Starting),
        ("Printing", None, None) => Ok(Attempt::Printing),
        ("Paused", None, None) => Ok(Attempt::Paused),
        ("Finished", None, None) => Ok(Attempt::Finished),
        ("Cancelled", None, None) => Ok(Attempt::Cancelled),
        ("Failed", Some(why), None) => Ok(Attempt::Failed { why: why_from(why)?, may_have_printed }),
        ("Unknown", None, Some(lost)) => Ok(Attempt::Unknown { lost: lost_from(lost)?, seen_running }),
        _ => Err(LedgerError::corrupt("state of an attempt", state)),
    }
}

/// State, cause and attempt of a bed as columns.
pub(super) fn bed_columns(bed: Bed) -> (&'static str, &'static str, Option<AttemptNo>) {
    match bed {
        Bed::Clear(by) => {
            let word = match by {
                ClearedBy::Person => "person",
                ClearedBy::Device => "device",
                ClearedBy::NothingStarted => "nothing started",
            };
            ("clear", word, None)
        }
        Bed::Occupied(cause) => match cause {
            Cause::Attempt(attempt) => ("occupied", "attempt", Some(attempt)),
            Cause::Unobserved => ("occupied", "unobserved", None),
            Cause::ForeignPrint => ("occupied", "foreign print", None),
            Cause::NewPrinter => ("occupied", "new printer", None),
            Cause::Restore => ("occupied", "restore", None),
        },
    }
}

/// A bed from its columns.
pub(super) fn bed_from(state: &str, cause: &str, attempt: Option<AttemptNo>) -> Result<Bed, LedgerError> {
    match (state, cause, attempt) {
        ("clear", "person", None) => Ok(Bed::Clear(ClearedBy::Person)),
        ("clear", "device", None) => Ok(Bed::Clear(ClearedBy::Device)),
        ("clear", "nothing started", None) => Ok(Bed::Clear(ClearedBy::NothingStarted)),
        ("occupied", "attempt", Some(attempt)) => Ok(Bed::Occupied(Cause::Attempt(attempt))),
        ("occupied", "unobserved", None) => Ok(Bed::Occupied(Cause::Unobserved)),
        ("occupied", "foreign print", None) => Ok(Bed::Occupied(Cause::ForeignPrint)),
        ("occupied", "new printer", None) => Ok(Bed::Occupied(Cause::NewPrinter)),
        ("occupied", "restore", None) => Ok(Bed::Occupied(Cause::Restore)),
        _ => Err(LedgerError::corrupt("state of a bed", format!("{state} {cause}"))),
    }
}

/// A `u64` as the integer that `SQLite` stores; numbers beyond 2^63 do not occur in 10,000 years of counting.
pub(super) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A stored integer as a count.
pub(super) fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
