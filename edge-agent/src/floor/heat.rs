//! Temperatures of the last half hour, in memory: for the eye, never for a decision.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::printer::Temperatures;

/// How often a point is kept.
pub const POINT_EVERY: Duration = Duration::from_secs(10);
/// How far back points go.
pub const SPAN: Duration = Duration::from_secs(1800);
/// Points of one printer: half an hour of them.
const POINTS_MAX: usize = 180;

/// One moment.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// When.
    pub at: Instant,
    /// What the printer said.
    pub said: Temperatures,
}

/// The points of one printer, oldest first; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Heat(Arc<Mutex<VecDeque<Point>>>);

impl Heat {
    /// Keeps a point, if the last one is old enough.
    pub fn note(&self, at: Instant, said: Temperatures) {
        let mut points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = points.back().is_none_or(|p| at.saturating_duration_since(p.at) >= POINT_EVERY);
        if is_due {
            if points.len() >= POINTS_MAX {
                points.pop_front();
            }
            points.push_back(Point { at, said });
        }
    }

    /// Points that are not older than [`SPAN`].
    #[must_use]
    pub fn recent(&self, now: Instant) -> Vec<Point> {
        let points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        points.iter().filter(|p| now.saturating_duration_since(p.at) <= SPAN).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Heat, POINT_EVERY, POINTS_MAX, SPAN};
    use crate::printer::Temperatures;

    #[test]
    fn half_an_hour_is_kept_and_no_more() {
        let (heat, begun) = (Heat::default(), Instant::now());
        let hot = |c| Temperatures { nozzle_c: Some(c), ..Temperatures::default() };
        heat.note(begun, hot(20.0));
        heat.note(begun + Duration::from_secs(1), hot(99.0));
        assert_eq!(heat.recent(begun).len(), 1, "a second later is too soon for another point");
        let mut now = begun;
        for _point in 0..POINTS_MAX * 2 {
            now += POINT_EVERY;
            heat.note(now, hot(200.0));
        }
        assert_eq!(heat.recent(now).len(), POINTS_MAX);
        assert!(heat.recent(now + SPAN * 2).is_empty(), "old points are not shown as new");
    }
}
