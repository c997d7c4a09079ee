//! The inside of the hidden command `sandbox-exec`: takes limits and walls, then becomes the program.

use std::{
    ffi::OsString,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::{Cage, landlocked};

/// Open files of a caged process.
const FILES_MAX: u64 = 256;

/// Bounds of a caged process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Processor time, seconds.
    pub cpu_s: u64,
    /// Largest file it may write, bytes.
    pub file_bytes: u64,
    /// Address space, bytes; PrusaSlicer needs 800 MiB for a plate of 126 mm.
    pub memory_bytes: u64,
}

/// Why the program was not started.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// Nothing to run.
    #[error("nothing to run: give a program after --")]
    Nothing,
    /// A limit was refused.
    #[error("cannot limit {what}")]
    Limit {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: rustix::io::Errno,
    },
    /// Landlock does not do all that is needed here.
    #[error("landlock does not keep this process in")]
    Landlock(#[from] landlocked::LandlockError),
    /// The program could not be started.
    #[error("cannot become {}", program.display())]
    Exec {
        /// Which.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Takes limits and walls and becomes `what`; returns only when that fails.
///
/// # Errors
/// [`EnterError`]; the program has not run then.
pub fn enter(
    cage: Cage,
    read: &Path,
    write: &Path,
    limits: Limits,
    what: &[OsString],
) -> Result<(), EnterError> {
    let (program, arguments) = what.split_first().ok_or(EnterError::Nothing)?;
    take_limits(limits)?;
    let program = Path::new(program);
    let error = match cage {
        Cage::Bwrap => bwrap(program, read, write).args(arguments).exec(),
        Cage::Landlock => {
            landlocked::restrict(
                &[
                    Path::new("/usr"),
                    Path::new("/lib"),
                    Path::new("/lib64"),
                    Path::new("/bin"),
                    Path::new("/proc"),
                    root_of(program),
                    read,
                ],
                write,
            )?;
            plain(program).args(arguments).exec()
        }
        Cage::Open => plain(program).args(arguments).exec(),
    };
    Err(EnterError::Exec { program: program.to_owned(), source: error })
}

fn take_limits(limits: Limits) -> Result<(), EnterError> {
    let rows = [
        (Resource::Core, 0, "core dumps"),
        (Resource::Nofile, FILES_MAX, "open files"),
        (Resource::Cpu, limits.cpu_s, "processor time"),
        (Resource::Fsize, limits.file_bytes, "file size"),
        (Resource::As, limits.memory_bytes, "memory"),
    ];
    for (resource, most, what) in rows {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).map_err(|source| EnterError::Limit { what, source })?;
    }
    Ok(())
}

fn plain(program: &Path) -> std::process::Command {
    #[expect(clippy::disallowed_methods, reason = "the inside of the sandbox")]
    std::process::Command::new(program)
}

/// The folder tree that a program brings along: an unpacked slicer lies in one folder of its own.
fn root_of(program: &Path) -> &Path {
    program.parent().unwrap_or(program)
}

/// bubblewrap with its own name spaces, no network, read-only system, an empty /tmp.
fn bwrap(program: &Path, read: &Path, write: &Path) -> std::process::Command {
    let mut command = plain(Path::new("bwrap"));
    command.args(["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]);
    command.args([
        "--setenv",
        "PATH",
        "/usr/bin:/bin",
        "--setenv",
        "HOME",
        "/tmp",
        "--setenv",
        "LC_ALL",
        "C.UTF-8",
    ]);
    command.args([
        "--ro-bind",
        "/usr",
        "/usr",
        "--symlink",
        "usr/lib",
        "/lib",
        "--symlink",
        "usr/bin",
        "/bin",
    ]);
    command.args([
        "--ro-bind-try",
        "/lib64",
        "/lib64",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/tmp",
    ]);
    if !program.starts_with("/usr") && !program.starts_with("/bin") {
        command.arg("--ro-bind").arg(root_of(program)).arg(root_of(program));
    }
    command
        .arg("--ro-bind")
        .arg(read)
        .arg(read)
        .arg("--bind")
        .arg(write)
        .arg(write)
        .arg("--chdir")
        .arg(write);
    command.args(["--cap-drop", "ALL", "--hostname", "slicer", "--"]).arg(program);
    command
}
