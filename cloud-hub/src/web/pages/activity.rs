//! Who did what when, newest first.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::layout::{Page, clock, show};
use crate::hub::Hub;
use crate::web::auth::Who;
use crate::web::problem::Problem;

/// Entries of the page.
const ROWS_MAX: u32 = 200;

struct Entry {
    stamp: String,
    at: String,
    trace: String,
    text: String,
}

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    page: Page,
    entries: Vec<Entry>,
}

pub(super) async fn page(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let clock = clock(&hub);
    let rows = hub.store.activity(who.user.tenant, ROWS_MAX).await?;
    let live = rows.first().map(|m| format!("{} {}: {}", clock.time(m.at_ms), m.correlation, m.text));
    let entries = rows.into_iter().map(|m| Entry {
        stamp: crate::clock::stamp(protocol::units::WallMs(m.at_ms)),
        at: format!("{}:{}", clock.time(m.at_ms), clock.second(m.at_ms).chars().skip(6).collect::<String>()),
        trace: m.correlation,
        text: m.text,
    });
    show(&ActivityPage {
        entries: entries.collect(),
        page: Page::new(&hub, &headers, "activity", "Activity")
            .of(&who, "/activity")
            .saying(live.unwrap_or_default()),
    })
}
