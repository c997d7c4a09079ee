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
use super::webhook::{self, Delivery, Target};
use super::{Shopify, graphql, oauth};

/// Largest request, in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;

pub(super) fn routes(shopify: Shopify) -> Router {
    Router::new()
        .route("/admin/api/{version}/graphql.json", post(admin))
        .route("/admin/oauth/authorize", get(oauth::authorize))
        .route("/admin/oauth/access_token", post(oauth::access_token))
        .route("/__control/uninstall", post(uninstall))
        .route("/__control/revoke", post(revoke))
        .route("/__control/lose-subscriptions", post(lose_subscriptions))
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
    let is_static = token == Some(shopify.config.token.as_str()) && !shopify.lock().grants.is_uninstalled;
    if !is_static && !token.is_some_and(|t| shopify.lock().grants.knows(t)) {
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

/// Ends all tokens and says so, as Shopify does when an app is removed. With `{"to", "lie": true}` only says so.
async fn uninstall(State(shopify): State<Shopify>, Json(wish): Json<Value>) -> StatusCode {
    if wish.get("lie").is_none() {
        let mut shop = shopify.lock();
        shop.grants.revoke();
        shop.grants.is_uninstalled = true;
        shop.subscriptions.clear();
    }
    let url = wish.get("to").and_then(Value::as_str).unwrap_or_default().to_owned();
    let target = Target { url, secret: shopify.config.secret.clone() };
    let body = json!({ "id": 1, "name": "Demo", "domain": null, "myshopify_domain": shopify.config.shop });
    webhook::send(&shopify, &target, "app/uninstalled", &body, &Delivery::default());
    StatusCode::NO_CONTENT
}

/// Ends all tokens without a word.
async fn revoke(State(shopify): State<Shopify>) -> StatusCode {
    shopify.lock().grants.revoke();
    StatusCode::NO_CONTENT
}

/// Deletes subscriptions, as Shopify does after eight deliveries that failed; leaves one that leads elsewhere.
async fn lose_subscriptions(State(shopify): State<Shopify>) -> StatusCode {
    let mut shop = shopify.lock();
    shop.subscriptions.truncate(2);
    if let Some(first) = shop.subscriptions.first_mut() {
        first.uri = format!("{}/elsewhere", first.uri);
    }
    StatusCode::NO_CONTENT
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
