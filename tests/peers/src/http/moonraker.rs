//! Moonraker's interface, as far as a print host uses it, and as unkind: a start has no answer while G-code runs, a shut
//! down Klipper leaves `print_stats` at `paused`, a wrong checksum is refused.
use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, middleware};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::{Config, FILE_BYTES_MAX, Handle, Running};
use crate::bambu::machine::State as Doing;
use crate::control::{self, FaultKind, under_fault};

/// Starts one on a free loopback port.
///
/// # Errors
/// When no port can be bound.
pub async fn spawn(config: Config) -> anyhow::Result<Running> {
    let handle = Handle::new("moonraker", config);
    let address = control::spawn(routes(handle.clone())).await?;
    Ok(Running { address, handle })
}

/// A printer and its routes.
pub fn new(config: Config) -> (Handle, Router) {
    let handle = Handle::new("moonraker", config);
    let routes = routes(handle.clone());
    (handle, routes)
}

fn routes(handle: Handle) -> Router {
    Router::new()
        .route("/printer/objects/query", get(status))
        .route("/server/history/list", get(history))
        .route("/server/files/upload", post(upload))
        .route("/server/files/metadata", get(metadata))
        .route("/server/files/gcodes/{name}", delete(remove))
        .route("/printer/print/{word}", post(print))
        .route("/printer/emergency_stop", post(emergency))
        .layer(DefaultBodyLimit::max(FILE_BYTES_MAX))
        .layer(middleware::from_fn_with_state(handle.clone(), allow))
        .with_state(handle)
}

async fn allow(
    State(handle): State<Handle>,
    request: axum::extract::Request,
    next: middleware::Next,
) -> Response {
    let given = request.headers().get("x-api-key").and_then(|it| it.to_str().ok());
    if handle.config.password.is_some() && given != handle.config.password.as_deref() {
        return no(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    next.run(request).await
}

fn no(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": { "code": status.as_u16(), "message": why } }))).into_response()
}

fn ok() -> Response {
    Json(json!({ "result": "ok" })).into_response()
}

async fn status(State(handle): State<Handle>) -> Response {
    let fault = handle.control.fault("status");
    under_fault(fault.as_ref(), async {
        Json(json!({ "result": { "eventtime": 1.0, "status": objects(&handle) } })).into_response()
    })
    .await
}

fn objects(handle: &Handle) -> Value {
    let shared = handle.lock();
    let machine = &shared.machine;
    let [nozzle, bed] = &machine.heaters;
    let state = match (machine.state, &shared.shut_down) {
        (_, Some(_)) => "paused",
        (Doing::Idle, None) => "standby",
        (Doing::Prepare | Doing::Running, None) => "printing",
        (Doing::Pause, None) => "paused",
        (Doing::Finish, None) => "complete",
        (Doing::Failed, None) if shared.is_cancelled => "cancelled",
        (Doing::Failed, None) => "error",
    };
    let percent = shared.percent();
    json!({
        "webhooks": match &shared.shut_down {
            Some(why) => json!({ "state": "shutdown", "state_message": why }),
            None => json!({ "state": "ready", "state_message": "Printer is ready" }),
        },
        "print_stats": { "state": state, "filename": shared.name, "print_duration": 10.0 },
        "virtual_sdcard": { "progress": percent / 100.0 },
        "extruder": { "temperature": nozzle.now_c, "target": nozzle.target_c },
        "heater_bed": { "temperature": bed.now_c, "target": bed.target_c },
    })
}

async fn history(State(handle): State<Handle>) -> Response {
    let fault = handle.control.fault("history");
    under_fault(fault.as_ref(), async {
        let past = handle.lock().past.clone();
        let jobs: Vec<_> = past
            .iter()
            .enumerate()
            .rev()
            .map(|(n, it)| json!({ "job_id": format!("{n:06X}"), "filename": it.name, "status": it.status }))
            .collect();
        Json(json!({ "result": { "count": jobs.len(), "jobs": jobs } })).into_response()
    })
    .await
}

async fn upload(State(handle): State<Handle>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = handle.control.fault("upload");
    if fault.as_ref().is_some_and(|it| it.kind == FaultKind::Refuse) {
        return no(StatusCode::FORBIDDEN, "no space left on the card");
    }
    under_fault(fault.as_ref(), async {
        let boundary = headers.get("content-type").and_then(|it| it.to_str().ok()?.split("boundary=").nth(1));
        let Some(parts) = boundary.map(|boundary| parts(&body, boundary)) else {
            return no(StatusCode::BAD_REQUEST, "no form");
        };
        let Some((name, bytes)) = parts.get("file") else { return no(StatusCode::BAD_REQUEST, "no file") };
        let sum = hex::encode(sha2::Sha256::digest(bytes));
        if parts.get("checksum").is_some_and(|(_, given)| *given != sum.as_bytes()) {
            return no(StatusCode::UNPROCESSABLE_ENTITY, "File checksum mismatch");
        }
        let size = handle.lock().keep(name, bytes.clone());
        let item = json!({ "path": name, "root": "gcodes", "size": size });
        (StatusCode::CREATED, Json(json!({ "result": { "item": item, "print_started": false } })))
            .into_response()
    })
    .await
}

/// Field → file name and bytes.
fn parts(body: &[u8], boundary: &str) -> BTreeMap<String, (String, Vec<u8>)> {
    let mark = format!("--{boundary}");
    let mut all = BTreeMap::new();
    let mut rest = body;
    while let Some(at) = find(rest, mark.as_bytes()) {
        let part = rest.get(at + mark.len()..).unwrap_or_default();
        let end = find(part, mark.as_bytes()).unwrap_or(part.len());
        let one = part.get(..end).unwrap_or_default();
        if let Some(head_end) = find(one, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(one.get(..head_end).unwrap_or_default()).into_owned();
            let word = |key: &str| {
                let text = head.split(&format!("{key}=\"")).nth(1)?;
                text.split('"').next().map(str::to_owned)
            };
            let bytes = one.get(head_end + 4..one.len().saturating_sub(2)).unwrap_or_default().to_vec();
            if let Some(name) = word(" name") {
                all.insert(name, (word("filename").unwrap_or_default(), bytes));
            }
        }
        rest = part;
    }
    all
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

type Asked = Query<BTreeMap<String, String>>;

async fn metadata(State(handle): State<Handle>, Query(asked): Asked) -> Response {
    let name = asked.get("filename").cloned().unwrap_or_default();
    match handle.lock().files.get(&name) {
        Some(bytes) => Json(json!({ "result": { "filename": name, "size": bytes.len() } })).into_response(),
        None => no(StatusCode::NOT_FOUND, "Metadata not available"),
    }
}

async fn remove(State(handle): State<Handle>, Path(name): Path<String>) -> Response {
    match handle.lock().files.remove(&name) {
        Some(_) => ok(),
        None => no(StatusCode::NOT_FOUND, "File does not exist"),
    }
}

async fn print(State(handle): State<Handle>, Path(word): Path<String>, Query(asked): Asked) -> Response {
    let fault = handle.control.fault(&word);
    if word == "start" {
        handle.lock().starts_asked += 1;
    }
    if fault.as_ref().is_some_and(|it| it.kind == FaultKind::Refuse) {
        return no(StatusCode::BAD_REQUEST, "refused by a macro of the owner");
    }
    under_fault(fault.as_ref(), async {
        let mut shared = handle.lock();
        if let Some(why) = &shared.shut_down {
            return no(StatusCode::BAD_REQUEST, why);
        }
        match word.as_str() {
            "start" => {
                let name = asked.get("filename").cloned().unwrap_or_default();
                return shared.begin(&name).map_or_else(|why| no(StatusCode::BAD_REQUEST, why), |()| ok());
            }
            "cancel" => shared.command("stop"),
            other => shared.command(other),
        }
        ok()
    })
    .await
}

async fn emergency(State(handle): State<Handle>) -> Response {
    handle.shut_down("Shutdown due to webhooks request");
    ok()
}
