//! `/health*` and `/metrics`: for watchdogs and Prometheus, without a log-in and without anything private.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::{App, auth::Need, problem::Problem, routes::Routes};
use crate::sync::Link;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .get("/health", Need::Nothing, ready)
        .get("/health/live", Need::Nothing, live)
        .get("/health/ready", Need::Nothing, ready)
        .get("/metrics", Need::Nothing, metrics)
}

async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Ready means: the ledger can be read. A lost hub is not ill health: the agent works without it.
async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    let ledger = app.floor.ledger.sync_state().await;
    let hub = matches!(app.link.borrow().link, Link::Connected);
    let status = if ledger.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if ledger.is_ok() { "ok" } else { "ledger cannot be read" };
    (status, Json(json!({ "status": word, "hub_connected": hub, "version": env!("CARGO_PKG_VERSION") })))
}

async fn metrics(State(app): State<App>) -> Result<String, Problem> {
    let snapshot = app.floor.ledger.snapshot().await?;
    let sync = app.floor.ledger.sync_state().await?;
    let summary = app.summary.borrow().clone();
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: u64| {
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n"));
    };
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    gauge("edge_agent_jobs_open", "Jobs that are not over.", count(snapshot.open.len()));
    gauge("edge_agent_printers", "Printers of the site.", count(summary.printers.len()));
    let needs = |word: &str| count(summary.printers.iter().filter(|p| p.state == word).count());
    gauge("edge_agent_printers_printing", "Printers that print.", needs("Printing"));
    gauge("edge_agent_printers_unknown", "Printers that wait for a decision.", needs("Unknown"));
    gauge("edge_agent_printers_offline", "Printers without a connection.", needs("Offline"));
    gauge(
        "edge_agent_events_waiting",
        "Events that the hub has not acknowledged.",
        sync.last_seq.get().saturating_sub(sync.acked_seq.get()),
    );
    gauge(
        "edge_agent_hub_connected",
        "1 while the hub answers.",
        u64::from(matches!(app.link.borrow().link, Link::Connected)),
    );
    Ok(text)
}
