//! Print jobs: list, one, and what a person may do to one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::{ROWS_MAX, id, read};
use crate::hub::Hub;
use crate::store::{ForceWish, JobRow, JobWish};
use crate::web::auth::Who;
use crate::web::problem::Problem;

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "jobs": hub.store.jobs(who.user.tenant, ROWS_MAX).await? })))
}

pub(super) async fn one(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(job): Path<String>,
) -> Result<Json<JobRow>, Problem> {
    let found = hub.store.job(who.user.tenant, id(&job, "job")?).await?;
    found.map(Json).ok_or_else(|| Problem::not_found("job"))
}

/// Rings whom it concerns; a refusal is a 409 in words.
pub(crate) fn done(hub: &Hub, wish: JobWish) -> Result<Json<Value>, Problem> {
    match wish {
        JobWish::Done { ring, job } => {
            hub.bells.ring(&ring);
            Ok(Json(json!({ "job": job })))
        }
        JobWish::NotFound => Err(Problem::not_found("job")),
        JobWish::Refused(why) => Err(Problem::new(StatusCode::CONFLICT, "not-now", why)),
    }
}

pub(super) async fn retry(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(job): Path<String>,
) -> Result<Json<Value>, Problem> {
    done(&hub, hub.store.retry_job(who.user.tenant, id(&job, "job")?, who.user.name).await?)
}

pub(super) async fn cancel(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(job): Path<String>,
) -> Result<Json<Value>, Problem> {
    done(&hub, hub.store.cancel_job(who.user.tenant, id(&job, "job")?, who.user.name).await?)
}

pub(super) async fn force(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(job): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let wish: ForceWish = read(&body)?;
    if wish.reason.trim().is_empty() {
        let problem = Problem::new(
            StatusCode::BAD_REQUEST,
            "reason",
            "Say why the job is taken away: it is kept with your name.",
        );
        return Err(problem.field("/reason", "a sentence"));
    }
    done(&hub, hub.store.force_job(who.user.tenant, id(&job, "job")?, wish, who.user.name).await?)
}
