//! Every assignment state with every event. No default arm anywhere.

use super::{Assignment, Closed, Event, JobKind};

/// What an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The assignment is now in this state.
    To(Assignment),
    /// Nothing changed, for this reason.
    Ignored(Why),
}

/// Why an event changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is there already.
    AlreadySo,
    /// It is over at this agent.
    Over,
    /// A print has begun: a withdrawal has no effect and the print goes on.
    PrintGoesOn,
}

/// Why an event cannot happen here: our own mistake, stopped before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an assignment in state {state:?} of kind {kind:?} cannot take {event:?}")]
pub struct Refused {
    /// The state.
    pub state: Assignment,
    /// The kind of job.
    pub kind: JobKind,
    /// The event.
    pub event: Event,
}

impl Assignment {
    /// The state after `event`.
    ///
    /// # Errors
    /// [`Refused`] where the event would break the order stage, claim, start, close.
    #[expect(clippy::too_many_lines, reason = "one table: every event with every state")]
    pub fn after(self, kind: JobKind, event: Event) -> Result<Step, Refused> {
        let to = |next| Ok(Step::To(next));
        let refused = Err(Refused { state: self, kind, event });
        let same = Ok(Step::Ignored(Why::AlreadySo));
        let over = Ok(Step::Ignored(Why::Over));
        match event {
            Event::StageBegan => match self {
                Self::Seen => to(Self::Staging),
                Self::Staging => same,
                Self::Ready | Self::Claimed | Self::Started => refused,
                Self::Closed(_) | Self::Declined | Self::Released => over,
            },
            Event::StageFailed => match self {
                Self::Staging => to(Self::Seen),
                Self::Seen => same,
                Self::Ready | Self::Claimed | Self::Started => refused,
                Self::Closed(_) | Self::Declined | Self::Released => over,
            },
            Event::Staged => match self {
                Self::Seen | Self::Staging => to(Self::Ready),
                Self::Ready | Self::Claimed | Self::Started => same,
                Self::Closed(_) | Self::Declined | Self::Released => over,
            },
            Event::ClaimGranted => match self {
                Self::Ready if kind != JobKind::SliceOnly => to(Self::Claimed),
                Self::Claimed | Self::Started => same,
                Self::Seen | Self::Staging | Self::Ready => refused,
                Self::Closed(_) | Self::Declined | Self::Released => over,
            },
            Event::Declined => match self {
                Self::Seen | Self::Staging | Self::Ready => to(Self::Declined),
                Self::Declined => same,
                Self::Claimed | Self::Started => refused,
                Self::Closed(_) | Self::Released => over,
            },
            Event::Withdraw => match self {
                Self::Seen | Self::Staging | Self::Ready | Self::Claimed => to(Self::Released),
                Self::Started => Ok(Step::Ignored(Why::PrintGoesOn)),
                Self::Released => same,
                Self::Closed(_) | Self::Declined => over,
            },
            Event::StartIntent => match self {
                Self::Claimed if kind == JobKind::Print => to(Self::Started),
                Self::Seen | Self::Staging | Self::Ready | Self::Claimed | Self::Started => refused,
                Self::Closed(_) | Self::Declined | Self::Released => refused,
            },
            Event::NotStarted => match self {
                Self::Started => to(Self::Claimed),
                Self::Seen | Self::Staging | Self::Ready | Self::Claimed => refused,
                Self::Closed(_) | Self::Declined | Self::Released => over,
            },
            Event::SignedOff(how) => match self {
                Self::Started if matches!(how, Closed::Good | Closed::Replaced | Closed::Failed) => {
                    to(Self::Closed(how))
                }
                Self::Seen | Self::Staging | Self::Ready | Self::Claimed | Self::Started => refused,
                Self::Closed(_) | Self::Declined | Self::Released => over,
            },
            Event::CancelDone => match self {
                Self::Seen | Self::Staging | Self::Ready | Self::Claimed => to(Self::Released),
                Self::Started => to(Self::Closed(Closed::Cancelled)),
                Self::Closed(_) | Self::Declined | Self::Released => over,
            },
            Event::ArtifactReported => match self {
                Self::Ready if kind == JobKind::SliceOnly => to(Self::Closed(Closed::Sliced)),
                Self::Seen | Self::Staging | Self::Ready | Self::Claimed | Self::Started => refused,
                Self::Closed(_) | Self::Declined | Self::Released => over,
            },
            Event::LabelPrinted => match self {
                Self::Claimed if kind == JobKind::PrintLabel => to(Self::Closed(Closed::LabelPrinted)),
                Self::Seen | Self::Staging | Self::Ready | Self::Claimed | Self::Started => refused,
                Self::Closed(_) | Self::Declined | Self::Released => over,
            },
        }
    }
}
