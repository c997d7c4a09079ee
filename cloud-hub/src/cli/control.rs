//! The socket through which commands talk to a running hub: owner only, one JSON line each way.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use super::admin::{self, Wish};
use crate::config::Config;
use crate::hub::Hub;

/// Largest request or answer, bytes.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// Longest time one command may take.
const COMMAND_WAIT_MAX: Duration = Duration::from_secs(30);

/// The answer to one command.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) is_done: bool,
}

fn path(config: &Config) -> PathBuf {
    config.hub.data_dir.join("control.sock")
}

/// Answers commands until asked to stop.
pub(super) async fn run(hub: Arc<Hub>, listener: UnixListener, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _peer)) = accepted else { continue };
        // One after the other: commands are rare, and a stuck one is cut off.
        if let Ok(Err(error)) = tokio::time::timeout(COMMAND_WAIT_MAX, answer(&hub, stream)).await {
            tracing::warn!(error = %error, "a command was not answered: {error}");
        }
    }
    // Best effort: a stale socket is removed at the next start.
    drop(std::fs::remove_file(path(&hub.config)));
}

/// Opens the socket: before anybody is told that the hub runs.
pub(super) fn listen(config: &Config) -> anyhow::Result<UnixListener> {
    let path = path(config);
    let open = || {
        if path.exists() {
            // The data directory's lock is ours: the socket is of a process that died.
            std::fs::remove_file(&path)?;
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok::<_, std::io::Error>(listener)
    };
    open().with_context(|| format!("commands cannot reach this hub at {}", path.display()))
}

async fn answer(hub: &Arc<Hub>, stream: UnixStream) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LINE_BYTES_MAX)).read_line(&mut line).await?;
    let wish: Wish = serde_json::from_str(&line)?;
    let said = admin::perform(hub, wish).await;
    write.write_all(serde_json::to_string(&said)?.as_bytes()).await?;
    write.shutdown().await?;
    Ok(())
}

/// Sends one command to the running hub.
pub(super) async fn ask(config: &Config, wish: &Wish) -> anyhow::Result<Said> {
    let path = path(config);
    let mut stream = UnixStream::connect(&path).await.with_context(|| {
        format!("a hub runs on {} but does not answer at {}", config.hub.data_dir.display(), path.display())
    })?;
    stream.write_all((serde_json::to_string(wish)? + "\n").as_bytes()).await?;
    let mut text = String::new();
    let limit = stream.take(LINE_BYTES_MAX);
    tokio::time::timeout(COMMAND_WAIT_MAX, BufReader::new(limit).read_to_string(&mut text)).await??;
    Ok(serde_json::from_str(&text)?)
}
