//! Agents, the outbox, accounts, the audit log.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use protocol::units::WallMs;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ROWS_MAX, id, read};
use crate::agents::code_hash;
use crate::hub::Hub;
use crate::sources;
use crate::web::auth::{self, Who};
use crate::web::problem::Problem;

/// How long an enrolment code is good, milliseconds: 15 minutes.
pub(crate) const CODE_MS: i64 = 15 * 60_000;

pub(super) async fn agents(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "agents": hub.store.agents(who.user.tenant).await? })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    site: String,
}

/// Makes an enrolment code for a site; it is shown once.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn make_code(hub: &Hub, site: &str, who: &str) -> Result<String, Problem> {
    let code = sources::code();
    let expires = WallMs(hub.clock.wall().0 + CODE_MS);
    hub.store.put_code(hub.tenant, site.to_owned(), code_hash(&code), expires).await?;
    hub.store.audit(who.to_owned(), "enrolment code made", site.to_owned(), String::new()).await?;
    Ok(code)
}

pub(super) async fn code(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let Code { site } = read(&body)?;
    if site.trim().is_empty() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "site", "Say which workshop the code is for.")
            .field("/site", "a name"));
    }
    let code = make_code(&hub, site.trim(), &who.user.name).await?;
    Ok(Json(json!({ "code": code, "site": site.trim(), "expires_in_s": CODE_MS / 1000 })))
}

fn found(is_known: bool, what: &str) -> Result<StatusCode, Problem> {
    if is_known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found(what)) }
}

pub(super) async fn revoke(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(agent): Path<String>,
) -> Result<StatusCode, Problem> {
    hub.store.audit(who.user.name, "agent revoked", agent.clone(), String::new()).await?;
    found(hub.store.revoke_agent(who.user.tenant, id(&agent, "agent")?).await?, "agent")
}

pub(super) async fn release(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(agent): Path<String>,
) -> Result<StatusCode, Problem> {
    hub.store.audit(who.user.name, "agent released from quarantine", agent.clone(), String::new()).await?;
    found(hub.store.release_agent(who.user.tenant, id(&agent, "agent")?).await?, "agent")
}

pub(super) async fn retry_queue(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "effects": hub.store.effects(who.user.tenant, ROWS_MAX).await? })))
}

pub(super) async fn run_effect(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(effect): Path<String>,
) -> Result<StatusCode, Problem> {
    let is_known = hub.store.revive_effect(who.user.tenant, effect, false, who.user.name).await?;
    hub.outbox_wake.notify_waiters();
    found(is_known, "failed call")
}

pub(super) async fn drop_effect(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(effect): Path<String>,
) -> Result<StatusCode, Problem> {
    let is_known = hub.store.revive_effect(who.user.tenant, effect, true, who.user.name).await?;
    hub.outbox_wake.notify_waiters();
    found(is_known, "failed call")
}

pub(super) async fn users(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "users": hub.store.users(who.user.tenant).await? })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    name: String,
    role: String,
    password: String,
}

/// Roles that exist.
pub(crate) const ROLES: [&str; 3] = ["admin", "operator", "viewer"];

pub(super) async fn add_user(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let NewUser { name, role, password } = read(&body)?;
    let bad = |pointer: &str, text: String| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-account", text.clone()).field(pointer, text)
    };
    if !ROLES.contains(&role.as_str()) {
        return Err(bad("/role", format!("A role is one of {}.", ROLES.join(", "))));
    }
    let hash = auth::hash(password).await.map_err(|text| bad("/password", text))?;
    if !hub.store.put_user(who.user.tenant, name.clone(), role, hash).await? {
        return Err(Problem::new(StatusCode::CONFLICT, "name-taken", "An account of this name exists."));
    }
    hub.store.audit(who.user.name, "account added", name, String::new()).await?;
    Ok(StatusCode::CREATED)
}

pub(super) async fn audit(State(hub): State<Arc<Hub>>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "audit": hub.store.audits(ROWS_MAX).await? })))
}
