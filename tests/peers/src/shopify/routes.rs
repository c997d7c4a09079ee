//! The HTTP side: the GraphQL endpoint with its token check, and the control routes of this store.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, http::header};
use serde_json::{Value, json};

use super::place::{self, Edit, Place};
use super::{Shopify, graphql};

/// Largest request, in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;

pub(super) fn routes(shopify: Shopify) -> Router {
    Router::new()
        .route("/admin/api/{version}/graphql.json", post(admin))
        .route("/__control/place-order", post(place_order))
        .route("/__control/edit-order", post(edit_order))
        .route("/__control/state", get(state))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(shopify)
}

async fn admin(
    State(shopify): State<Shopify>,
    Path(version): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = headers.get("x-shopify-access-token").and_then(|v| v.to_str().ok());
    if token != Some(shopify.config.token.as_str()) {
        let text = "[API] Invalid API key or access token (unrecognized login or wrong password)";
        return (StatusCode::UNAUTHORIZED, Json(json!({ "errors": text }))).into_response();
    }
    if !headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.starts_with("application/json"))
    {
        shopify.control.violation("GraphQL request without Content-Type: application/json");
    }
    if !["2025-10", "2026-01", "2026-04", "2026-07", "2026-10"].contains(&version.as_str()) {
        shopify.control.violation(format!("GraphQL request to version {version}, which does not exist"));
    }
    match serde_json::from_slice::<graphql::Request>(&body) {
        Ok(request) => graphql::answer(&shopify, &request).await,
        Err(error) => {
            shopify.control.violation(format!("GraphQL request is not JSON: {error}"));
            (StatusCode::BAD_REQUEST, Json(json!({ "errors": "Bad Request" }))).into_response()
        }
    }
}

async fn place_order(State(shopify): State<Shopify>, body: Bytes) -> Response {
    let wish = if body.is_empty() { Ok(Place::default()) } else { serde_json::from_slice(&body) };
    match wish {
        Ok(wish) => Json(place::place(&shopify, wish)).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn edit_order(State(shopify): State<Shopify>, Json(wish): Json<Edit>) -> Response {
    match place::edit(&shopify, wish) {
        Some(body) => Json(body).into_response(),
        None => (StatusCode::NOT_FOUND, "no such order").into_response(),
    }
}

async fn state(State(shopify): State<Shopify>) -> Json<Value> {
    Json(place::state(&shopify))
}
