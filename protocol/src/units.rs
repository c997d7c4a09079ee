//! Counters, versions and quantities as types: two plain numbers side by side are a bug waiting.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
        #[serde(transparent)]
        pub struct $name(u64);
        impl $name {
            /// Takes a stored or received number.
            #[must_use]
            pub const fn new(n: u64) -> Self { Self(n) }
            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 { self.0 }
            /// The one after; `None` at the end of the number range.
            #[must_use]
            pub const fn next(self) -> Option<Self> {
                match self.0.checked_add(1) { Some(n) => Some(Self(n)), None => None }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    )*};
}

counters! {
    /// One life of the hub's database; one more after each restore.
    HubIncarnation;
    /// Position in an agent's event log: contiguous from 1 within an incarnation.
    Seq;
    /// Position in the hub's changelog for one agent.
    Cursor;
    /// One more at every change of what is desired of an assignment.
    Revision;
    /// One more at every change of what a page shows; forms carry the one they were made from.
    StateVersion;
}

/// A hand-out of a job: ordered by the hub's life first, then by count. Every hand-out has a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Epoch {
    /// The life of the hub that made it (0 for a job born at an agent that never saw a hub).
    pub hub: HubIncarnation,
    /// Counts hand-outs of the job within that life (0 for a job born at an agent).
    pub count: u64,
}

impl Epoch {
    /// The epoch of a job born at an agent that has last seen `hub`.
    #[must_use]
    pub const fn born_at_agent(hub: HubIncarnation) -> Self {
        Self { hub, count: 0 }
    }

    /// The epoch of the next hand-out by a hub in its life `hub`. `None` at the end of the number range.
    #[must_use]
    pub fn next_in(self, hub: HubIncarnation) -> Option<Self> {
        debug_assert!(hub >= self.hub, "a hub never hands out under an older life than it has seen");
        let count = if hub == self.hub { self.count.checked_add(1)? } else { 1 };
        Some(Self { hub, count })
    }
}
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.hub, self.count)
    }
}

/// Wall time, milliseconds since 1970 UTC. For people and due dates; never for a decision about a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WallMs(pub i64);

/// Milliseconds since boot (`CLOCK_BOOTTIME`); compares only within one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MonoMs(pub u64);

/// A share in thousandths, 0 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(try_from = "u16", into = "u16")]
pub struct Permille(u16);

impl Permille {
    /// Everything.
    pub const ALL: Self = Self(1000);

    /// `done` of `all`, rounded down; all of nothing is everything.
    #[must_use]
    pub fn of(done: u64, all: u64) -> Self {
        let share = if all == 0 { 1000 } else { u128::from(done) * 1000 / u128::from(all) };
        Self(u16::try_from(share.min(1000)).unwrap_or(1000))
    }

    /// Thousandths, 0 to 1000.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}
impl TryFrom<u16> for Permille {
    type Error = String;
    fn try_from(n: u16) -> Result<Self, String> {
        if n <= 1000 { Ok(Self(n)) } else { Err(format!("{n} is not a share in thousandths (0 to 1000)")) }
    }
}
impl From<Permille> for u16 {
    fn from(p: Permille) -> Self {
        p.0
    }
}
