//! One file to the printer by implicit FTPS. `226 Transfer complete` does not mean that it arrived, so its size is asked
//! for afterwards; what is not whole is deleted. Nothing is started here.
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use protocol::ids::Sha256;
use rustls::ClientConfig;
use sha2::Digest as _;
use suppaftp::Status;
use suppaftp::tokio::{AsyncRustlsConnector, AsyncRustlsStream, ImplAsyncFtpStream};
use suppaftp::types::{FileType, FtpError};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::MqttPrinter;

/// How long connecting, logging in and each short command may take.
const COMMAND_WAIT_MAX: Duration = Duration::from_secs(30);

/// Why a file did not get there.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    #[error("the file cannot be read")]
    Read(#[source] std::io::Error),
    #[error("the file is not the one that was checked")]
    Hash,
    #[error("the printer's file server refused to {doing}")]
    Ftp {
        doing: &'static str,
        #[source]
        source: Box<FtpError>,
    },
    #[error("the printer's file server did not answer in time to {doing}")]
    Slow { doing: &'static str },
    #[error("the upload was cut short: the printer has {there} of {whole} bytes")]
    Short { there: u64, whole: u64 },
}

impl UploadError {
    /// The whole chain for a person.
    pub(super) fn in_words(&self) -> String {
        let mut words = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            words.push_str(&format!(": {error}"));
            cause = error.source();
        }
        words
    }
}

/// A file to be uploaded.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) path: PathBuf,
    pub(super) sha256: Sha256,
    pub(super) name: String,
}

type Ftp = ImplAsyncFtpStream<AsyncRustlsStream>;

/// Uploads it. Dropped: the connection ends, and a part of the file may stay on the printer; it is never started.
pub(super) async fn upload(
    printer: &MqttPrinter,
    config: Arc<ClientConfig>,
    upload: &Upload,
) -> Result<(), UploadError> {
    let whole = tokio::fs::metadata(&upload.path).await.map_err(UploadError::Read)?.len();
    let mut ftp = connect(printer, config).await?;
    let floor = u64::from(printer.dialect.upload_floor_bytes_s.max(1));
    let deadline = printer.dialect.upload_wait_min.max(Duration::from_secs(whole / floor));
    let sent = match timeout(deadline, send(&mut ftp, upload)).await {
        Ok(sent) => sent,
        Err(_elapsed) => Err(UploadError::Slow { doing: "take the file" }),
    };
    let checked = match sent {
        Ok(()) => arrived(&mut ftp, &upload.name, whole).await,
        Err(error) => Err(error),
    };
    if checked.is_err() {
        // Best effort: a rest of the file is never started, it only takes room.
        drop(timeout(COMMAND_WAIT_MAX, ftp.rm(&upload.name)).await);
    }
    drop(timeout(COMMAND_WAIT_MAX, ftp.quit()).await);
    checked
}

/// Of these tasks, those whose file is not on the printer, not even in part. Where that cannot be found out, none.
pub(super) async fn missing(
    printer: &MqttPrinter,
    config: Arc<ClientConfig>,
    tasks: Vec<String>,
) -> Vec<String> {
    let listed = async {
        let mut ftp = connect(printer, config).await?;
        let names = short("list its files", ftp.nlst(None)).await?;
        drop(timeout(COMMAND_WAIT_MAX, ftp.quit()).await);
        Ok::<_, UploadError>(names)
    };
    match listed.await {
        Ok(names) => {
            let has = |task: &str| names.iter().any(|name| name.contains(&format!("_{task}.gcode.3mf")));
            tasks.into_iter().filter(|task| !has(task)).collect()
        }
        Err(error) => {
            tracing::info!(printer = %printer.id, why = error.in_words(), "files on the printer not listed");
            Vec::new()
        }
    }
}

async fn connect(printer: &MqttPrinter, config: Arc<ClientConfig>) -> Result<Ftp, UploadError> {
    let connector = AsyncRustlsConnector::from(TlsConnector::from(config));
    let address = format!("{}:{}", printer.host, printer.ftps_port);
    // Printers speak implicit FTPS only.
    let connecting = Ftp::connect_secure_implicit(address, connector, &printer.serial);
    let mut ftp = short("connect", connecting).await?;
    // A printer behind a router tells the address it has for itself.
    ftp.set_passive_nat_workaround(true);
    short("log in", ftp.login(&printer.dialect.user, &printer.access_code)).await?;
    // Without these the server asks for an encrypted data connection and gets none (522).
    short("protect the data", ftp.custom_command("PBSZ 0", &[Status::CommandOk])).await?;
    short("protect the data", ftp.custom_command("PROT P", &[Status::CommandOk])).await?;
    short("take bytes", ftp.transfer_type(FileType::Binary)).await?;
    Ok(ftp)
}

async fn short<T>(
    doing: &'static str,
    work: impl Future<Output = Result<T, FtpError>>,
) -> Result<T, UploadError> {
    match timeout(COMMAND_WAIT_MAX, work).await {
        Ok(done) => done.map_err(|source| UploadError::Ftp { doing, source: Box::new(source) }),
        Err(_elapsed) => Err(UploadError::Slow { doing }),
    }
}

async fn send(ftp: &mut Ftp, upload: &Upload) -> Result<(), UploadError> {
    let file = File::open(&upload.path).await.map_err(UploadError::Read)?;
    let mut hashing = Hashing { file, hasher: sha2::Sha256::new() };
    let sent = ftp.put_file(&upload.name, &mut hashing).await;
    sent.map_err(|source| UploadError::Ftp { doing: "take the file", source: Box::new(source) })?;
    // What was sent is what was checked, or it is not started.
    if Sha256::from_digest(hashing.hasher.finalize().into()) == upload.sha256 {
        Ok(())
    } else {
        Err(UploadError::Hash)
    }
}

async fn arrived(ftp: &mut Ftp, name: &str, whole: u64) -> Result<(), UploadError> {
    let there = short("tell the size of the file", ftp.size(name)).await?;
    let there = u64::try_from(there).unwrap_or(u64::MAX);
    if there == whole { Ok(()) } else { Err(UploadError::Short { there, whole }) }
}

/// A file that is hashed while it is read.
struct Hashing {
    file: File,
    hasher: sha2::Sha256,
}

impl AsyncRead for Hashing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.file).poll_read(cx, buffer);
        if let Poll::Ready(Ok(())) = &read {
            let fresh = buffer.filled().get(before..).unwrap_or_default();
            self.hasher.update(fresh);
        }
        read
    }
}
