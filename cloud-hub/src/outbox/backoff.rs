//! How long to wait: definite refusals on a fixed ladder, unanswered calls doubling up to a cap.

use protocol::units::WallMs;

use crate::config::Outbox;

/// Delays after definite refusals, milliseconds: 1 s, 8 s, 64 s, 9 min, 1 h.
const REFUSED_MS: [i64; 5] = [1_000, 8_000, 64_000, 540_000, 3_600_000];
/// Jitter, thousandths of the delay: rows that failed together do not come back together.
const JITTER_PERMILLE: i64 = 200;

/// When a row that was refused `tries_n` times before is tried again.
#[must_use]
pub fn after_refusal(now: WallMs, tries_n: u32) -> WallMs {
    let step = usize::try_from(tries_n).unwrap_or(usize::MAX);
    let delay = REFUSED_MS.get(step).or(REFUSED_MS.last()).copied().unwrap_or(0);
    WallMs(now.0.saturating_add(jittered(delay)))
}

/// When a row that has been waiting since `since` is tried again: as long as it has waited, within base and cap.
#[must_use]
pub fn after_silence(now: WallMs, since: Option<WallMs>, settings: Outbox) -> WallMs {
    let base = i64::try_from(settings.probe_ms).unwrap_or(i64::MAX);
    let cap = i64::try_from(settings.probe_ms_max).unwrap_or(i64::MAX).max(base);
    // Waiting as long again as it has waited already is doubling.
    let waited = since.map_or(0, |since| now.0.saturating_sub(since.0));
    WallMs(now.0.saturating_add(jittered(waited.clamp(base, cap))))
}

fn jittered(delay: i64) -> i64 {
    let [byte] = crate::sources::random::<1>();
    let span = delay.saturating_mul(JITTER_PERMILLE) / 1000;
    delay.saturating_add(span.saturating_mul(i64::from(byte)) / 255)
}

#[cfg(test)]
mod tests {
    use protocol::units::WallMs;

    use super::{after_refusal, after_silence};
    use crate::config::Outbox;

    #[test]
    fn delays_grow_and_stay_within_their_bounds() {
        for (tries, delay) in [(0, 1_000), (1, 8_000), (4, 3_600_000), (99, 3_600_000)] {
            let due = after_refusal(WallMs(0), tries).0;
            assert!((delay..=delay * 12 / 10).contains(&due), "{tries}: {due}");
        }
        let settings = Outbox { call_s: 1, probe_ms: 1_000, probe_ms_max: 300_000 };
        for (waited, delay) in [(0, 1_000), (4_000, 4_000), (10_000_000, 300_000)] {
            let due = after_silence(WallMs(waited), Some(WallMs(0)), settings).0 - waited;
            assert!((delay..=delay * 12 / 10).contains(&due), "{waited}: {due}");
        }
    }
}
