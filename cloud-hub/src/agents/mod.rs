//! The agents' door: authenticate, call the store (which calls `protocol`), commit, answer. Decides nothing itself.

mod blobs;
mod enrol;
mod sync;
mod token;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use protocol::wire::SYNC_BYTES_MAX;
use serde::de::DeserializeOwned;

pub(crate) use enrol::code_hash;

use crate::web::permissions::{Permission, Routes};
use crate::web::problem::Problem;

/// Largest body of the small routes, bytes.
const SMALL_BYTES_MAX: usize = 16 * 1024;
/// Largest snapshot of a resync, bytes.
const RESYNC_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Adds the agents' routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let small = DefaultBodyLimit::max(SMALL_BYTES_MAX);
    routes
        .route("/agent/v1/enrol", Permission::Public, post(enrol::enrol).layer(small))
        .route("/agent/v1/token", Permission::Public, post(token::token).layer(small))
        .route(
            "/agent/v1/sync",
            Permission::Agent,
            post(sync::sync).layer(DefaultBodyLimit::max(SYNC_BYTES_MAX)),
        )
        .route("/agent/v1/claim", Permission::Agent, post(sync::claim).layer(small))
        .route(
            "/agent/v1/resync",
            Permission::Agent,
            post(sync::resync).layer(DefaultBodyLimit::max(RESYNC_BYTES_MAX)),
        )
        .route("/agent/v1/blobs/{sha256}/ticket", Permission::Agent, get(blobs::ticket))
        .route(
            "/agent/v1/blobs/{sha256}",
            Permission::Agent,
            get(blobs::download).put(blobs::upload).layer(DefaultBodyLimit::max(blobs::CHUNK_BYTES_MAX)),
        )
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|e| Problem::bad_body(&e))
}
