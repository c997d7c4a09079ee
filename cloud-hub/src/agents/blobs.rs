//! Files for agents: where to fetch one, the bytes with ranges, and uploads in pieces, checked by their hash.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use protocol::ids::Sha256;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::blobs::{Has, Piece};
use crate::hub::Hub;
use crate::web::api::{no_room, plain_name};
use crate::web::problem::Problem;

/// Largest upload in one request, bytes.
pub(super) const CHUNK_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Largest file in pieces, bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
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

/// What an agent calls the file it sends.
#[derive(Deserialize)]
pub(super) struct Named {
    name: Option<String>,
}

/// A file, whole or in pieces; stored only if it has the promised hash. A piece has `Content-Range: bytes 0-99/1000`, and
/// `bytes */1000` with an empty body asks what is here. 201: everything; 202: what the header `Range: bytes=0-N` says,
/// nothing without it. Sending goes on from there.
pub(super) async fn upload(
    State(hub): State<Arc<Hub>>,
    Path(sha256): Path<String>,
    Query(named): Query<Named>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let sha256 = hash(&sha256)?;
    let piece = piece(&headers, &body)?;
    let total = piece.total;
    let has = hub.blobs.append(sha256, piece).await.map_err(|error| no_room(&error))?;
    match has {
        Has::OtherBytes => {
            let text = "The bytes have another hash than the address: nothing was stored.";
            Err(Problem::new(StatusCode::BAD_REQUEST, "other-bytes", text))
        }
        Has::First(0) => Ok(StatusCode::ACCEPTED.into_response()),
        Has::First(n) => {
            Ok((StatusCode::ACCEPTED, [(header::RANGE, format!("bytes=0-{}", n - 1))]).into_response())
        }
        Has::All => {
            let name = named.name.map_or_else(|| sha256.to_string(), |name| plain_name(&name));
            hub.store.put_blob(sha256, total, name).await?;
            Ok(StatusCode::CREATED.into_response())
        }
    }
}

/// What `Content-Range` says; without it the body is the whole file.
fn piece(headers: &HeaderMap, body: &Bytes) -> Result<Piece, Problem> {
    let bytes_n = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let Some(range) = headers.get(header::CONTENT_RANGE) else {
        return Ok(Piece { from: 0, total: bytes_n, bytes: body.to_vec() });
    };
    let read = || {
        let (place, total) = range.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?;
        let total: u64 = total.parse().ok()?;
        if place == "*" {
            return (bytes_n == 0).then_some(Piece { from: 0, total, bytes: Vec::new() });
        }
        let (from, last) = place.split_once('-')?;
        let (from, last): (u64, u64) = (from.parse().ok()?, last.parse().ok()?);
        let is_sound = last.checked_sub(from)?.checked_add(1)? == bytes_n && last < total;
        is_sound.then(|| Piece { from, total, bytes: body.to_vec() })
    };
    let bad = || {
        let text = "Content-Range must be \"bytes FIRST-LAST/LENGTH\" and fit the body, or \"bytes */LENGTH\" without a body.";
        Problem::new(StatusCode::BAD_REQUEST, "content-range", text)
    };
    let piece = read().ok_or_else(bad)?;
    if piece.total > FILE_BYTES_MAX {
        let text = format!("A file may have at most {FILE_BYTES_MAX} bytes.");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", text));
    }
    Ok(piece)
}
