//! Slows down guessing: failures per key within a window, in memory, bounded.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use protocol::units::WallMs;

/// Failures within the window after which a key is refused.
const FAILURES_MAX: u32 = 10;
/// The window, milliseconds: 15 minutes.
const WINDOW_MS: i64 = 900_000;
/// Keys that are remembered; the oldest go first.
const KEYS_MAX: usize = 10_000;

/// Failures by key (an account name, an address).
#[derive(Debug, Default)]
pub struct Guesses(Mutex<BTreeMap<String, (u32, WallMs)>>);

impl Guesses {
    /// Whether `key` may try now.
    #[must_use]
    pub fn may_try(&self, key: &str, now: WallMs) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !seen.get(key).is_some_and(|(n, since)| *n >= FAILURES_MAX && now.0 - since.0 < WINDOW_MS)
    }

    /// Counts a failure.
    pub fn failed(&self, key: &str, now: WallMs) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= KEYS_MAX {
            seen.retain(|_, (_, since)| now.0 - since.0 < WINDOW_MS);
            if seen.len() >= KEYS_MAX {
                seen.pop_first();
            }
        }
        let entry = seen.entry(key.to_owned()).or_insert((0, now));
        if now.0 - entry.1.0 >= WINDOW_MS {
            *entry = (0, now);
        }
        entry.0 += 1;
    }
}

#[cfg(test)]
mod tests {
    use protocol::units::WallMs;

    use super::Guesses;

    #[test]
    fn ten_failures_wait_for_the_window() {
        let guesses = Guesses::default();
        for _ in 0..10 {
            assert!(guesses.may_try("eva", WallMs(0)));
            guesses.failed("eva", WallMs(0));
        }
        assert!(!guesses.may_try("eva", WallMs(1)));
        assert!(guesses.may_try("mark", WallMs(1)));
        assert!(guesses.may_try("eva", WallMs(900_000)));
    }
}
