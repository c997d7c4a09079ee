//! The slicer as a program: which version, which bytes, and one run in its cage.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use protocol::ids::Sha256;
use sha2::Digest as _;

use super::StageError;
use crate::{
    config,
    files::FileError,
    sandbox::{self, Cage, End, Limits, Output},
};

/// Oldest version whose "does not fit" can be believed.
const VERSION_MIN: [u32; 3] = [2, 9, 2];
/// How long `--help` may take.
const VERSION_WAIT_MAX: Duration = Duration::from_secs(20);
/// Address space; measured need for a 252 mm plate is 0.3 GB resident and 0.8 GB address space.
const MEMORY_BYTES_MAX: u64 = 4_000_000_000;
/// Largest G-code.
const GCODE_BYTES_MAX: u64 = 268_435_456;

/// A slicer that can be used.
#[derive(Debug, Clone)]
pub struct Engine {
    command: Vec<OsString>,
    threads: u64,
    wait_s: u64,
    cage: Cage,
    agent: PathBuf,
    /// `prusa-slicer 2.9.2`, its bytes' hash and the processor: what decides its output.
    pub identity: String,
}

impl Engine {
    /// Finds the slicer of the settings and looks at its version and bytes.
    ///
    /// # Errors
    /// [`StageError::NoSlicer`], [`StageError::TooOld`].
    pub async fn find(settings: &config::Slicer, cage: Cage, agent: PathBuf) -> Result<Self, StageError> {
        let command: Vec<OsString> = settings.command.iter().map(OsString::from).collect();
        let program = which(settings.command.first().map_or("prusa-slicer", String::as_str));
        let mut command = command;
        if let Some(first) = command.first_mut() {
            *first = program.clone().into();
        }
        let mut probe = sandbox::command(&program);
        probe.args(command.iter().skip(1)).arg("--help");
        let output = sandbox::run(probe, &program, VERSION_WAIT_MAX).await.map_err(StageError::NoSlicer)?;
        let version = version(&output.stdout).unwrap_or_default();
        if version < VERSION_MIN.to_vec() {
            let words: Vec<_> = version.iter().map(u32::to_string).collect();
            let found = if words.is_empty() { "without a version".to_owned() } else { words.join(".") };
            return Err(StageError::TooOld { found });
        }
        let words: Vec<_> = version.iter().map(u32::to_string).collect();
        let bytes = hash_of_program(&program)?;
        let identity = format!("prusa-slicer {} {bytes} {}", words.join("."), std::env::consts::ARCH);
        let (threads, wait_s) = (settings.threads, settings.time_s_max);
        Ok(Self { command, threads, wait_s, cage, agent, identity })
    }

    /// How it is caged.
    #[must_use]
    pub const fn cage(&self) -> Cage {
        self.cage
    }

    /// One run: `arguments` after the program's own. Reads `read`, writes `write`.
    ///
    /// # Errors
    /// [`StageError::NoSlicer`] when it cannot be started.
    pub async fn run(
        &self,
        folders: (&Path, &Path),
        threads: u64,
        arguments: &[OsString],
    ) -> Result<Output, StageError> {
        let limits = Limits {
            cpu_s: self.wait_s.saturating_mul(threads.max(1)),
            file_bytes: GCODE_BYTES_MAX,
            memory_bytes: MEMORY_BYTES_MAX,
        };
        let mut what = self.command.clone();
        what.extend(["--threads".into(), threads.to_string().into()]);
        what.extend_from_slice(arguments);
        let caged = sandbox::caged(&self.agent, self.cage, folders, limits, &what);
        let wait = Duration::from_secs(self.wait_s);
        sandbox::run(caged, &self.agent, wait).await.map_err(StageError::NoSlicer)
    }

    /// Threads of the settings.
    #[must_use]
    pub const fn threads(&self) -> u64 {
        self.threads
    }

    /// What an end other than exit 0 means.
    #[must_use]
    pub fn failure(&self, output: &Output) -> Option<StageError> {
        match output.end {
            End::Exit(0) => None,
            End::Exit(_) => Some(StageError::Refused(last_words(output))),
            End::TimedOut => Some(StageError::Hung { wait_s: self.wait_s }),
            // SIGKILL, SIGXCPU, SIGXFSZ: a bound of the system or of ours.
            End::Signal(signal @ (9 | 24 | 25)) => Some(StageError::Stopped { signal }),
            End::Signal(signal) => Some(StageError::Crashed { signal }),
        }
    }
}

/// The last sentence that the slicer wrote, without its log prefix.
#[must_use]
pub fn last_words(output: &Output) -> String {
    let all = [&output.stderr, &output.stdout];
    let line = all.into_iter().find_map(|text| text.lines().rev().find(|l| !l.trim().is_empty()));
    line.map_or_else(|| "it gave no reason".into(), |l| l.trim().chars().take(300).collect())
}

/// The program's path: as given, or looked up where installed programs are.
fn which(name: &str) -> PathBuf {
    if name.contains('/') {
        return std::fs::canonicalize(name).unwrap_or_else(|_absent| PathBuf::from(name));
    }
    let places = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/platewright/slicer"];
    let found = places.iter().map(|p| Path::new(p).join(name)).find(|p| p.exists());
    found.unwrap_or_else(|| PathBuf::from(name))
}

/// `PrusaSlicer-2.9.2+…` → `[2, 9, 2]`.
fn version(help: &str) -> Option<Vec<u32>> {
    let rest = help.lines().next()?.strip_prefix("PrusaSlicer-")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    digits.split('.').map(|n| n.parse().ok()).collect()
}

/// The bytes that slice: the program, and the engine beside it where the program is only a starter.
fn hash_of_program(program: &Path) -> Result<Sha256, StageError> {
    let mut hasher = sha2::Sha256::new();
    let beside = program.parent().map(|p| p.join("usr/bin/prusa-slicer"));
    for path in [Some(program.to_owned()), beside].into_iter().flatten().filter(|p| p.exists()) {
        hasher.update(std::fs::read(&path).map_err(FileError::of("read", &path))?);
    }
    Ok(Sha256::from_digest(hasher.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read_and_compared_as_numbers() {
        assert_eq!(version("PrusaSlicer-2.9.2+UNKNOWN based on Slic3r"), Some(vec![2, 9, 2]));
        assert!(version("PrusaSlicer-2.10.0 x").unwrap() > vec![2, 9, 2]);
        assert!(version("PrusaSlicer-2.5.0+dfsg").unwrap() < vec![2, 9, 2]);
        assert_eq!(version("Cura 5"), None);
    }
}
