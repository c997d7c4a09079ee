//! Every state with every event: moved, ignored with a reason, or refused. No default arm anywhere.

use super::{Answer, Attempt, Event, FailWhy, Lost, NotStarted, Owner, Task};

/// What an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The attempt is now in this state.
    To(Attempt),
    /// Nothing changed, for this reason.
    Ignored(Why),
}

/// Why an event changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A terminal attempt needs no evidence.
    AlreadyEnded,
    /// It is in that state already.
    AlreadySo,
    /// Another task proves nothing about ours.
    OtherTask,
    /// The printer owns the job: it is asked, and its answer decides.
    PrinterIsAsked,
    /// A person left it undecided.
    LeftOpen,
}

/// Why an event cannot happen in a state: our own mistake, or a person's answer that came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The event belongs to the other kind of printer.
    #[error("this event belongs to the other kind of printer")]
    WrongOwner,
    /// Only an Unknown attempt can be decided.
    #[error("the attempt is {now}: only an Unknown one is decided by a person")]
    NotUnknown {
        /// The state's word.
        now: &'static str,
    },
    /// The printer had confirmed this attempt: no machine can prove any more that it did not start.
    #[error("the printer had confirmed this attempt, so it cannot be proven not to have started")]
    HadStarted,
    /// A streamed job cannot go on by itself, so it cannot be printing now.
    #[error("a streamed job stops with its link: it cannot be printing now")]
    CannotBePrinting,
    /// Going on needs a lost link and an agent that was not restarted.
    #[error("going on is possible only after a lost link, without a restart in between")]
    NoLineProof,
}

type Next = Result<Step, Refused>;

const fn to(state: Attempt) -> Next {
    Ok(Step::To(state))
}
const fn failed(why: FailWhy) -> Next {
    to(Attempt::Failed { why, may_have_printed: true })
}
const NOT_STARTED: Attempt = Attempt::Failed { why: FailWhy::NotStarted, may_have_printed: false };

impl Attempt {
    /// The state after `event`, for a job kept going by `owner`.
    ///
    /// # Errors
    /// [`Refused`] where the event cannot happen; the state stays as it was.
    pub fn after(self, owner: Owner, event: Event) -> Next {
        let next = match self {
            Self::Starting => starting(owner, event),
            Self::Printing => running(owner, event, false),
            Self::Paused => running(owner, event, true),
            Self::Unknown { lost, seen_running } => unknown(owner, event, lost, seen_running),
            Self::Finished | Self::Failed { .. } | Self::Cancelled => ended(self, event),
        };
        debug_assert!(
            !(self.is_terminal() && matches!(next, Ok(Step::To(_)))),
            "terminal states are final: {self:?} left by {event:?}"
        );
        next
    }
}

fn starting(owner: Owner, event: Event) -> Next {
    let unknown = |lost| to(Attempt::Unknown { lost, seen_running: false });
    match (owner, event) {
        (Owner::Stream, Event::FirstLineAcked) | (Owner::Printer, Event::SeenRunning(Task::Ours)) => {
            to(Attempt::Printing)
        }
        (Owner::Stream, Event::StreamPaused) | (Owner::Printer, Event::SeenPaused(Task::Ours)) => {
            to(Attempt::Paused)
        }
        // A very short file may be done before any acknowledgement was looked at.
        (Owner::Stream, Event::StreamDone) | (Owner::Printer, Event::SeenFinished(Task::Ours)) => {
            to(Attempt::Finished)
        }
        (Owner::Stream, Event::StreamResumed) => Ok(Step::Ignored(Why::AlreadySo)),
        (Owner::Stream, Event::Halted) => failed(FailWhy::Halted),
        (Owner::Stream, Event::BoardReset) => failed(FailWhy::BoardReset),
        (Owner::Stream, Event::LineProof) => Err(Refused::NoLineProof),
        (Owner::Printer, Event::SeenFailed(Task::Ours)) => failed(FailWhy::PrinterSaid),
        (
            Owner::Printer,
            Event::SeenRunning(Task::Other)
            | Event::SeenPaused(Task::Other)
            | Event::SeenFinished(Task::Other)
            | Event::SeenFailed(Task::Other),
        ) => Ok(Step::Ignored(Why::OtherTask)),
        (Owner::Stream | Owner::Printer, Event::CancelAcked) => to(Attempt::Cancelled),
        (Owner::Stream | Owner::Printer, Event::NotStarted(_)) => to(NOT_STARTED),
        (Owner::Stream | Owner::Printer, Event::EvidenceLost(lost)) => unknown(lost),
        (Owner::Stream, Event::Restarted { .. }) => unknown(Lost::Restart),
        (Owner::Printer, Event::Restarted { .. }) => Ok(Step::Ignored(Why::PrinterIsAsked)),
        (Owner::Stream | Owner::Printer, Event::Restored) => unknown(Lost::Restored),
        (Owner::Stream | Owner::Printer, Event::Decided(_)) => Err(Refused::NotUnknown { now: "Starting" }),
        (
            Owner::Stream,
            Event::SeenRunning(_) | Event::SeenPaused(_) | Event::SeenFinished(_) | Event::SeenFailed(_),
        )
        | (
            Owner::Printer,
            Event::FirstLineAcked
            | Event::StreamPaused
            | Event::StreamResumed
            | Event::StreamDone
            | Event::Halted
            | Event::BoardReset
            | Event::LineProof,
        ) => Err(Refused::WrongOwner),
    }
}

/// Printing and Paused differ only in which of the two a word of the printer leads to.
fn running(owner: Owner, event: Event, is_paused: bool) -> Next {
    let unknown = |lost| to(Attempt::Unknown { lost, seen_running: true });
    let same = Ok(Step::Ignored(Why::AlreadySo));
    let hold = if is_paused { same } else { to(Attempt::Paused) };
    let go_on = if is_paused { to(Attempt::Printing) } else { same };
    match (owner, event) {
        (Owner::Stream, Event::FirstLineAcked) => same,
        (Owner::Stream, Event::StreamPaused) | (Owner::Printer, Event::SeenPaused(Task::Ours)) => hold,
        (Owner::Stream, Event::StreamResumed) | (Owner::Printer, Event::SeenRunning(Task::Ours)) => go_on,
        (Owner::Stream, Event::StreamDone) | (Owner::Printer, Event::SeenFinished(Task::Ours)) => {
            to(Attempt::Finished)
        }
        (Owner::Stream, Event::Halted) => failed(FailWhy::Halted),
        (Owner::Stream, Event::BoardReset) => failed(FailWhy::BoardReset),
        (Owner::Stream, Event::LineProof) => same,
        (Owner::Printer, Event::SeenFailed(Task::Ours)) => failed(FailWhy::PrinterSaid),
        // It runs something else although ours was confirmed: how ours ended is not known.
        (Owner::Printer, Event::SeenRunning(Task::Other) | Event::SeenPaused(Task::Other)) => {
            unknown(Lost::Contradiction)
        }
        (Owner::Printer, Event::SeenFinished(Task::Other) | Event::SeenFailed(Task::Other)) => {
            Ok(Step::Ignored(Why::OtherTask))
        }
        (Owner::Stream | Owner::Printer, Event::CancelAcked) => to(Attempt::Cancelled),
        (Owner::Stream | Owner::Printer, Event::NotStarted(_)) => Err(Refused::HadStarted),
        (Owner::Stream | Owner::Printer, Event::EvidenceLost(lost)) => unknown(lost),
        (Owner::Stream, Event::Restarted { last_line_next: true }) => unknown(Lost::Restart),
        (Owner::Stream, Event::Restarted { last_line_next: false }) => failed(FailWhy::Interrupted),
        (Owner::Printer, Event::Restarted { .. }) => Ok(Step::Ignored(Why::PrinterIsAsked)),
        (Owner::Stream | Owner::Printer, Event::Restored) => unknown(Lost::Restored),
        (Owner::Stream | Owner::Printer, Event::Decided(_)) => {
            Err(Refused::NotUnknown { now: if is_paused { "Paused" } else { "Printing" } })
        }
        (
            Owner::Stream,
            Event::SeenRunning(_) | Event::SeenPaused(_) | Event::SeenFinished(_) | Event::SeenFailed(_),
        )
        | (
            Owner::Printer,
            Event::FirstLineAcked
            | Event::StreamPaused
            | Event::StreamResumed
            | Event::StreamDone
            | Event::Halted
            | Event::BoardReset
            | Event::LineProof,
        ) => Err(Refused::WrongOwner),
    }
}

fn unknown(owner: Owner, event: Event, lost: Lost, seen_running: bool) -> Next {
    let same = Ok(Step::Ignored(Why::AlreadySo));
    match (owner, event) {
        (Owner::Stream, Event::LineProof) => match lost {
            Lost::Link => to(Attempt::Printing),
            Lost::StartNotConfirmed | Lost::Contradiction | Lost::Restart | Lost::Restored => {
                Err(Refused::NoLineProof)
            }
        },
        // Late acknowledgements of a link that was given up are not proof of an end.
        (
            Owner::Stream,
            Event::FirstLineAcked | Event::StreamPaused | Event::StreamResumed | Event::StreamDone,
        ) => Err(Refused::NoLineProof),
        (Owner::Stream, Event::Halted) => failed(FailWhy::Halted),
        (Owner::Stream, Event::BoardReset) => failed(FailWhy::BoardReset),
        (Owner::Printer, Event::SeenRunning(Task::Ours)) => to(Attempt::Printing),
        (Owner::Printer, Event::SeenPaused(Task::Ours)) => to(Attempt::Paused),
        (Owner::Printer, Event::SeenFinished(Task::Ours)) => to(Attempt::Finished),
        (Owner::Printer, Event::SeenFailed(Task::Ours)) => failed(FailWhy::PrinterSaid),
        (
            Owner::Printer,
            Event::SeenRunning(Task::Other)
            | Event::SeenPaused(Task::Other)
            | Event::SeenFinished(Task::Other)
            | Event::SeenFailed(Task::Other),
        ) => Ok(Step::Ignored(Why::OtherTask)),
        (Owner::Stream | Owner::Printer, Event::CancelAcked) => to(Attempt::Cancelled),
        (Owner::Stream | Owner::Printer, Event::NotStarted(proof)) => {
            not_started_after_all(owner, proof, seen_running)
        }
        (Owner::Stream | Owner::Printer, Event::EvidenceLost(_) | Event::Restarted { .. }) => same,
        // The restore is what a person must hear about first.
        (Owner::Stream | Owner::Printer, Event::Restored) => {
            to(Attempt::Unknown { lost: Lost::Restored, seen_running })
        }
        (Owner::Stream | Owner::Printer, Event::Decided(answer)) => decided(owner, answer),
        (
            Owner::Stream,
            Event::SeenRunning(_) | Event::SeenPaused(_) | Event::SeenFinished(_) | Event::SeenFailed(_),
        )
        | (
            Owner::Printer,
            Event::FirstLineAcked
            | Event::StreamPaused
            | Event::StreamResumed
            | Event::StreamDone
            | Event::Halted
            | Event::BoardReset
            | Event::LineProof,
        ) => Err(Refused::WrongOwner),
    }
}

/// Once Unknown, only the printer's own refusal of our start is proof; "no such file" may mean "printed and deleted".
const fn not_started_after_all(owner: Owner, proof: NotStarted, seen_running: bool) -> Next {
    match (owner, proof) {
        (Owner::Printer, NotStarted::PrinterSaidNo) if !seen_running => to(NOT_STARTED),
        (
            Owner::Printer | Owner::Stream,
            NotStarted::PrinterSaidNo
            | NotStarted::PortNeverOpened
            | NotStarted::UploadRefused
            | NotStarted::FileNeverArrived,
        ) => Err(Refused::HadStarted),
    }
}

const fn decided(owner: Owner, answer: Answer) -> Next {
    match (owner, answer) {
        (Owner::Stream | Owner::Printer, Answer::DidNotStart) => to(NOT_STARTED),
        (Owner::Printer, Answer::PrintingNow) => to(Attempt::Printing),
        (Owner::Stream, Answer::PrintingNow) => Err(Refused::CannotBePrinting),
        (Owner::Stream | Owner::Printer, Answer::WholePlate) => to(Attempt::Finished),
        (Owner::Stream | Owner::Printer, Answer::PlasticOnly) => failed(FailWhy::PersonSaid),
        (Owner::Stream | Owner::Printer, Answer::LeaveIt) => Ok(Step::Ignored(Why::LeftOpen)),
    }
}

fn ended(state: Attempt, event: Event) -> Next {
    match event {
        Event::Decided(_) => Err(Refused::NotUnknown { now: state.word() }),
        Event::FirstLineAcked
        | Event::StreamPaused
        | Event::StreamResumed
        | Event::StreamDone
        | Event::Halted
        | Event::BoardReset
        | Event::LineProof
        | Event::SeenRunning(_)
        | Event::SeenPaused(_)
        | Event::SeenFinished(_)
        | Event::SeenFailed(_)
        | Event::CancelAcked
        | Event::NotStarted(_)
        | Event::EvidenceLost(_)
        | Event::Restarted { .. }
        | Event::Restored => Ok(Step::Ignored(Why::AlreadyEnded)),
    }
}
