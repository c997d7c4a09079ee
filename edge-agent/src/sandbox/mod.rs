//! The only place that starts processes: a clean environment, no input, bounds, and for the slicer a cage without
//! network, home or capabilities.
//!
//! The cage is entered by this same program started as `edge-agent sandbox-exec …`: it takes its own limits and then
//! becomes the slicer, so nothing between fork and exec needs unsafe code.

mod enter;
mod landlocked;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{io::AsyncReadExt as _, process::Command};

use crate::config::Sandbox;

pub use enter::{EnterError, Limits, enter};

/// Bytes of output kept of each stream.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;
/// How long a probe of the machine may take.
const PROBE_WAIT_MAX: Duration = Duration::from_secs(10);

/// How the slicer is caged here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cage {
    /// bubblewrap.
    Bwrap,
    /// Landlock.
    Landlock,
    /// None; shown on the board.
    Open,
}

impl Cage {
    /// The word of the hidden command.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bwrap => "bwrap",
            Self::Landlock => "landlock",
            Self::Open => "none",
        }
    }

    /// The cage of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "bwrap" => Some(Self::Bwrap),
            "landlock" => Some(Self::Landlock),
            "none" => Some(Self::Open),
            _ => None,
        }
    }
}

/// No cage that was asked for works on this machine.
#[derive(Debug, thiserror::Error)]
#[error(
    "no sandbox for the slicer works here ({tried}); install bubblewrap, or set slicer.sandbox = \"none\" and accept the risk"
)]
pub struct NoCage {
    /// What was tried.
    pub tried: &'static str,
}

/// What a finished process left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub end: End,
    /// The start of its standard output.
    pub stdout: String,
    /// The start of its standard error.
    pub stderr: String,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With this exit code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// It took too long and was killed.
    TimedOut,
}

/// A process that could not be started or followed.
#[derive(Debug, thiserror::Error)]
#[error("cannot run {}", program.display())]
pub struct RunError {
    /// The program.
    pub program: PathBuf,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// A process with a clean environment, its own group, no input, killed with its handle.
#[must_use]
pub fn command(program: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "the one home of processes")]
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", "/tmp")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Runs a process to its end, or kills its whole group after `wait`.
///
/// # Errors
/// [`RunError`] when it cannot be started.
///
/// # Cancel safety
/// Dropping the future kills the process.
pub async fn run(mut command: Command, program: &Path, wait: Duration) -> Result<Output, RunError> {
    let failed = |source| RunError { program: program.to_owned(), source };
    let mut child = command.spawn().map_err(failed)?;
    let group = child.id();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let read = async { tokio::join!(head_of(out), head_of(err)) };
    let finished = tokio::time::timeout(wait, async { tokio::join!(child.wait(), read) }).await;
    match finished {
        Ok((status, (stdout, stderr))) => {
            use std::os::unix::process::ExitStatusExt as _;
            let status = status.map_err(failed)?;
            let end = status.code().map_or_else(|| End::Signal(status.signal().unwrap_or(0)), End::Exit);
            Ok(Output { end, stdout, stderr })
        }
        Err(_elapsed) => {
            kill_group(group);
            child.wait().await.map_err(failed)?;
            Ok(Output { end: End::TimedOut, stdout: String::new(), stderr: String::new() })
        }
    }
}

fn kill_group(leader: Option<u32>) {
    let pid = leader.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid
        && let Err(error) = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL)
    {
        tracing::warn!(%error, "a process group that took too long could not be killed");
    }
}

/// The first bytes of a stream; the rest is read and dropped, so that the writer never blocks.
async fn head_of(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut head = Vec::new();
    if let Err(error) = (&mut stream).take(OUTPUT_BYTES_MAX).read_to_end(&mut head).await {
        tracing::debug!(%error, "the output of a child could not be read");
    }
    let mut rest = tokio::io::sink();
    if let Err(error) = tokio::io::copy(&mut stream, &mut rest).await {
        tracing::debug!(%error, "the output of a child could not be drained");
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Finds the cage that the settings ask for.
///
/// # Errors
/// [`NoCage`] where it does not work on this machine.
pub async fn choose(wanted: Sandbox, agent: &Path) -> Result<Cage, NoCage> {
    match wanted {
        Sandbox::None => Ok(Cage::Open),
        Sandbox::Bwrap => {
            works(agent, Cage::Bwrap).await.then_some(Cage::Bwrap).ok_or(NoCage { tried: "bwrap" })
        }
        Sandbox::Landlock => {
            works(agent, Cage::Landlock).await.then_some(Cage::Landlock).ok_or(NoCage { tried: "landlock" })
        }
        Sandbox::Auto => {
            for cage in [Cage::Bwrap, Cage::Landlock] {
                if works(agent, cage).await {
                    return Ok(cage);
                }
            }
            Err(NoCage { tried: "bwrap, landlock" })
        }
    }
}

/// Whether `true` runs inside the cage.
async fn works(agent: &Path, cage: Cage) -> bool {
    let limits = Limits { cpu_s: 5, file_bytes: 1_000_000, memory_bytes: 2_000_000_000 };
    let caged = caged(agent, cage, (Path::new("/tmp"), Path::new("/tmp")), limits, &["/bin/true".into()]);
    matches!(run(caged, agent, PROBE_WAIT_MAX).await, Ok(Output { end: End::Exit(0), .. }))
}

/// A process inside a cage: it sees `read`, writes to `write` (its working folder) and nothing else.
#[must_use]
pub fn caged(
    agent: &Path,
    cage: Cage,
    (read, write): (&Path, &Path),
    limits: Limits,
    what: &[OsString],
) -> Command {
    let mut command = command(agent);
    command
        .arg("sandbox-exec")
        .args(["--cage", cage.word()])
        .arg("--read")
        .arg(read)
        .arg("--write")
        .arg(write)
        .args(["--cpu-s", &limits.cpu_s.to_string()])
        .args(["--file-bytes", &limits.file_bytes.to_string()])
        .args(["--memory-bytes", &limits.memory_bytes.to_string()])
        .arg("--")
        .args(what)
        .current_dir(write);
    command
}
