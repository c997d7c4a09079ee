//! The JSON API: one file per noun.

mod admin;
pub(crate) use admin::{CODE_MS, ROLES, make_code};
pub(crate) use files::{download as download_file, no_room, plain_name};
pub(crate) use jobs::done as job_done;
pub(crate) use session::check as check_password;
mod files;
mod jobs;
mod mappings;
mod orders;
mod session;
mod slices;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use serde::de::DeserializeOwned;

use super::permissions::{Permission, Routes};
use super::problem::Problem;

/// Rows of one list.
const ROWS_MAX: u32 = 500;
/// Largest model or G-code file, bytes.
pub(crate) const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Adds the API.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    use Permission::{Administer, Operate, Public, See};
    routes
        .route("/api/v1/login", Public, post(session::login))
        .route("/api/v1/logout", See, post(session::logout))
        .route("/api/v1/me", See, get(session::me))
        .route("/api/v1/orders", See, get(orders::list))
        .route("/api/v1/orders/{id}", See, get(orders::one))
        .route("/api/v1/orders/{id}/hold", Operate, post(orders::hold))
        .route("/api/v1/orders/{id}/release", Operate, post(orders::release))
        .route("/api/v1/events", See, get(super::events::events))
        .route("/api/v1/activity", See, get(orders::activity))
        .route("/api/v1/webhooks", See, get(orders::deliveries))
        .route("/api/v1/print-jobs", See, get(jobs::list))
        .route("/api/v1/print-jobs", Operate, post(slices::make))
        .route("/api/v1/print-jobs/{id}", See, get(jobs::one))
        .route("/api/v1/print-jobs/{id}/retry", Operate, post(jobs::retry))
        .route("/api/v1/print-jobs/{id}/cancel", Operate, post(jobs::cancel))
        .route("/api/v1/print-jobs/{id}/force-status", Administer, post(jobs::force))
        .route("/api/v1/mappings", See, get(mappings::list))
        .route("/api/v1/mappings/{sku}", Operate, put(mappings::put))
        .route("/api/v1/files", Operate, post(files::upload).layer(DefaultBodyLimit::max(FILE_BYTES_MAX)))
        .route("/api/v1/files/{sha256}", See, get(files::download))
        .route("/api/v1/admin/agents", See, get(admin::agents))
        .route("/api/v1/admin/agents/codes", Administer, post(admin::code))
        .route("/api/v1/admin/agents/{id}/revoke", Administer, post(admin::revoke))
        .route("/api/v1/admin/agents/{id}/release", Administer, post(admin::release))
        .route("/api/v1/admin/retry-queue", See, get(admin::retry_queue))
        .route("/api/v1/admin/retry-queue/{id}/run", Operate, post(admin::run_effect))
        .route("/api/v1/admin/retry-queue/{id}/drop", Operate, post(admin::drop_effect))
        .route("/api/v1/admin/users", Administer, get(admin::users).post(admin::add_user))
        .route("/api/v1/admin/audit", Administer, get(admin::audit))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|e| Problem::bad_body(&e))
}

fn id<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_not_an_id| Problem::not_found(what))
}
