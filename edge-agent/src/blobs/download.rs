//! Fetches a blob from the hub: resumed where it stopped, verified before it has a name.

use std::path::PathBuf;

use futures_util::StreamExt as _;
use protocol::ids::Sha256;
use tokio::io::AsyncWriteExt as _;

use super::{BlobStore, store::hash_file};
use crate::files::FileError;

/// Why a blob is not here yet.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The hub did not answer, or the connection broke: what came so far is kept.
    #[error("cannot download {sha256} from the hub")]
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
        status: reqwest::StatusCode,
    },
    /// It is longer than announced.
    #[error("{sha256} is longer than the {bytes_max} bytes that were announced")]
    TooLong {
        /// Which blob.
        sha256: Sha256,
        /// The announced length.
        bytes_max: u64,
    },
    /// Other bytes than asked for: thrown away.
    #[error("the hub sent other bytes than {wanted}; they were thrown away")]
    WrongBytes {
        /// What was asked for.
        wanted: Sha256,
    },
    /// The disk refused.
    #[error("cannot keep the download")]
    File(#[from] FileError),
}

/// Downloads `sha256` of `bytes` length from `url` into the store, going on where an earlier try stopped.
///
/// # Errors
/// [`DownloadError`]; after `Link` a later call goes on from there.
///
/// # Cancel safety
/// What was written stays and is gone on from.
pub async fn download(
    store: &BlobStore,
    client: &reqwest::Client,
    (url, token): (url::Url, &str),
    sha256: Sha256,
    bytes: u64,
) -> Result<PathBuf, DownloadError> {
    let part = store.temporary().join(format!("{sha256}.part"));
    let have = std::fs::metadata(&part).map_or(0, |m| m.len());
    let link = |source| DownloadError::Link { sha256, source };
    if have < bytes || bytes == 0 {
        let mut request = client.get(url).bearer_auth(token);
        if have > 0 {
            request =
                request.header("range", format!("bytes={have}-")).header("if-range", format!("\"{sha256}\""));
        }
        let answer = request.send().await.map_err(link)?;
        let goes_on = answer.status() == reqwest::StatusCode::PARTIAL_CONTENT;
        if !answer.status().is_success() {
            return Err(DownloadError::Refused { sha256, status: answer.status() });
        }
        let mut file = tokio::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(goes_on)
            .truncate(!goes_on)
            .open(&part)
            .await
            .map_err(FileError::of("open", &part))?;
        let mut written = if goes_on { have } else { 0 };
        let mut stream = answer.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(link)?;
            written = written.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if written > bytes {
                remove(&part)?;
                return Err(DownloadError::TooLong { sha256, bytes_max: bytes });
            }
            file.write_all(&chunk).await.map_err(FileError::of("write", &part))?;
        }
        file.flush().await.map_err(FileError::of("write", &part))?;
    }
    let found = hash_file(&part)?;
    if found != sha256 {
        remove(&part)?;
        return Err(DownloadError::WrongBytes { wanted: sha256 });
    }
    store.take(&part)?;
    Ok(store.path_of(sha256))
}

fn remove(part: &PathBuf) -> Result<(), FileError> {
    std::fs::remove_file(part).map_err(FileError::of("remove", part))
}
