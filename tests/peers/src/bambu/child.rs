//! Processes and files of a simulated printer. The processes end with the thread that started them, also when it is
//! killed (`setpriv --pdeathsig`), so that no broker is left behind.
use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::marlin::pty::pause;

/// How long a server may take until it listens.
const LISTEN_WAIT_MAX: Duration = Duration::from_secs(10);

/// A process that is killed when it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    name: String,
}

impl Server {
    /// Starts a program with its output in `log`.
    pub(super) fn start(arguments: &[&str], log: &Path) -> anyhow::Result<Self> {
        let out = File::create(log)?;
        let name = (*arguments.first().unwrap_or(&"")).to_owned();
        #[expect(
            clippy::disallowed_methods,
            reason = "the one home of child processes of simulated printers"
        )]
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .map_err(|error| anyhow::anyhow!("cannot start {name} with setpriv: {error}"))?;
        Ok(Self { child, name })
    }

    /// Waits until something listens on a port of this machine.
    pub(super) fn until_listening(&mut self, port: u16, log: &Path) -> anyhow::Result<()> {
        let steps = LISTEN_WAIT_MAX.as_millis() / 20;
        for _ in 0..steps {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                anyhow::bail!("{} ended with {status}: {said}", self.name);
            }
            pause(0.02);
        }
        anyhow::bail!("{} does not listen on port {port} after {LISTEN_WAIT_MAX:?}", self.name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a program to its end and gives its output.
pub(super) fn output(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    #[expect(clippy::disallowed_methods, reason = "the one home of child processes of simulated printers")]
    let done = Command::new(program).args(arguments).output();
    let done = done.map_err(|error| anyhow::anyhow!("cannot run {program}: {error}"))?;
    anyhow::ensure!(done.status.success(), "{program} failed: {}", String::from_utf8_lossy(&done.stderr));
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

/// Whether a program runs to a good end.
pub(super) fn works(program: &str, arguments: &[&str]) -> bool {
    output(program, arguments).is_ok()
}

/// Writes a file of the simulation's own folder.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

/// A port that is free now, or the one that is wanted.
pub(super) fn port(wanted: u16) -> anyhow::Result<u16> {
    if wanted > 0 {
        return Ok(wanted);
    }
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
