//! What all stand-ins of outside services share: the request log, planned faults, violations and the listening socket.
//!
//! A stand-in counts and records; it never decides whether a run was good. `violations` are requests that the real
//! service would refuse or misread; a stand-in that saw one ends with a failure.

use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Requests kept in the log; the oldest go first and are counted.
const LOG_ENTRIES_MAX: usize = 20_000;
/// Largest request body that a stand-in reads, in bytes.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a hanging answer hangs when the fault does not say, in milliseconds.
const HANG_MS: u64 = 60_000;

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// 500 without doing anything.
    Http500,
    /// 503 without doing anything.
    Http503,
    /// 429 with `Retry-After: 1`, nothing done.
    Http429,
    /// No answer for a long time, nothing done.
    HangBefore,
    /// Does the work, then does not answer for a long time.
    HangAfter,
    /// Does the work, then answers 500 (Shopify: 200 with `INTERNAL_SERVER_ERROR`).
    ErrorAfter,
    /// Does the work, answers with data **and** an error beside it (Shopify only).
    ErrorBesideData,
    /// Shopify's throttling answer, nothing done.
    Throttled,
    /// Shopify's scope refusal, nothing done.
    AccessDenied,
    /// Sendcloud's 201 that is a failure.
    FailedAnnounce,
    /// Refuses the call for good with a business message, nothing done.
    Refuse,
}

/// A planned fault: the next `times` calls of `on` (`*` = any) fail as `kind`, each with probability `permille`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Operation name as the service calls it, or `*`.
    pub on: String,
    /// What happens.
    pub kind: FaultKind,
    /// How many calls still fail.
    #[serde(default = "one")]
    pub times: u32,
    /// Probability of each call to fail, in thousandths.
    #[serde(default = "always")]
    pub permille: u32,
    /// How long a hanging answer hangs, in milliseconds.
    #[serde(default = "hang_ms")]
    pub hang_ms: u64,
}

const fn one() -> u32 {
    1
}
const fn always() -> u32 {
    1000
}
const fn hang_ms() -> u64 {
    HANG_MS
}

/// One request as it was received.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    service: &'static str,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Debug, Default)]
struct Inner {
    log: VecDeque<Entry>,
    dropped_n: u64,
    faults: Vec<Fault>,
    violations: Vec<String>,
    chance: u64,
}

/// The control side of one stand-in; clones share it.
#[derive(Clone, Debug)]
pub struct Control {
    service: &'static str,
    inner: Arc<Mutex<Inner>>,
}

impl Control {
    /// An empty log without faults. `seed` decides the faults that have a probability.
    #[must_use]
    pub fn new(service: &'static str, seed: u64) -> Self {
        let inner = Inner { chance: seed | 1, ..Inner::default() };
        Self { service, inner: Arc::new(Mutex::new(inner)) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans a fault behind those already planned.
    pub fn plan(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Notes a request that the real service would not have taken like that.
    pub fn violation(&self, text: impl Into<String>) {
        let text = text.into();
        tracing_line(self.service, &text);
        self.lock().violations.push(text);
    }

    /// All violations so far.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// The fault for this call of `operation`, used up by the question.
    #[must_use]
    pub fn fault(&self, operation: &str) -> Option<Fault> {
        let mut inner = self.lock();
        // Xorshift: repeatable from the seed, and good enough to scatter faults.
        inner.chance ^= inner.chance << 13;
        inner.chance ^= inner.chance >> 7;
        inner.chance ^= inner.chance << 17;
        let roll = inner.chance % 1000;
        // One that misses by chance leaves the call to those behind it.
        let strikes =
            |f: &Fault| f.times > 0 && (f.on == "*" || f.on == operation) && roll < u64::from(f.permille);
        let fault = inner.faults.iter_mut().find(|f| strikes(f))?;
        fault.times -= 1;
        let hit = fault.clone();
        inner.faults.retain(|f| f.times > 0);
        Some(hit)
    }

    /// Adds the log, the shared control routes and the recording of every request to `routes`.
    pub fn wrap(&self, routes: Router) -> Router {
        let shared = Router::new()
            .route("/__control/log", get(log))
            .route("/__control/faults", get(faults).post(plan).delete(forget))
            .route("/__control/violations", get(violations))
            .with_state(self.clone());
        routes.layer(from_fn_with_state(self.clone(), record)).merge(shared)
    }
}

/// Performs `work` as the fault says: not at all, late, or with a lost answer.
pub async fn under_fault(fault: Option<&Fault>, work: impl Future<Output = Response>) -> Response {
    let Some(fault) = fault else { return work.await };
    let hang = Duration::from_millis(fault.hang_ms);
    match fault.kind {
        FaultKind::Http500 => (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response(),
        FaultKind::Http503 => (StatusCode::SERVICE_UNAVAILABLE, "unavailable").into_response(),
        FaultKind::Http429 => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "too many requests").into_response()
        }
        FaultKind::HangBefore => {
            tokio::time::sleep(hang).await;
            (StatusCode::GATEWAY_TIMEOUT, "late").into_response()
        }
        FaultKind::HangAfter => {
            let _lost = work.await;
            tokio::time::sleep(hang).await;
            (StatusCode::GATEWAY_TIMEOUT, "late").into_response()
        }
        FaultKind::ErrorAfter => {
            let _lost = work.await;
            (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
        }
        FaultKind::ErrorBesideData
        | FaultKind::Throttled
        | FaultKind::AccessDenied
        | FaultKind::FailedAnnounce
        | FaultKind::Refuse => work.await,
    }
}

async fn record(State(control): State<Control>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_BYTES_MAX).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "body too large").into_response();
    };
    let headers = parts.headers.iter();
    let entry = Entry {
        service: control.service,
        method: parts.method.to_string(),
        url: parts.uri.to_string(),
        headers: headers
            .map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into()))
            .collect(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    if !entry.url.starts_with("/__control") {
        let mut inner = control.lock();
        inner.log.push_back(entry);
        if inner.log.len() > LOG_ENTRIES_MAX {
            inner.log.pop_front();
            inner.dropped_n += 1;
        }
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

async fn log(State(control): State<Control>) -> Response {
    let inner = control.lock();
    let lines: Vec<String> = inner.log.iter().map(|e| json!(e).to_string()).collect();
    ([("content-type", "application/x-ndjson")], lines.join("\n") + "\n").into_response()
}

async fn faults(State(control): State<Control>) -> axum::Json<Value> {
    axum::Json(json!(control.lock().faults))
}

async fn violations(State(control): State<Control>) -> axum::Json<Value> {
    axum::Json(json!(control.violations()))
}

/// One fault or a list of them.
async fn plan(State(control): State<Control>, body: Bytes) -> Response {
    let list = serde_json::from_slice::<Vec<Fault>>(&body)
        .or_else(|_not_a_list| serde_json::from_slice::<Fault>(&body).map(|one| vec![one]));
    match list {
        Ok(list) => {
            list.into_iter().for_each(|fault| control.plan(fault));
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn forget(State(control): State<Control>) -> StatusCode {
    control.lock().faults.clear();
    StatusCode::NO_CONTENT
}

/// Listens, prints `listening on ADDRESS` as the first line and serves until interrupted; fails after a violation.
///
/// # Errors
/// When the address cannot be bound or the server stops by itself.
pub async fn run(routes: Router, control: Control, listen: SocketAddr) -> anyhow::Result<ExitCode> {
    let (address, server) = open(routes, listen).await?;
    say(&format!("listening on {address}"));
    tokio::select! {
        served = server => served?,
        () = asked_to_stop() => {}
    }
    Ok(if control.violations().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Serves `routes` on a free loopback port in the background; for tests inside one process.
///
/// # Errors
/// When no port can be bound.
pub async fn spawn(routes: Router) -> anyhow::Result<SocketAddr> {
    let (address, server) = open(routes, SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    background(async move { drop(server.await) });
    Ok(address)
}

type Serving = std::pin::Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>;

#[expect(clippy::disallowed_methods, reason = "the one place where the stand-ins open a port")]
async fn open(routes: Router, listen: SocketAddr) -> anyhow::Result<(SocketAddr, Serving)> {
    let listener = tokio::net::TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    Ok((address, Box::pin(async move { axum::serve(listener, routes.into_make_service()).await })))
}

/// Runs a task beside the server; it ends with the process.
#[expect(clippy::disallowed_methods, reason = "the one place where the stand-ins start tasks")]
pub fn background(task: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(task));
}

/// The HTTP client of the stand-ins: answers within the sender's limit count, later ones do not.
///
/// # Panics
/// Never in practice: the builder only fails without a TLS provider, which is installed here.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the stand-ins build a client")]
pub fn http_client(timeout: Duration) -> reqwest::Client {
    // Another part of the process may have installed it before: the same provider.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().timeout(timeout).build().expect("the TLS provider is installed")
}

async fn asked_to_stop() {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    let terminated = async {
        match term.as_mut() {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ended = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

#[expect(clippy::print_stdout, reason = "the first line tells where it listens")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "a violation must be seen where the run is watched")]
fn tracing_line(service: &str, text: &str) {
    eprintln!("{service}: violation: {text}");
}
