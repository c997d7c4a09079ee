//! `/api/v1/attempts/{incarnation}/{n}/…`

use axum::{
    Json,
    extract::{Path, State},
};
use protocol::ids::{AttemptNo, Incarnation};
use serde_json::{Value, json};

use crate::web::{App, actions, auth::Caller, problem::Problem};

type At = Path<(String, u64)>;

pub(super) async fn sign_off(
    State(app): State<App>,
    caller: Caller,
    at: At,
    Json(it): Json<actions::SignOff>,
) -> Result<Json<Value>, Problem> {
    let replaced_by = actions::sign_off(&app, attempt(&at)?, it, caller.name()).await?;
    Ok(Json(json!({ "replaced_by": replaced_by })))
}

pub(super) async fn decide(
    State(app): State<App>,
    caller: Caller,
    at: At,
    Json(it): Json<actions::Decide>,
) -> Result<Json<Value>, Problem> {
    let state = actions::decide(&app, attempt(&at)?, &it, caller.name()).await?;
    Ok(Json(json!({ "state": state })))
}

fn attempt(Path((incarnation, n)): &At) -> Result<AttemptNo, Problem> {
    let incarnation: Incarnation =
        incarnation.parse().map_err(|e| Problem::bad_input(format!("attempt: {e}.")))?;
    Ok(AttemptNo { incarnation, n: *n })
}
