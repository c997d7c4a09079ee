//! Log-in and log-out for programs; the pages use the same rules.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::read;
use crate::hub::Hub;
use crate::store::User;
use crate::web::auth::{self, Who};
use crate::web::problem::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    name: String,
    password: String,
}

/// Checks name and password within the budget of tries.
///
/// # Errors
/// 401 when they do not match, 429 after too many tries.
pub(crate) async fn check(hub: &Arc<Hub>, name: &str, password: String) -> Result<User, Problem> {
    let now = hub.clock.wall();
    let key = format!("log-in {}", name.to_lowercase());
    if !hub.guesses.may_try(&key, now) {
        return Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-tries",
            "Too many wrong passwords: wait 15 minutes.",
        )
        .retry_after(900));
    }
    let user = hub.store.user(name.to_owned()).await?;
    if auth::verify(password, user.as_ref().map(|u| u.password_hash.clone())).await
        && let Some(user) = user
    {
        return Ok(user);
    }
    hub.guesses.failed(&key, now);
    Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong-password", "Name and password do not match."))
}

pub(super) async fn login(State(hub): State<Arc<Hub>>, body: Bytes) -> Result<Response, Problem> {
    let Login { name, password } = read(&body)?;
    let user = check(&hub, &name, password).await?;
    let (token, csrf) = auth::open(&hub, &user).await?;
    let answer = Json(json!({ "name": user.name, "role": user.role, "csrf": csrf }));
    Ok(([(header::SET_COOKIE, auth::set_cookie(&hub, &token))], answer).into_response())
}

pub(super) async fn logout(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Result<Response, Problem> {
    auth::close(&hub, &headers).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, auth::set_cookie(&hub, ""))]).into_response())
}

pub(super) async fn me(Extension(who): Extension<Who>) -> Json<Value> {
    Json(json!({ "name": who.user.name, "role": who.user.role, "csrf": who.csrf }))
}
