//! The event log's numbers: applied in order, each once, acknowledged cumulatively.

use crate::units::Seq;

/// What the hub does with an event of number `seq` after it has applied all up to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming {
    /// The next one: apply it in the transaction that moves the cursor.
    Next,
    /// Applied before: acknowledged again, nothing else.
    Again,
    /// One before it is missing: nothing is applied, the agent sends from `last + 1`.
    Gap,
}

/// Places an event after what was applied.
#[must_use]
pub fn place(last: Seq, seq: Seq) -> Incoming {
    match last.next() {
        Some(next) if seq == next => Incoming::Next,
        Some(_) | None if seq <= last => Incoming::Again,
        Some(_) | None => Incoming::Gap,
    }
}

/// Whether a hub that says `acked` speaks of our log: it cannot have applied more than we wrote. If it does,
/// our database is older than what we once sent.
#[must_use]
pub fn ack_is_possible(acked: Seq, last_written: Seq) -> bool {
    acked <= last_written
}

#[cfg(test)]
mod tests {
    use super::{Incoming, place};
    use crate::units::Seq;

    proptest::proptest! {
        #[test]
        fn any_delivery_order_applies_each_event_once_and_in_order(deliveries in proptest::collection::vec(1u64..20, 0..200)) {
            let mut last = Seq::new(0);
            for seq in deliveries.into_iter().map(Seq::new) {
                match place(last, seq) {
                    Incoming::Next => {
                        proptest::prop_assert_eq!(seq.get(), last.get() + 1);
                        last = seq;
                    }
                    Incoming::Again => proptest::prop_assert!(seq <= last),
                    Incoming::Gap => proptest::prop_assert!(seq.get() > last.get() + 1),
                }
            }
        }
    }
}
