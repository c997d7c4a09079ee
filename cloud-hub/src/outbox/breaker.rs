//! A circuit breaker per service: after some failures in a row only one probe at a time goes out.

use protocol::units::WallMs;

/// Failures in a row that open it.
const FAILURES_MAX: u32 = 5;

/// Whether calls go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    failures_n: u32,
    open_until: Option<WallMs>,
}

impl Breaker {
    /// When the next call may go out; `None`: now.
    #[must_use]
    pub fn closed_until(&self, now: WallMs) -> Option<WallMs> {
        self.open_until.filter(|until| now < *until)
    }

    /// An answer came, good or bad: the service lives.
    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// No answer. `probe` is when the next may go out.
    pub fn silent(&mut self, probe: WallMs) {
        self.failures_n = self.failures_n.saturating_add(1);
        if self.failures_n >= FAILURES_MAX {
            self.open_until = Some(probe);
        }
    }

    /// Whether it is open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open_until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use protocol::units::WallMs;

    use super::Breaker;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_with_an_answer() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.silent(WallMs(50));
        }
        assert_eq!(breaker.closed_until(WallMs(0)), None);
        breaker.silent(WallMs(50));
        assert_eq!(breaker.closed_until(WallMs(0)), Some(WallMs(50)));
        assert_eq!(breaker.closed_until(WallMs(50)), None, "one probe goes out");
        breaker.answered();
        assert!(!breaker.is_open());
    }
}
