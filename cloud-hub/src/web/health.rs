//! Health for load balancers and alerts, in the flat shapes of the runbook, and metrics as text.
//!
//! `/health` and `/health/ready` depend on the database only: an outage of a shop must not restart the hub.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::hub::Hub;
use crate::shopify::connection;
use crate::web::problem::Problem;

fn build() -> Value {
    json!({ "number": env!("CARGO_PKG_VERSION"), "date": null, "commit": null })
}

pub(super) async fn health(State(hub): State<Arc<Hub>>) -> Response {
    let is_up = hub.store.ping().await.is_ok();
    let uptime_s = (hub.clock.wall().0 - hub.started.0) / 1000;
    let (status, word) =
        if is_up { (StatusCode::OK, "up") } else { (StatusCode::SERVICE_UNAVAILABLE, "down") };
    let overall = if is_up { "ok" } else { "error" };
    let body = json!({ "status": overall, "database": word, "version": env!("CARGO_PKG_VERSION"), "build": build(), "uptime": uptime_s });
    (status, Json(body)).into_response()
}

pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

pub(super) async fn ready(State(hub): State<Arc<Hub>>) -> Response {
    match hub.store.ping().await {
        Ok(()) => Json(json!({ "status": "ok", "database": "up" })).into_response(),
        Err(_down) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "error", "database": "down" })))
                .into_response()
        }
    }
}

/// Asks every connected service. One that is not connected is not down.
pub(super) async fn dependencies(State(hub): State<Arc<Hub>>) -> Response {
    let word = |up: bool| if up { "up" } else { "down" };
    let mut services = serde_json::Map::new();
    let mut all_up = true;
    let mut note = |name: &str, up: bool| {
        all_up &= up;
        services.insert(name.to_owned(), json!(word(up)));
    };
    note("database", hub.store.ping().await.is_ok());
    let shops = hub.shops.all();
    let mut shops_up = true;
    for shop in shops.iter().filter(|s| s.token.is_some()) {
        shops_up &= match connection::client(&hub, shop.id).await {
            Ok(client) => client.ping().await.is_ok(),
            Err(_no_token) => false,
        };
    }
    if shops.iter().any(|s| s.token.is_some()) {
        note("shopify", shops_up);
    }
    if let Some(client) = &hub.sendcloud {
        note("sendcloud", client.ping().await.is_ok());
    }
    if let Some(client) = &hub.simplyprint {
        note("simplyprint", client.ping().await);
    }
    let status = if all_up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    services.insert("status".into(), json!(if all_up { "ok" } else { "error" }));
    (status, Json(Value::Object(services))).into_response()
}

/// Counters as text, one line each.
pub(super) async fn metrics(State(hub): State<Arc<Hub>>) -> Result<Response, Problem> {
    let mut text = String::new();
    for (name, label, n) in hub.store.counts().await? {
        let metric = match name.as_str() {
            "orders" => "orders_status",
            "jobs" => "print_jobs_status",
            "webhooks" => "webhook_inbox",
            "outbox" => "outbox_rows",
            _events => "agent_events",
        };
        let _infallible = writeln!(text, "{metric}{{state=\"{label}\"}} {n}");
    }
    let _infallible = writeln!(text, "retry_queue_size {}", hub.store.effects_open().await?);
    let now = hub.clock.wall().0;
    for agent in hub.store.agents(hub.tenant).await? {
        let age_s = agent.contact_ms.map_or(-1, |at| (now - at) / 1000);
        let _infallible = writeln!(
            text,
            "agent_contact_age_seconds{{site=\"{}\"}} {age_s}",
            agent.name.replace(['"', '\\'], "_")
        );
    }
    Ok(([("content-type", "text/plain; version=0.0.4")], text).into_response())
}
