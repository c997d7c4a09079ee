//! Orders: list, one with its timeline, hold and release; deliveries and activity.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ROWS_MAX, id, read};
use crate::hub::Hub;
use crate::store::OrderDetail;
use crate::web::auth::Who;
use crate::web::problem::Problem;

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "orders": hub.store.orders(who.user.tenant, ROWS_MAX).await? })))
}

pub(super) async fn one(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(order): Path<String>,
) -> Result<Json<OrderDetail>, Problem> {
    let found = hub.store.order(who.user.tenant, id(&order, "order")?).await?;
    found.map(Json).ok_or_else(|| Problem::not_found("order"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    reason: String,
}

async fn set(hub: &Hub, who: &Who, order: &str, reason: Option<String>) -> Result<StatusCode, Problem> {
    let is_known =
        hub.store.set_hold(who.user.tenant, id(order, "order")?, reason, who.user.name.clone()).await?;
    hub.outbox_wake.notify_waiters();
    if is_known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("order")) }
}

pub(super) async fn hold(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(order): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let Hold { reason } = read(&body)?;
    set(&hub, &who, &order, Some(reason)).await
}

pub(super) async fn release(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(order): Path<String>,
) -> Result<StatusCode, Problem> {
    set(&hub, &who, &order, None).await
}

pub(super) async fn activity(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "activity": hub.store.activity(who.user.tenant, ROWS_MAX).await? })))
}

#[derive(Deserialize)]
pub(super) struct Filter {
    state: Option<String>,
}

pub(super) async fn deliveries(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Query(filter): Query<Filter>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "webhooks": hub.store.deliveries(who.user.tenant, filter.state, ROWS_MAX).await? })))
}
