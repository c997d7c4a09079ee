//! The pages' forms: the same store methods as the API, then back to the page.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::{Extension, Form};
use serde::Deserialize;

use crate::hub::Hub;
use crate::web::api::job_done;
use crate::web::auth::Who;
use crate::web::problem::Problem;

/// Longest reason, characters.
const REASON_CHARS_MAX: usize = 200;

#[derive(Deserialize)]
pub(super) struct Hold {
    reason: String,
}

async fn set_hold(hub: &Hub, who: Who, order: &str, reason: Option<String>) -> Result<Redirect, Problem> {
    let id = order.parse().map_err(|_not_an_id| Problem::not_found("order"))?;
    if !hub.store.set_hold(who.user.tenant, id, reason, who.user.name).await? {
        return Err(Problem::not_found("order"));
    }
    hub.outbox_wake.notify_waiters();
    Ok(Redirect::to(&format!("/orders/{id}")))
}

pub(super) async fn hold(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(order): Path<String>,
    Form(it): Form<Hold>,
) -> Result<Redirect, Problem> {
    let reason: String = it.reason.trim().chars().take(REASON_CHARS_MAX).collect();
    if reason.is_empty() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "reason",
            "Say why it should wait: others will read it.",
        ));
    }
    set_hold(&hub, who, &order, Some(reason)).await
}

pub(super) async fn release(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(order): Path<String>,
) -> Result<Redirect, Problem> {
    set_hold(&hub, who, &order, None).await
}

#[derive(Deserialize)]
pub(super) struct Back {
    order: String,
}

impl Back {
    /// Only to an order's page: the field comes from the browser.
    fn redirect(&self) -> Redirect {
        match self.order.parse::<protocol::ids::OrderId>() {
            Ok(order) => Redirect::to(&format!("/orders/{order}")),
            Err(_elsewhere) => Redirect::to("/"),
        }
    }
}

pub(super) async fn retry(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(job): Path<String>,
    Form(back): Form<Back>,
) -> Result<Redirect, Problem> {
    let id = job.parse().map_err(|_not_an_id| Problem::not_found("job"))?;
    drop(job_done(&hub, hub.store.retry_job(who.user.tenant, id, who.user.name).await?)?);
    Ok(back.redirect())
}

pub(super) async fn effect(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path((effect, wish)): Path<(String, String)>,
    Form(back): Form<Back>,
) -> Result<Redirect, Problem> {
    let drop_it = match wish.as_str() {
        "run" => false,
        "drop" => true,
        _unknown => return Err(Problem::not_found("action")),
    };
    if !hub.store.revive_effect(who.user.tenant, effect, drop_it, who.user.name).await? {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "not-now",
            "This call is not waiting for you any more.",
        ));
    }
    hub.outbox_wake.notify_waiters();
    Ok(back.redirect())
}
