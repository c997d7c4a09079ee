//! Waits between tries: full jitter inside a window that doubles; after a lost connection a short random wait, so
//! that many agents do not come back in the same second.

use std::time::Duration;

use crate::sources;

/// First window.
const FIRST: Duration = Duration::from_millis(500);
/// Largest window.
const LARGEST: Duration = Duration::from_secs(60);

/// The state of a series of failures.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A success: the next failure starts anew.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after one more failure.
    pub fn next_wait(&mut self) -> Duration {
        let window =
            FIRST.saturating_mul(1_u32.checked_shl(self.failures.min(16)).unwrap_or(u32::MAX)).min(LARGEST);
        self.failures = self.failures.saturating_add(1);
        let share = sources::random::<2>().map_or(u16::MAX, u16::from_be_bytes);
        window.mul_f64(f64::from(share) / f64::from(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, LARGEST};

    #[test]
    fn waits_stay_inside_the_window_and_differ() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..40).map(|_| backoff.next_wait()).collect();
        assert!(waits.iter().all(|w| *w <= LARGEST));
        assert!(waits.iter().skip(10).any(|w| *w < LARGEST / 2), "full jitter, not a floor: {waits:?}");
        backoff.reset();
        assert!(backoff.next_wait() <= super::FIRST);
    }
}
