//! The control endpoints: `GET /__control/state`, `POST /__control/faults`.
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{serial, tcp};

/// The routes of a TCP proxy.
pub fn tcp_routes(proxy: tcp::Proxy) -> Router {
    Router::new()
        .route(
            "/__control/state",
            get(|State(proxy): State<tcp::Proxy>| async move { Json(tcp_state(&proxy)) }),
        )
        .route("/__control/faults", post(tcp_faults))
        .with_state(proxy)
}

fn tcp_state(proxy: &tcp::Proxy) -> Value {
    json!({ "kind": "tcp-proxy", "faults": proxy.faults(), "counts": proxy.counts() })
}

async fn tcp_faults(State(proxy): State<tcp::Proxy>, Json(faults): Json<tcp::Faults>) -> Json<Value> {
    proxy.set(faults);
    Json(tcp_state(&proxy))
}

/// The routes of a serial cable.
pub fn serial_routes(cable: serial::Handle) -> Router {
    Router::new()
        .route(
            "/__control/state",
            get(|State(cable): State<serial::Handle>| async move { Json(cable.state()) }),
        )
        .route("/__control/faults", post(serial_faults))
        .with_state(cable)
}

async fn serial_faults(State(cable): State<serial::Handle>, Json(order): Json<serial::Order>) -> Json<Value> {
    cable.order(order);
    Json(cable.state())
}
