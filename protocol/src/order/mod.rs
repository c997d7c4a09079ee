//! An order as the hub keeps it, and the difference between what is wanted and what is there.
//!
//! Invariant: edits, refunds and cancellations are differences of quantities, never deltas: applying the same
//! order twice changes nothing.

mod diff;

pub use diff::{Change, Present, diff};

/// Where an order stands. A hold is a flag with reasons beside this, not a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrderState {
    /// Taken over; nothing is being made yet.
    New,
    /// At least one part is being made.
    InProduction,
    /// All parts good.
    ReadyToShip,
    /// Label bought and the shop told.
    Completed,
    /// Cancelled by the shop.
    Cancelled,
}

/// What an order's parts say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// A job of it was made.
    JobsMade,
    /// Every wanted part is good, on the shelf, or only to be picked.
    AllPartsGood,
    /// More is wanted again (edit, or scrap found later).
    MoreWanted,
    /// The shop was told and accepted.
    Fulfilled,
    /// Cancelled by the shop.
    Cancelled,
}

impl OrderState {
    /// The state after `event`; `None` where nothing changes.
    #[must_use]
    pub const fn after(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::New | Self::ReadyToShip, Event::JobsMade | Event::MoreWanted) => Some(Self::InProduction),
            (Self::New | Self::InProduction, Event::AllPartsGood) => Some(Self::ReadyToShip),
            (Self::ReadyToShip, Event::Fulfilled) => Some(Self::Completed),
            // Shipped by hand in the shop's own pages: the shop's word counts.
            (Self::New | Self::InProduction, Event::Fulfilled) => Some(Self::Completed),
            (Self::New | Self::InProduction | Self::ReadyToShip, Event::Cancelled) => Some(Self::Cancelled),
            (Self::InProduction, Event::JobsMade | Event::MoreWanted)
            | (Self::ReadyToShip, Event::AllPartsGood)
            | (
                Self::Completed | Self::Cancelled,
                Event::JobsMade
                | Event::AllPartsGood
                | Event::MoreWanted
                | Event::Fulfilled
                | Event::Cancelled,
            ) => None,
        }
    }

    /// The word on every screen.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::InProduction => "Printing",
            Self::ReadyToShip => "Ready to ship",
            Self::Completed => "Shipped",
            Self::Cancelled => "Cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, OrderState};

    #[test]
    fn every_state_with_every_event_is_as_reviewed() {
        let mut table = String::new();
        for state in [
            OrderState::New,
            OrderState::InProduction,
            OrderState::ReadyToShip,
            OrderState::Completed,
            OrderState::Cancelled,
        ] {
            for event in
                [Event::JobsMade, Event::AllPartsGood, Event::MoreWanted, Event::Fulfilled, Event::Cancelled]
            {
                table.push_str(&format!("{state:?} | {event:?} | {:?}\n", state.after(event)));
            }
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tables/order.txt");
        crate::tests_support::same_as_reviewed(path, &table);
    }
}
