//! One file to the printer, streamed and hashed on the way, and its size asked for afterwards. What is not whole is deleted.
//! Nothing is started here.
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use firmware_profiles::HttpKind;
use futures_util::stream;
use protocol::ids::Sha256;
use reqwest::Method;
use sha2::Digest as _;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::call::{Api, Body, CallError};
use super::{moonraker, prusalink};

/// Bytes read of the file at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// Separates the parts of a form; no G-code holds it.
const BOUNDARY: &str = "----plate-7d1b3f0c9a52";

/// Why a file did not get there.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    #[error("the file cannot be read")]
    Read(#[source] std::io::Error),
    #[error("the file is not the one that was checked")]
    Hash,
    #[error("the printer did not take the file: {0}")]
    Call(#[from] CallError),
    #[error("the upload was cut short: the printer has {there} of {whole} bytes")]
    Short { there: u64, whole: u64 },
}

/// A file to be uploaded.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) path: PathBuf,
    pub(super) sha256: Sha256,
    pub(super) name: String,
}

/// Uploads it. Dropped: the connection ends, and a part of the file may stay on the printer; it is never started.
pub(super) async fn upload(api: &Api, upload: &Upload) -> Result<(), UploadError> {
    let whole = tokio::fs::metadata(&upload.path).await.map_err(UploadError::Read)?.len();
    let sent = match send(api, upload, whole).await {
        // The nonce went stale while the file was on its way; putting a file there twice is the same as once.
        Err(UploadError::Call(CallError::Access)) => send(api, upload, whole).await,
        other => other,
    };
    let done = match sent {
        Ok(()) => arrived(api, &upload.name, whole).await,
        Err(error) => Err(error),
    };
    if done.is_err() {
        // Best effort: a rest of the file is never started, it only takes room.
        let path = path_of(api, &upload.name);
        drop(api.send(Method::DELETE, &path, None, api.dialect.answer_wait).await);
    }
    done
}

fn path_of(api: &Api, name: &str) -> String {
    match api.dialect.kind {
        HttpKind::Moonraker => moonraker::file(name),
        HttpKind::PrusaLink => prusalink::file(&api.dialect.storage, name),
    }
}

async fn send(api: &Api, upload: &Upload, whole: u64) -> Result<(), UploadError> {
    api.renew().await?;
    let file = File::open(&upload.path).await.map_err(UploadError::Read)?;
    let hasher = Arc::new(Mutex::new(sha2::Sha256::new()));
    let (method, path, before, after) = match api.dialect.kind {
        HttpKind::Moonraker => {
            let (before, after) = form(&upload.name, upload.sha256);
            (Method::POST, moonraker::UPLOAD.to_owned(), before, after)
        }
        HttpKind::PrusaLink => (Method::PUT, path_of(api, &upload.name), String::new(), String::new()),
    };
    let (kind, headers) = match api.dialect.kind {
        HttpKind::Moonraker => (format!("multipart/form-data; boundary={BOUNDARY}"), Vec::new()),
        HttpKind::PrusaLink => {
            let never = vec![("Print-After-Upload", "?0"), ("Overwrite", "?1")];
            ("application/octet-stream".to_owned(), never)
        }
    };
    let extra = u64::try_from(before.len() + after.len()).unwrap_or(0);
    let body = Body {
        kind,
        bytes_n: whole + extra,
        stream: parts(before, file, after, Arc::clone(&hasher)),
        headers,
    };
    let floor = u64::from(api.dialect.upload_floor_bytes_s.max(1));
    let wait = api.dialect.upload_wait_min.max(Duration::from_secs(whole / floor));
    drop(api.send(method, &path, Some(body), wait).await?);
    // What was sent is what was checked, or it is not started.
    let hasher = hasher.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if Sha256::from_digest(hasher.finalize().into()) == upload.sha256 {
        Ok(())
    } else {
        Err(UploadError::Hash)
    }
}

/// The text before and behind the file in Moonraker's form. The checksum makes it refuse what did not arrive whole.
fn form(name: &str, sha256: Sha256) -> (String, String) {
    let field = |key: &str, value: &str| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{value}\r\n")
    };
    let mut before = field("root", "gcodes");
    before.push_str(&field("checksum", &sha256.to_string()));
    before.push_str(&format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: \
         application/octet-stream\r\n\r\n"
    ));
    (before, format!("\r\n--{BOUNDARY}--\r\n"))
}

/// What is left to be sent of a body.
enum Left {
    Before(String, File, String),
    File(File, String),
    After(String),
    Nothing,
}

fn parts(before: String, file: File, after: String, hasher: Arc<Mutex<sha2::Sha256>>) -> reqwest::Body {
    let start = Left::Before(before, file, after);
    reqwest::Body::wrap_stream(stream::try_unfold(start, move |left| {
        let hasher = Arc::clone(&hasher);
        async move {
            match left {
                Left::Before(text, file, after) => Ok(Some((Bytes::from(text), Left::File(file, after)))),
                Left::File(mut file, after) => {
                    let mut chunk = vec![0; CHUNK_BYTES];
                    let got = file.read(&mut chunk).await?;
                    chunk.truncate(got);
                    if got == 0 {
                        return Ok(Some((Bytes::new(), Left::After(after))));
                    }
                    hasher.lock().unwrap_or_else(PoisonError::into_inner).update(&chunk);
                    Ok(Some((Bytes::from(chunk), Left::File(file, after))))
                }
                Left::After(text) => Ok::<_, std::io::Error>(Some((Bytes::from(text), Left::Nothing))),
                Left::Nothing => Ok(None),
            }
        }
    }))
}

async fn arrived(api: &Api, name: &str, whole: u64) -> Result<(), UploadError> {
    let there = match api.dialect.kind {
        HttpKind::Moonraker => moonraker::size(&api.get(&moonraker::facts(name)).await?),
        HttpKind::PrusaLink => prusalink::size(&api.get(&path_of(api, name)).await?),
    };
    match there.unwrap_or(0) {
        there if there == whole => Ok(()),
        there => Err(UploadError::Short { there, whole }),
    }
}
