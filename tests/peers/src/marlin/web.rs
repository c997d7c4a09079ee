//! The control endpoint: `GET /__control/state`, `POST /__control/{faults,clear-bed,card}`.
use std::net::SocketAddr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::Order;
use super::sim::Handle;

/// A file for the card.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardFile {
    name: String,
    gcode: String,
    #[serde(default)]
    print: bool,
}

/// The routes for one printer.
pub fn routes(handle: Handle) -> Router {
    Router::new()
        .route("/__control/state", get(|State(handle): State<Handle>| async move { Json(handle.state()) }))
        .route("/__control/faults", post(faults))
        .route("/__control/clear-bed", post(clear_bed))
        .route("/__control/card", post(card))
        .with_state(handle)
}

async fn faults(State(handle): State<Handle>, Json(order): Json<Order>) -> (StatusCode, Json<Value>) {
    let taken = handle.order(order);
    let status = if taken { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
    (status, Json(json!({ "taken": taken })))
}

async fn clear_bed(State(handle): State<Handle>) -> Json<Value> {
    handle.clear_bed();
    Json(handle.state())
}

async fn card(State(handle): State<Handle>, Json(file): Json<CardFile>) -> (StatusCode, Json<Value>) {
    let taken = handle.card(&file.name, file.gcode, file.print);
    let status = if taken { StatusCode::OK } else { StatusCode::INSUFFICIENT_STORAGE };
    (status, Json(json!({ "taken": taken })))
}

/// Listens, says so on stdout, and serves until the process is told to end.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(routes: Router, listen: SocketAddr) -> anyhow::Result<()> {
    let listener = std::net::TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    say(&format!("listening on {}", listener.local_addr()?));
    let listener = tokio::net::TcpListener::from_std(listener)?;
    axum::serve(listener, routes).with_graceful_shutdown(ended()).await?;
    Ok(())
}

/// Ends with SIGTERM or SIGINT.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

/// The first line of a peer says where it listens.
#[expect(clippy::print_stdout, reason = "the first line on stdout is the contract of a peer")]
pub fn say(line: &str) {
    use std::io::Write as _;
    println!("{line}");
    drop(std::io::stdout().flush());
}
