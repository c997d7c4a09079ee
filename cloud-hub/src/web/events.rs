//! How pages stay live: one stream per open page that says *that* something changed, never what. The page asks again,
//! with its own session, so a stream needs no rule about who may see what.
//!
//! Bounds: streams, their length, and how often they speak. A lost hint costs at most one look later.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use futures_util::{Stream, stream};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

use super::problem::Problem;
use crate::hub::Hub;

/// Open streams at once; more are asked to come back.
pub const STREAMS_MAX: usize = 256;
/// A busy hub speaks at most this often.
const SPEAK_EVERY: Duration = Duration::from_secs(1);
/// A quiet hub speaks at least this often: pages show ages, and must notice a hub that is gone.
const SPEAK_AT_LEAST_EVERY: Duration = Duration::from_secs(4);
/// A stream ends after this and is opened again by the page, with a session that is still good.
const STREAM_MAX: Duration = Duration::from_secs(600);

/// One stream, between two of its words.
struct Listener {
    hub: Arc<Hub>,
    changes: watch::Receiver<u64>,
    spoke: Option<Instant>,
    ends: Instant,
    _place: OwnedSemaphorePermit,
}

/// `GET /api/v1/events`.
pub(super) async fn events(
    State(hub): State<Arc<Hub>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let Ok(place) = Arc::clone(&hub.streams).try_acquire_owned() else {
        let detail = "Too many pages are open on this hub. This page works, and is as old as it says.";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(30));
    };
    let changes = hub.store.changes();
    let listener = Listener { hub, changes, spoke: None, ends: Instant::now() + STREAM_MAX, _place: place };
    Ok(Sse::new(stream::unfold(listener, next)))
}

/// Waits for a change, for the time to speak anyway, or for the end.
async fn next(mut it: Listener) -> Option<(Result<Event, Infallible>, Listener)> {
    if let Some(spoke) = it.spoke {
        let stopping = it.hub.stopping.clone();
        let pause = async {
            tokio::time::sleep_until(spoke + SPEAK_EVERY).await;
            // Whether a change came or the time passed: the page is told either way.
            drop(tokio::time::timeout_at(spoke + SPEAK_AT_LEAST_EVERY, it.changes.changed()).await);
        };
        tokio::select! {
            () = pause => {}
            () = stopping.cancelled() => return None,
        }
    }
    if Instant::now() >= it.ends {
        return None;
    }
    let version = *it.changes.borrow_and_update();
    it.spoke = Some(Instant::now());
    let said = json!({ "started_ms": it.hub.started.0, "version": version });
    Some((Ok(Event::default().event("state").data(said.to_string())), it))
}
