//! Real processes: started with their output in files, killed at once or asked to end.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;

use crate::wait;

/// How long a process may take until it says where it listens.
const LISTEN_WAIT_MAX: Duration = Duration::from_secs(30);
/// How long a process may take to end after SIGTERM.
const END_WAIT_MAX: Duration = Duration::from_secs(20);

/// The folder of this build's binaries.
///
/// # Errors
/// The running program has no path.
pub fn binaries() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().context("the program lies in a folder")?;
    // Test programs lie in `deps/`, one below the binaries.
    let is_deps = folder.file_name().is_some_and(|n| n == "deps");
    Ok(if is_deps { folder.parent().context("deps lies in a folder")?.to_owned() } else { folder.to_owned() })
}

/// A command of this build.
///
/// # Errors
/// It was not built.
pub fn command(name: &str) -> anyhow::Result<Command> {
    let path = binaries()?.join(name);
    anyhow::ensure!(path.exists(), "{} is not built: cargo build --workspace", path.display());
    #[expect(clippy::disallowed_methods, reason = "the one place that starts the processes of a run")]
    let command = Command::new(path);
    Ok(command)
}

/// Runs a command to its end and gives its output; anything but exit 0 is an error with both streams.
///
/// # Errors
/// See above.
pub fn run(name: &str, arguments: &[&str]) -> anyhow::Result<String> {
    finish(command(name)?, name, arguments)
}

/// The same for a program of the system.
///
/// # Errors
/// As [`run`].
pub fn run_program(name: &str, arguments: &[&str]) -> anyhow::Result<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place that starts the processes of a run")]
    finish(Command::new(name), name, arguments)
}

/// Runs a program of the system to its end: whether it ended with 0, and both streams.
///
/// # Errors
/// It cannot be started.
pub fn outcome(name: &str, arguments: &[&str]) -> anyhow::Result<(bool, String)> {
    #[expect(clippy::disallowed_methods, reason = "the one place that starts the processes of a run")]
    let output = Command::new(name).args(arguments).stdin(Stdio::null()).output()?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), said))
}

/// The folder of the project.
#[must_use]
pub fn project() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

fn finish(mut command: Command, name: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = command.args(arguments).stdin(Stdio::null()).output()?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    anyhow::ensure!(output.status.success(), "{name} {}: {}\n{out}{err}", arguments.join(" "), output.status);
    Ok(out.trim().to_owned())
}

/// Whether a program of the system is there and ends with 0.
#[must_use]
pub fn succeeds(program: &str, arguments: &[&str]) -> bool {
    #[expect(clippy::disallowed_methods, reason = "the one place that starts the processes of a run")]
    let ended = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).status();
    ended.is_ok_and(|status| status.success())
}

/// A running process.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: std::process::Child,
    is_wrapped: bool,
    stdout: PathBuf,
}

impl Process {
    /// Starts `binary`; output goes to `folder/NAME.out` and `.err`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(folder: &Path, name: &str, binary: &str, arguments: &[String]) -> anyhow::Result<Self> {
        Self::start_under(&[], &[], folder, name, binary, arguments)
    }

    /// The same as the last arguments of `wrapper`, for example of strace, with variables in its environment.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_under(
        wrapper: &[String],
        environment: &[(String, String)],
        folder: &Path,
        name: &str,
        binary: &str,
        arguments: &[String],
    ) -> anyhow::Result<Self> {
        let stdout = folder.join(format!("{name}.out"));
        let errors = File::options().create(true).append(true).open(folder.join(format!("{name}.err")))?;
        let mut command = match wrapper.split_first() {
            None => command(binary)?,
            Some((program, before)) => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the one place that starts the processes of a run"
                )]
                let mut command = Command::new(program);
                command.args(before).arg(binaries()?.join(binary));
                command
            }
        };
        command.args(arguments).envs(environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(File::create(&stdout)?).stderr(errors);
        let child = command.spawn().with_context(|| format!("start {binary}"))?;
        Ok(Self { name: name.to_owned(), child, is_wrapped: !wrapper.is_empty(), stdout })
    }

    /// Waits for `listening on ADDRESS`, the first line, and gives the address.
    ///
    /// # Errors
    /// It ended, or said nothing in time.
    pub async fn address(&mut self) -> anyhow::Result<String> {
        let end = tokio::time::Instant::now() + LISTEN_WAIT_MAX;
        loop {
            let text = std::fs::read_to_string(&self.stdout).unwrap_or_default();
            if let Some((line, _)) = text.split_once('\n')
                && let Some(address) = line.strip_prefix("listening on ")
            {
                return Ok(address.to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                let errors = std::fs::read_to_string(self.stdout.with_extension("err")).unwrap_or_default();
                let tail: Vec<_> = errors.lines().rev().take(5).collect();
                anyhow::bail!("{} ended with {status} before it listened: {tail:?}", self.name);
            }
            anyhow::ensure!(tokio::time::Instant::now() < end, "{} did not say where it listens", self.name);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.signal(rustix::process::Signal::KILL)?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, then waits for the end.
    ///
    /// # Errors
    /// It did not end in time.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.signal(rustix::process::Signal::TERM)?;
        let child = &mut self.child;
        wait::until("a process to end", END_WAIT_MAX, || {
            let ended = child.try_wait();
            async move { Ok(ended?.map(|_| ()).ok_or("running")) }
        })
        .await
    }

    /// To the process itself: a wrapper ends with it.
    fn signal(&self, signal: rustix::process::Signal) -> anyhow::Result<()> {
        let own = self.child.id();
        let wrapped = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let wrapped = wrapped.split_whitespace().next().and_then(|pid| pid.parse().ok());
        let pid = wrapped.filter(|_| self.is_wrapped).unwrap_or(own);
        let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).context("a process id")?;
        rustix::process::kill_process(pid, signal).with_context(|| format!("signal {}", self.name))
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() && self.kill().is_err() {
            say(&format!("{} could not be killed", self.name));
        }
    }
}

/// Tells whoever watches the run.
#[expect(clippy::print_stderr, reason = "runs speak to whoever watches them")]
pub fn say(words: &str) {
    eprintln!("{words}");
}
