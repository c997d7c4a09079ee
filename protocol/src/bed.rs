//! The bed of a printer: Clear, or Occupied by something. Persistent, one per printer.
//!
//! Invariant: the only ways to Clear are a [`Confirmation`] that names the cause it saw, and proof that the
//! attempt which occupied a clear bed never started. Nothing on the wire can make either of them.

use crate::ids::AttemptNo;

/// The state of one bed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bed {
    /// Somebody or something confirmed it, and nothing has happened since.
    Clear(ClearedBy),
    /// Not known to be clear.
    Occupied(Cause),
}

/// Why a bed is not known to be clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// Our attempt, from its intent on.
    Attempt(AttemptNo),
    /// The printer can print alone and was not watched for a while.
    Unobserved,
    /// The printer printed something that is not ours.
    ForeignPrint,
    /// The printer was added and nobody has looked yet.
    NewPrinter,
    /// The database was restored: what it says of the bed is old.
    Restore,
}

/// Who made a bed clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClearedBy {
    /// A person's tap or scan.
    Person,
    /// A clearing device with its own confirmation.
    Device,
    /// Proof that the attempt never started on a bed that was clear.
    NothingStarted,
}

/// Somebody saw an empty bed; names what they believed was on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Confirmation {
    /// The cause the page or device showed.
    pub saw: Cause,
    /// Who.
    pub by: ConfirmedBy,
}

/// Who may confirm; a proof is not a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConfirmedBy {
    /// A person.
    Person,
    /// A clearing device.
    Device,
}

/// What may happen to a bed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// The intent of an attempt was written (same transaction).
    Intent(AttemptNo),
    /// The attempt is proven, or said by a person looking at the bed, not to have started.
    NothingStarted(AttemptNo),
    /// Something else made it uncertain.
    Doubt(Doubt),
    /// Somebody confirmed that it is clear.
    Confirmed(Confirmation),
}

/// A cause other than our own attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// See [`Cause::Unobserved`].
    Unobserved,
    /// See [`Cause::ForeignPrint`].
    ForeignPrint,
    /// See [`Cause::NewPrinter`].
    NewPrinter,
    /// See [`Cause::Restore`].
    Restore,
}

/// Why an event is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A start on a bed that is not clear: our own mistake, stopped here.
    #[error("the bed is not clear")]
    NotClear {
        /// What is on it.
        cause: Cause,
    },
    /// The page was older than the bed.
    #[error("the bed has changed since the page was made")]
    Stale {
        /// The bed as it is now.
        now: Bed,
    },
}

impl Bed {
    /// The bed after `event`. Repeating a doubt, or a proof that no longer applies, changes nothing.
    ///
    /// # Errors
    /// [`Refused::NotClear`] for an intent on an occupied bed; [`Refused::Stale`] for a confirmation of
    /// something else than what is on it now.
    pub fn after(self, event: Event) -> Result<Self, Refused> {
        match (self, event) {
            (Self::Clear(_), Event::Intent(attempt)) => Ok(Self::Occupied(Cause::Attempt(attempt))),
            (Self::Occupied(cause), Event::Intent(_)) => Err(Refused::NotClear { cause }),
            (Self::Occupied(Cause::Attempt(on_it)), Event::NothingStarted(attempt)) if on_it == attempt => {
                Ok(Self::Clear(ClearedBy::NothingStarted))
            }
            (Self::Clear(_) | Self::Occupied(_), Event::NothingStarted(_)) => Ok(self),
            // A bed that is not known to be clear keeps the cause that says more than "nobody was looking".
            (Self::Occupied(_), Event::Doubt(Doubt::Unobserved)) => Ok(self),
            (Self::Clear(_) | Self::Occupied(_), Event::Doubt(doubt)) => Ok(Self::Occupied(doubt.cause())),
            (Self::Occupied(cause), Event::Confirmed(it)) if it.saw == cause => Ok(Self::Clear(it.by.into())),
            (Self::Clear(_) | Self::Occupied(_), Event::Confirmed(_)) => Err(Refused::Stale { now: self }),
        }
    }

    /// Whether a print may start on it.
    #[must_use]
    pub const fn is_clear(self) -> bool {
        matches!(self, Self::Clear(_))
    }
}

impl Doubt {
    const fn cause(self) -> Cause {
        match self {
            Self::Unobserved => Cause::Unobserved,
            Self::ForeignPrint => Cause::ForeignPrint,
            Self::NewPrinter => Cause::NewPrinter,
            Self::Restore => Cause::Restore,
        }
    }
}

impl From<ConfirmedBy> for ClearedBy {
    fn from(by: ConfirmedBy) -> Self {
        match by {
            ConfirmedBy::Person => Self::Person,
            ConfirmedBy::Device => Self::Device,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bed, Cause, ClearedBy, Confirmation, ConfirmedBy, Doubt, Event};
    use crate::ids::{AttemptNo, Incarnation};

    const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tables/bed.txt");

    #[test]
    fn every_state_with_every_event_is_as_reviewed() {
        let [mine, other] = [1, 2].map(|n| AttemptNo { incarnation: Incarnation::new(7), n });
        let causes =
            [Cause::Attempt(mine), Cause::Unobserved, Cause::ForeignPrint, Cause::NewPrinter, Cause::Restore];
        let mut beds = vec![Bed::Clear(ClearedBy::Person)];
        beds.extend(causes.map(Bed::Occupied));
        let mut events = vec![Event::Intent(mine), Event::NothingStarted(mine), Event::NothingStarted(other)];
        events.extend(
            [Doubt::Unobserved, Doubt::ForeignPrint, Doubt::NewPrinter, Doubt::Restore].map(Event::Doubt),
        );
        for by in [ConfirmedBy::Person, ConfirmedBy::Device] {
            events.extend(causes.map(|saw| Event::Confirmed(Confirmation { saw, by })));
        }
        let mut table = String::new();
        for bed in beds {
            for event in &events {
                table.push_str(&format!("{bed:?} | {event:?} | {:?}\n", bed.after(*event)));
            }
        }
        crate::tests_support::same_as_reviewed(TABLE, &table);
    }
}
