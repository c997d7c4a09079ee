//! Models, G-code and labels: stored by hash, handed out by hash.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use protocol::ids::Sha256;
use serde::Deserialize;
use serde_json::{Value, json};

use super::id;
use crate::hub::Hub;
use crate::web::problem::Problem;

/// Longest file name, characters.
const NAME_CHARS_MAX: usize = 120;

#[derive(Deserialize)]
pub(super) struct Named {
    name: String,
}

/// A file's name as it is kept: no folders, no control characters, not too long.
pub(crate) fn plain_name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control() && *c != '/').take(NAME_CHARS_MAX).collect()
}

/// A file that the disk did not take.
pub(crate) fn no_room(error: &std::io::Error) -> Problem {
    tracing::error!(error = %error, "cannot store a file: {error}");
    let text = "The file could not be stored: the disk is full or not writable.";
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk", text)
}

pub(super) async fn upload(
    State(hub): State<Arc<Hub>>,
    Query(named): Query<Named>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let name = plain_name(&named.name);
    let sha256 = Sha256::of(&body);
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    hub.blobs.put(sha256, body.to_vec()).await.map_err(|error| no_room(&error))?;
    hub.store.put_blob(sha256, bytes, name.clone()).await?;
    Ok(Json(json!({ "sha256": sha256, "bytes": bytes, "name": name })))
}

pub(crate) async fn download(
    State(hub): State<Arc<Hub>>,
    Path(sha256): Path<String>,
) -> Result<Response, Problem> {
    let sha256: Sha256 = id(&sha256, "file")?;
    let (_, name) = hub.store.blob(sha256).await?.ok_or_else(|| Problem::not_found("file"))?;
    let bytes = hub.blobs.get(sha256).await.map_err(|_missing| Problem::not_found("file"))?;
    let is_pdf = name.ends_with(".pdf");
    let kind = if is_pdf { "application/pdf" } else { "application/octet-stream" };
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' }).collect();
    let disposition = format!("{}; filename=\"{plain}\"", if is_pdf { "inline" } else { "attachment" });
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response())
}
