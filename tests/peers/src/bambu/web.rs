//! The control endpoint: `GET /__control/state`, `POST /__control/{faults,clear-bed,print}`.
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::machine::Faults;
use super::sim::Handle;

/// Something started at the display.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AtDisplay {
    name: String,
    gcode: String,
}

/// The routes for one printer.
pub fn routes(handle: Handle) -> Router {
    Router::new()
        .route("/__control/state", get(|State(handle): State<Handle>| async move { Json(handle.state()) }))
        .route("/__control/faults", post(faults))
        .route("/__control/clear-bed", post(clear_bed))
        .route("/__control/print", post(print))
        .with_state(handle)
}

async fn faults(State(handle): State<Handle>, Json(faults): Json<Faults>) -> Json<Value> {
    handle.set_faults(faults);
    Json(handle.state())
}

async fn clear_bed(State(handle): State<Handle>) -> Json<Value> {
    handle.clear_bed();
    Json(handle.state())
}

async fn print(State(handle): State<Handle>, Json(job): Json<AtDisplay>) -> Json<Value> {
    handle.print_at_display(&job.name, &job.gcode);
    Json(handle.state())
}
