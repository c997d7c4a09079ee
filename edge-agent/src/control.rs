//! The control socket: commands of this machine's root talk to the running daemon, or open the ledger themselves when
//! no daemon holds it. One line of JSON each way.

use std::{
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use protocol::ids::AttemptNo;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    time::Instant,
};

use crate::{
    clock::Clock,
    files::{self, FileError},
    ledger::{Ledger, LedgerError, devices::Role},
    sources::{self, NoRandomness},
    sync::{HubClient, Identity, SyncError},
};

/// Attempts in a record of everything.
const RECORDED_MAX: usize = 50;
/// The socket below the data directory, for its owner only.
pub const SOCKET: &str = "control.sock";
/// The lock that a daemon holds.
const LOCK: &str = "lock";
/// How long the lock is waited for.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(3);
/// How often it is tried meanwhile.
const LOCK_LOOK_EVERY: Duration = Duration::from_millis(20);
/// Longest request line, bytes.
const LINE_BYTES_MAX: u64 = 10_000;
/// How long an answer may take: enrolment speaks with the hub.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(60);

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// A one-time pairing code.
    Pair {
        /// `operator` or `admin`.
        role: String,
    },
    /// Enrolment at a hub.
    Enrol {
        /// The hub.
        hub: url::Url,
        /// The one-time code.
        code: String,
        /// The site's name.
        site: String,
    },
    /// The record of an attempt.
    Explain {
        /// Which.
        attempt: AttemptNo,
    },
    /// Beds, open jobs, and the newest attempts with their records.
    Record,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Done(String),
    Failed(String),
}

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The daemon, or the ledger, said no.
    #[error("{0}")]
    Refused(String),
    /// The socket or the lock.
    #[error("cannot use {}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A daemon holds the data directory and does not answer.
    #[error("an agent is running on {} and does not answer its control socket", .0.display())]
    Busy(PathBuf),
    /// The ledger.
    #[error("cannot use the ledger")]
    Ledger(#[from] LedgerError),
    /// The disk.
    #[error("cannot use the data directory")]
    File(#[from] FileError),
    /// The hub.
    #[error("the hub did not take this agent")]
    Hub(#[from] SyncError),
    /// No randomness.
    #[error("cannot make a code")]
    Random(#[from] NoRandomness),
}

/// Holds the data directory for one process.
#[derive(Debug)]
pub struct DataLock(#[expect(dead_code, reason = "the lock lives as long as the open file")] std::fs::File);

/// Takes the data directory. Several agents never share one.
///
/// Waits a little for the lock: an agent that was killed may leave a child that is not the slicer yet, and until it is,
/// the lock's open file is its own as well (found by killing agents right before a slice).
///
/// # Errors
/// [`ControlError::Busy`] when another process holds it.
pub async fn lock(data_dir: &Path) -> Result<DataLock, ControlError> {
    let end = Instant::now() + LOCK_WAIT_MAX;
    loop {
        match try_lock(data_dir) {
            Err(ControlError::Busy(_)) if Instant::now() < end => tokio::time::sleep(LOCK_LOOK_EVERY).await,
            settled => return settled,
        }
    }
}

fn try_lock(data_dir: &Path) -> Result<DataLock, ControlError> {
    files::make_folder(data_dir)?;
    let path = data_dir.join(LOCK);
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|source| ControlError::Io { path: path.clone(), source })?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(DataLock(file)),
        Err(_held) => Err(ControlError::Busy(data_dir.to_owned())),
    }
}

/// Asks the running daemon, or does it here when none runs.
///
/// # Errors
/// [`ControlError`].
pub async fn ask(data_dir: &Path, ask: Ask) -> Result<String, ControlError> {
    let path = data_dir.join(SOCKET);
    if let Ok(stream) = UnixStream::connect(&path).await {
        let io = |source| ControlError::Io { path: path.clone(), source };
        let talk = tokio::time::timeout(ANSWER_WAIT_MAX, exchange(stream, &ask)).await;
        return match talk.map_err(|_elapsed| ControlError::Busy(data_dir.to_owned()))?.map_err(io)? {
            Answer::Done(text) => Ok(text),
            Answer::Failed(text) => Err(ControlError::Refused(text)),
        };
    }
    let _lock = lock(data_dir).await?;
    let (ledger, _writer) = Ledger::open(data_dir, Clock::of_this_machine())?;
    carry_out(&ledger, data_dir, ask).await
}

async fn exchange(mut stream: UnixStream, ask: &Ask) -> io::Result<Answer> {
    let mut line = serde_json::to_vec(ask)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).await?;
    Ok(serde_json::from_str(&answer)?)
}

/// Serves one connection of the socket.
pub async fn serve_one(stream: UnixStream, ledger: &Ledger, data_dir: &Path) {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let asked = BufReader::new(read.take(LINE_BYTES_MAX)).read_line(&mut line).await;
    let answer = match asked.map_err(serde_json::Error::io).and_then(|_n| serde_json::from_str(&line)) {
        Ok(ask) => carry_out(ledger, data_dir, ask).await.map_err(|e| chain(&e)),
        Err(error) => Err(format!("the request is not understood: {error}")),
    };
    let answer = match answer {
        Ok(text) => Answer::Done(text),
        Err(text) => Answer::Failed(text),
    };
    let sent = match serde_json::to_string(&answer) {
        Ok(text) => write.write_all(format!("{text}\n").as_bytes()).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = sent {
        tracing::debug!(%error, "a command went away before its answer");
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = next.source();
    }
    text
}

async fn carry_out(ledger: &Ledger, data_dir: &Path, ask: Ask) -> Result<String, ControlError> {
    match ask {
        Ask::Pair { role } => {
            let role =
                Role::of(&role).ok_or_else(|| ControlError::Refused(format!("{role:?} is not a role")))?;
            let code = sources::one_time_code()?;
            ledger.add_pairing_code(&code, role).await?;
            Ok(code)
        }
        Ask::Enrol { hub, code, site } => {
            if let Some(agent) = ledger.agent_id().await? {
                return Err(ControlError::Refused(format!("this agent is enrolled already, as {agent}")));
            }
            let identity = Identity::load_or_make(data_dir)?;
            let reply = HubClient::new(hub)?.enrol(&identity, &code, &site).await?;
            ledger.enrolled(reply.agent).await?;
            Ok(format!("enrolled as {}", reply.agent))
        }
        Ask::Explain { attempt } => explain(ledger, attempt).await,
        Ask::Record => record(ledger).await,
    }
}

async fn explain(ledger: &Ledger, no: AttemptNo) -> Result<String, ControlError> {
    let attempt = ledger.attempt(no).await?;
    let assignment = ledger.assignment(attempt.job).await?;
    let mut text = format!(
        "attempt {no}\njob {} ({}), epoch {}\nprinter {}, artifact {}\nstate {}\n",
        attempt.job,
        assignment.label,
        assignment.body.epoch,
        attempt.printer,
        attempt.artifact,
        attempt.state.word(),
    );
    for line in ledger.journal_of(no).await? {
        text.push_str(&format!("{}  {}\n", utc(line.at), line.what));
    }
    Ok(text)
}

async fn record(ledger: &Ledger) -> Result<String, ControlError> {
    let snapshot = ledger.snapshot().await?;
    let mut text = String::from("beds\n");
    for (printer, bed) in &snapshot.beds {
        text.push_str(&format!("  {printer}: {:?}\n", bed.bed));
    }
    text.push_str("open jobs\n");
    for job in &snapshot.open {
        let reason = job.reason.as_deref().unwrap_or_default();
        text.push_str(&format!("  {} {}: {} {reason}\n", job.job(), job.label, job.state.word()));
    }
    for attempt in snapshot.attempts.iter().take(RECORDED_MAX) {
        text.push('\n');
        text.push_str(&explain(ledger, attempt.no).await?);
    }
    Ok(text)
}

fn utc(at: protocol::units::WallMs) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_far| at.0.to_string(), |t| t.to_string())
}

/// Opens the socket for its owner only. An old one of a killed daemon is removed: the lock is ours.
///
/// # Errors
/// [`ControlError::Io`].
pub fn listen(data_dir: &Path) -> Result<tokio::net::UnixListener, ControlError> {
    let path = data_dir.join(SOCKET);
    let io = |source| ControlError::Io { path: path.clone(), source };
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(io(e)),
    }
    let listener = tokio::net::UnixListener::bind(&path).map_err(io)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(io)?;
    Ok(listener)
}
