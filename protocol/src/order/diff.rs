//! Wanted against present: how many units to make, to withdraw, or to put on the shelf.

/// What exists of one part of one line, in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Present {
    /// Good, reserved from the shelf, or shipped.
    pub good: u32,
    /// In jobs that an agent holds: they go on, whatever the shop does.
    pub held: u32,
    /// In jobs that can still be withdrawn.
    pub open: u32,
}

/// What must happen to one part of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// Units of new jobs.
    pub make: u32,
    /// Units of open jobs to withdraw.
    pub withdraw: u32,
    /// Units that will be good and are wanted by nobody: they go to the shelf.
    pub surplus: u32,
}

/// The difference between `wanted` units and what is there. What can still be withdrawn goes first; what is
/// printing or printed becomes stock.
#[must_use]
pub const fn diff(wanted: u32, present: Present) -> Change {
    let sure = present.good.saturating_add(present.held);
    let coming = sure.saturating_add(present.open);
    let too_many = coming.saturating_sub(wanted);
    let withdraw = if too_many < present.open { too_many } else { present.open };
    Change { make: wanted.saturating_sub(coming), withdraw, surplus: sure.saturating_sub(wanted) }
}

#[cfg(test)]
mod tests {
    use super::{Change, Present, diff};

    #[test]
    fn edits_are_differences() {
        let rows = [
            (3, Present::default(), Change { make: 3, withdraw: 0, surplus: 0 }, "a new line"),
            (3, Present { good: 0, held: 1, open: 2 }, Change::default(), "the same order again"),
            (
                5,
                Present { good: 1, held: 1, open: 1 },
                Change { make: 2, withdraw: 0, surplus: 0 },
                "more wanted",
            ),
            (
                1,
                Present { good: 0, held: 1, open: 2 },
                Change { make: 0, withdraw: 2, surplus: 0 },
                "less wanted",
            ),
            (
                0,
                Present { good: 1, held: 1, open: 2 },
                Change { make: 0, withdraw: 2, surplus: 2 },
                "cancelled",
            ),
            (
                2,
                Present { good: 1, held: 0, open: 3 },
                Change { make: 0, withdraw: 2, surplus: 0 },
                "one of three withdrawn",
            ),
        ];
        for (wanted, present, expected, name) in rows {
            assert_eq!(diff(wanted, present), expected, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn after_the_change_exactly_the_wanted_units_come(wanted in 0u32..50, good in 0u32..20, held in 0u32..20, open in 0u32..20) {
            let change = diff(wanted, Present { good, held, open });
            proptest::prop_assert_eq!(good + held + open + change.make - change.withdraw - change.surplus, wanted);
            proptest::prop_assert!(change.make == 0 || change.withdraw + change.surplus == 0);
        }
    }
}
