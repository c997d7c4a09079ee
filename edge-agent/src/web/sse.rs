//! How pages stay live: one stream per page, a full snapshot at its start and after every change that was missed.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use tokio::{sync::watch, time::Instant};

use super::{App, api::state_json};

/// Changes are sent at most this often, so that a busy floor does not flood a tablet.
const SEND_EVERY: Duration = Duration::from_millis(500);
/// Ages and temperatures move without a ledger change: a snapshot at least this often.
const SEND_AT_LEAST_EVERY: Duration = Duration::from_secs(3);

/// `GET /api/v1/events`.
pub(super) async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = app.floor.ledger.changes();
    let next = stream::unfold(
        (app, changes, None),
        |(app, mut changes, sent): (App, watch::Receiver<u64>, Option<Instant>)| async move {
            if let Some(sent) = sent {
                tokio::time::sleep_until(sent + SEND_EVERY).await;
                // Whether a change came or the time passed: a full snapshot follows either way.
                drop(tokio::time::timeout_at(sent + SEND_AT_LEAST_EVERY, changes.changed()).await);
            }
            changes.mark_unchanged();
            let event = match state_json(&app).await {
                Ok(state) => Event::default().event("state").data(state.to_string()),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a page could not be told of the state"
                    );
                    Event::default().event("trouble").data("The agent cannot read its ledger.")
                }
            };
            Some((Ok(event), (app, changes, Some(Instant::now()))))
        },
    );
    Sse::new(next).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
