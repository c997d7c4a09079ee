//! Stand-in for SimplyPrint: key check and printer list. Values in the wrong parameter scope are violations,
//! because the real service drops them in silence. Starts no prints.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::control::{Control, under_fault};

/// How the service behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Key that requests must carry.
    pub api_key: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { api_key: "sp_key".into() }
    }
}

/// The running service; clones share it.
#[derive(Clone)]
pub struct SimplyPrint {
    config: Arc<Config>,
    control: Control,
}

impl SimplyPrint {
    /// A company with one idle printer.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config: Arc::new(config), control: Control::new("simplyprint", 1) }
    }

    /// The control side: faults, log, violations.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// All routes, control included.
    pub fn routes(&self) -> Router {
        let routes = Router::new()
            .route("/{company}/account/Test", get(test))
            .route("/{company}/printers/Get", post(printers))
            .route("/{company}/printers/actions/{action}", post(action))
            .route("/__control/state", get(state))
            .with_state(self.clone());
        self.control.wrap(routes)
    }

    /// Failures are HTTP 200 with `status:false`.
    fn stranger(&self, headers: &HeaderMap) -> Option<Response> {
        let key = headers.get("x-api-key").and_then(|v| v.to_str().ok());
        (key != Some(self.config.api_key.as_str())).then(|| {
            Json(json!({ "status": false, "message": "No API key provided, or not logged in" }))
                .into_response()
        })
    }
}

async fn test(State(service): State<SimplyPrint>, headers: HeaderMap) -> Response {
    let fault = service.control.fault("Test");
    under_fault(fault.as_ref(), async {
        let good = || Json(json!({ "status": true, "message": "Your API key is valid!" })).into_response();
        service.stranger(&headers).unwrap_or_else(good)
    })
    .await
}

async fn printers(
    State(service): State<SimplyPrint>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let fault = service.control.fault("printers");
    if query.is_some_and(|q| q.contains("page")) {
        service.control.violation("printers/Get: page and page_size belong in the body");
    }
    under_fault(fault.as_ref(), async {
        service.stranger(&headers).unwrap_or_else(|| {
            Json(json!({ "status": true, "message": null, "page_amount": 1, "data": [row()] }))
                .into_response()
        })
    })
    .await
}

fn row() -> Value {
    json!({ "id": 12, "sort_order": 0, "printer": { "name": "Cloud 1", "state": "operational", "group": 1, "online": true,
        "integration": "octoprint", "model": { "id": 1, "name": "MK3S", "brand": "Prusa" }, "hasQueue": true,
        "temps": { "current": { "tool": [22], "bed": 21 }, "target": { "tool": [0], "bed": 0 }, "ambient": 20 },
        "hasPSU": false, "psuOn": true, "tags": { "nozzleData": [{ "size": 0.4, "type": "brass" }], "bedType": null },
        "capabilities": { "unsupported": [] } }, "filament": null, "job": null })
}

/// Nothing is printed here; the parameter scopes are checked all the same.
async fn action(
    State(service): State<SimplyPrint>,
    Path((_company, action)): Path<(String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let in_query = query.is_some_and(|q| q.contains("pid="));
    let in_body = serde_json::from_slice::<Value>(&body).is_ok_and(|b| b.get("pid").is_some());
    let (right, scope) = if action == "CreateJob" { (in_body, "body") } else { (in_query, "query") };
    if !right {
        service.control.violation(format!("{action}: pid belongs in the {scope}"));
    }
    service.stranger(&headers).unwrap_or_else(|| {
        Json(json!({ "status": false, "message": "This stand-in does not print" })).into_response()
    })
}

async fn state(State(service): State<SimplyPrint>) -> Json<Value> {
    Json(json!({ "jobs": [], "duplicates": 0, "violations": service.control.violations() }))
}
