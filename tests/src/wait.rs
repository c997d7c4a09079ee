//! Waiting for a condition, at most so long, and then saying what was last seen.

use std::{fmt::Debug, future::Future, time::Duration};

use tokio::time::Instant;

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Looks until `look` gives something.
///
/// # Errors
/// What was last seen, when `most` has passed.
pub async fn until<T, S: Debug, F>(what: &str, most: Duration, mut look: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Result<T, S>>>,
{
    let end = Instant::now() + most;
    loop {
        let seen = match look().await? {
            Ok(found) => return Ok(found),
            Err(seen) => seen,
        };
        anyhow::ensure!(Instant::now() < end, "waited {} s for {what}; last seen: {seen:?}", most.as_secs());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
