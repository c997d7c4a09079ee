//! Sends a blob to the hub in pieces: the hub says how much it has, and nothing is sent twice after a cut link.

use std::{io::SeekFrom, path::PathBuf};

use protocol::ids::Sha256;
use reqwest::{Client, Response, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::{BlobError, BlobStore};
use crate::files::FileError;

/// Bytes of one request: little enough that a cut link costs seconds.
const PIECE_BYTES: u64 = 4 * 1024 * 1024;

/// Why a blob is not at the hub yet.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is not in the store, or damaged there.
    #[error("cannot send a blob")]
    Blob(#[from] BlobError),
    /// The disk refused.
    #[error("cannot read a blob")]
    File(#[from] FileError),
    /// The hub did not answer, or the connection broke: the hub keeps what it has.
    #[error("cannot send {sha256} to the hub")]
    Link {
        /// Which blob.
        sha256: Sha256,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The hub refused.
    #[error("the hub answered {status} for {sha256}")]
    Refused {
        /// Which blob.
        sha256: Sha256,
        /// Its answer.
        status: StatusCode,
    },
    /// The hub took a piece and has no more than before.
    #[error("the hub still has {have} bytes of {sha256} after the next piece was sent")]
    Stuck {
        /// Which blob.
        sha256: Sha256,
        /// How much it has.
        have: u64,
    },
}

/// What the hub has of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    /// Everything, and its hash is right.
    All,
    /// The first bytes.
    First(u64),
}

/// Sends `sha256` to `url` and returns when the hub has all of it and found the hash right. The bytes are verified here
/// before the first is sent.
///
/// # Errors
/// [`UploadError`]; a later call goes on where the hub stopped.
///
/// # Cancel safety
/// What the hub has got stays there.
pub async fn upload(
    store: &BlobStore,
    client: &Client,
    (url, token): (url::Url, &str),
    sha256: Sha256,
) -> Result<(), UploadError> {
    let path = store.verify(sha256)?;
    let bytes = std::fs::metadata(&path).map_err(FileError::of("measure", &path))?.len();
    let put = async |range: String, body: Vec<u8>| {
        let request =
            client.put(url.clone()).bearer_auth(token).header(header::CONTENT_RANGE, range).body(body);
        let answer = request.send().await.map_err(|source| UploadError::Link { sha256, source })?;
        what_it_has(&answer).ok_or(UploadError::Refused { sha256, status: answer.status() })
    };
    let mut has = put(format!("bytes */{bytes}"), Vec::new()).await?;
    while let Has::First(have) = has {
        let piece = piece(&path, have).await?;
        let last = have + u64::try_from(piece.len()).unwrap_or(u64::MAX).saturating_sub(1);
        has = put(format!("bytes {have}-{last}/{bytes}"), piece).await?;
        if matches!(has, Has::First(now) if now <= have) {
            return Err(UploadError::Stuck { sha256, have });
        }
    }
    Ok(())
}

async fn piece(path: &PathBuf, from: u64) -> Result<Vec<u8>, FileError> {
    let mut file = tokio::fs::File::open(path).await.map_err(FileError::of("open", path))?;
    file.seek(SeekFrom::Start(from)).await.map_err(FileError::of("read", path))?;
    let mut piece = Vec::new();
    file.take(PIECE_BYTES).read_to_end(&mut piece).await.map_err(FileError::of("read", path))?;
    Ok(piece)
}

/// 201: everything. 202: what the header `Range: bytes=0-N` says; nothing without it.
fn what_it_has(answer: &Response) -> Option<Has> {
    match answer.status() {
        StatusCode::CREATED => Some(Has::All),
        StatusCode::ACCEPTED => {
            let range = answer
                .headers()
                .get(header::RANGE)
                .map(|r| r.to_str().ok()?.strip_prefix("bytes=0-")?.parse().ok());
            match range {
                None => Some(Has::First(0)),
                Some(last) => last.map(|last: u64| Has::First(last.saturating_add(1))),
            }
        }
        _refused => None,
    }
}
