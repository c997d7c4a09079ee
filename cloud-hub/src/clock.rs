//! The only place that reads the wall clock. Everything else takes a [`Clock`], so that tests can set the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use protocol::units::WallMs;

/// Tells the wall time. For due dates, retries and pages; never for a decision about a start.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970 UTC.
    fn wall(&self) -> WallMs;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> WallMs {
        WallMs(jiff::Timestamp::now().as_millisecond())
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug, Clone, Default)]
pub struct SetClock(Arc<AtomicI64>);

impl SetClock {
    /// Stands at `ms`.
    #[must_use]
    pub fn at(ms: i64) -> Self {
        Self(Arc::new(AtomicI64::new(ms)))
    }

    /// Moves on by `ms`.
    pub fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn wall(&self) -> WallMs {
        WallMs(self.0.load(Ordering::SeqCst))
    }
}

/// A time as text in UTC, for pages and the API: `2026-11-20T10:00:00Z`.
#[must_use]
pub fn stamp(at: WallMs) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}
