//! PrusaLink's interface, version 1, behind digest log-in whose nonce goes stale: as far as a print host uses it. A job that
//! has ended leaves no trace but the state word.
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use md5::Digest as _;
use serde_json::json;

use super::{Config, FILE_BYTES_MAX, Handle, Running};
use crate::bambu::machine::State as Doing;
use crate::control::{self, FaultKind, under_fault};

/// So many requests are taken with one nonce.
const NONCE_USES_MAX: u64 = 25;

/// Starts one on a free loopback port.
///
/// # Errors
/// When no port can be bound.
pub async fn spawn(config: Config) -> anyhow::Result<Running> {
    let (handle, routes) = new(config);
    let address = control::spawn(routes).await?;
    Ok(Running { address, handle })
}

/// A printer and its routes.
pub fn new(config: Config) -> (Handle, Router) {
    let handle = Handle::new("prusalink", config);
    let routes = Router::new()
        .route("/api/v1/status", get(status))
        .route("/api/v1/job", get(job))
        .route("/api/v1/job/{id}", axum::routing::delete(stop))
        .route("/api/v1/job/{id}/{word}", put(command))
        .route("/api/v1/files/usb/{name}", get(facts).put(upload).post(start).delete(remove))
        .layer(DefaultBodyLimit::max(FILE_BYTES_MAX))
        .layer(middleware::from_fn_with_state(handle.clone(), allow))
        .with_state(handle.clone());
    (handle, routes)
}

async fn allow(State(handle): State<Handle>, request: Request, next: Next) -> Response {
    let Some(password) = &handle.config.password else { return next.run(request).await };
    let nonce = {
        let mut shared = handle.lock();
        shared.requests += 1;
        format!("n{}", shared.requests / NONCE_USES_MAX)
    };
    let given = request.headers().get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default();
    let path = request.uri().path().to_owned();
    if is_right(given, password, request.method().as_str(), &path, &nonce) {
        return next.run(request).await;
    }
    let ask = format!(r#"Digest realm="Printer API", qop="auth", nonce="{nonce}""#);
    (StatusCode::UNAUTHORIZED, [("www-authenticate", ask)], Json(json!({ "title": "Unauthorized" })))
        .into_response()
}

fn is_right(header: &str, password: &str, method: &str, path: &str, nonce: &str) -> bool {
    let value = |key: &str| {
        let parts = header.trim_start_matches("Digest ").split(", ");
        parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| *name == key)
            .map(|(_, it)| it.trim_matches('"'))
    };
    let hash = |text: String| hex::encode(md5::Md5::digest(text.as_bytes()));
    let (Some(count), Some(word), Some(response)) = (value("nc"), value("cnonce"), value("response")) else {
        return false;
    };
    let secret = hash(format!("maker:Printer API:{password}"));
    let request = hash(format!("{method}:{path}"));
    value("nonce") == Some(nonce)
        && response == hash(format!("{secret}:{nonce}:{count}:{word}:auth:{request}"))
}

fn no(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "title": why }))).into_response()
}

fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

async fn status(State(handle): State<Handle>) -> Response {
    let fault = handle.control.fault("status");
    under_fault(fault.as_ref(), async {
        let shared = handle.lock();
        let [nozzle, bed] = &shared.machine.heaters;
        let word = match (shared.machine.state, &shared.shut_down) {
            (_, Some(_)) => "ERROR",
            (Doing::Idle, None) => "IDLE",
            (Doing::Prepare, None) => "BUSY",
            (Doing::Running, None) => "PRINTING",
            (Doing::Pause, None) => "PAUSED",
            (Doing::Finish, None) => "FINISHED",
            (Doing::Failed, None) => "STOPPED",
        };
        let printer = json!({ "state": word, "temp_nozzle": nozzle.now_c, "target_nozzle": nozzle.target_c,
            "temp_bed": bed.now_c, "target_bed": bed.target_c });
        let storage = json!({ "name": "usb", "path": "/usb/", "read_only": false });
        let mut all = json!({ "printer": printer, "storage": storage });
        if let (true, Some(all)) = (shared.machine.is_busy(), all.as_object_mut()) {
            all.insert(
                "job".to_owned(),
                json!({ "id": shared.job, "progress": shared.percent(), "time_remaining": 60 }),
            );
        }
        Json(all).into_response()
    })
    .await
}

async fn job(State(handle): State<Handle>) -> Response {
    let shared = handle.lock();
    if !shared.machine.is_busy() {
        return done();
    }
    let file = json!({ "name": "PLATE~1.GCO", "display_name": shared.name, "path": "/usb" });
    Json(json!({ "id": shared.job, "state": "PRINTING", "progress": shared.percent(),
        "time_remaining": 60, "file": file }))
    .into_response()
}

async fn command(State(handle): State<Handle>, Path((id, word)): Path<(u64, String)>) -> Response {
    let fault = handle.control.fault(&word);
    under_fault(fault.as_ref(), async {
        let mut shared = handle.lock();
        if shared.job != id || !shared.machine.is_busy() {
            return no(StatusCode::NOT_FOUND, "no such job");
        }
        shared.command(&word);
        done()
    })
    .await
}

async fn stop(State(handle): State<Handle>, Path(id): Path<u64>) -> Response {
    let fault = handle.control.fault("cancel");
    under_fault(fault.as_ref(), async {
        let mut shared = handle.lock();
        if shared.job != id || !shared.machine.is_busy() {
            return no(StatusCode::NOT_FOUND, "no such job");
        }
        shared.command("stop");
        done()
    })
    .await
}

async fn facts(State(handle): State<Handle>, Path(name): Path<String>) -> Response {
    match handle.lock().files.get(&name) {
        Some(bytes) => {
            Json(json!({ "name": "PLATE~1.GCO", "display_name": name, "size": bytes.len() })).into_response()
        }
        None => no(StatusCode::NOT_FOUND, "no such file"),
    }
}

async fn upload(
    State(handle): State<Handle>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fault = handle.control.fault("upload");
    if headers.get("print-after-upload").is_none_or(|it| it != "?0") {
        handle.control.violation("an upload that may start a print");
    }
    if fault.as_ref().is_some_and(|it| it.kind == FaultKind::Refuse) {
        return no(StatusCode::CONFLICT, "the memory stick is full");
    }
    under_fault(fault.as_ref(), async {
        handle.lock().keep(&name, body.to_vec());
        StatusCode::CREATED.into_response()
    })
    .await
}

async fn start(State(handle): State<Handle>, Path(name): Path<String>) -> Response {
    handle.lock().starts_asked += 1;
    let fault = handle.control.fault("start");
    if fault.as_ref().is_some_and(|it| it.kind == FaultKind::Refuse) {
        return no(StatusCode::CONFLICT, "not now");
    }
    under_fault(fault.as_ref(), async {
        match handle.lock().begin(&name) {
            Ok(()) => done(),
            Err("SD busy") => no(StatusCode::CONFLICT, "busy"),
            Err(why) => no(StatusCode::NOT_FOUND, why),
        }
    })
    .await
}

async fn remove(State(handle): State<Handle>, Path(name): Path<String>) -> Response {
    match handle.lock().files.remove(&name) {
        Some(_) => done(),
        None => no(StatusCode::NOT_FOUND, "no such file"),
    }
}
