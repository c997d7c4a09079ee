//! Files for agents: where to fetch one, the bytes with ranges, and whole uploads checked by their hash.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use protocol::ids::Sha256;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::hub::Hub;
use crate::web::problem::Problem;

/// Largest upload in one request, bytes.
pub(super) const CHUNK_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long a ticket is good, seconds: as long as a token at most.
const TICKET_S: u32 = 600;

fn hash(text: &str) -> Result<Sha256, Problem> {
    text.parse().map_err(|_not_a_hash| Problem::not_found("file"))
}

pub(super) async fn ticket(
    State(hub): State<Arc<Hub>>,
    Path(sha256): Path<String>,
) -> Result<Json<Value>, Problem> {
    let sha256 = hash(&sha256)?;
    let (size, _name) = hub.store.blob(sha256).await?.ok_or_else(|| Problem::not_found("file"))?;
    Ok(Json(json!({ "url": format!("/agent/v1/blobs/{sha256}"), "size": size, "expires_in_s": TICKET_S })))
}

pub(super) async fn download(
    State(hub): State<Arc<Hub>>,
    Path(sha256): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sha256 = hash(&sha256)?;
    let gone = |_missing| Problem::not_found("file");
    let mut file = tokio::fs::File::open(hub.blobs.path(sha256)).await.map_err(gone)?;
    let size = file.metadata().await.map_err(gone)?.len();
    let tag = format!("\"{sha256}\"");
    // A range counts only for the very same bytes; content-addressed files never change.
    let is_same = headers.get(header::IF_RANGE).is_none_or(|v| v.as_bytes() == tag.as_bytes());
    let from = headers
        .get(header::RANGE)
        .and_then(|v| v.to_str().ok())
        .and_then(first_byte)
        .filter(|from| is_same && *from < size);
    let from_byte = from.unwrap_or(0);
    file.seek(std::io::SeekFrom::Start(from_byte)).await.map_err(gone)?;
    let body = Body::from_stream(ReaderStream::new(file.take(size - from_byte)));
    let status = if from.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut answer = (status, body).into_response();
    let out = answer.headers_mut();
    out.insert(header::CONTENT_LENGTH, (size - from_byte).into());
    let mut put = |name: header::HeaderName, text: String| {
        if let Ok(value) = text.parse() {
            out.insert(name, value);
        }
    };
    put(header::ETAG, tag);
    put(header::ACCEPT_RANGES, "bytes".into());
    if from.is_some() {
        put(header::CONTENT_RANGE, format!("bytes {from_byte}-{}/{size}", size - 1));
    }
    Ok(answer)
}

/// `bytes=N-`: the only form agents use.
fn first_byte(range: &str) -> Option<u64> {
    range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// A whole file in one request; stored only if it has the promised hash.
pub(super) async fn upload(
    State(hub): State<Arc<Hub>>,
    Path(sha256): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let sha256 = hash(&sha256)?;
    if Sha256::of(&body) != sha256 {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "other-bytes",
            "The bytes have another hash than the address: nothing was stored.",
        ));
    }
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    hub.blobs.put(sha256, body.to_vec()).await.map_err(|error| {
        tracing::error!(error = %error, "cannot store a file: {error}");
        Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "disk",
            "The file could not be stored: the disk is full or not writable.",
        )
    })?;
    hub.store.put_blob(sha256, bytes, sha256.to_string()).await?;
    Ok(StatusCode::CREATED)
}
