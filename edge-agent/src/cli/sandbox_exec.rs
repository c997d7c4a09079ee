//! The hidden command behind the slicer's cage.

use std::path::PathBuf;

use super::Failed;
use crate::sandbox::{self, Cage, Limits};

/// Arguments that [`sandbox::caged`] writes.
#[derive(Debug, clap::Args)]
pub(super) struct SandboxExec {
    #[arg(long)]
    cage: String,
    #[arg(long)]
    read: PathBuf,
    #[arg(long)]
    write: PathBuf,
    #[arg(long)]
    cpu_s: u64,
    #[arg(long)]
    file_bytes: u64,
    #[arg(long)]
    memory_bytes: u64,
    #[arg(last = true)]
    what: Vec<std::ffi::OsString>,
}

/// Becomes the caged program; comes back only when that fails.
pub(super) fn enter(it: &SandboxExec) -> Result<(), Failed> {
    let cage = Cage::of(&it.cage).ok_or_else(|| Failed::bad_input(format!("{:?} is not a cage", it.cage)))?;
    let limits = Limits { cpu_s: it.cpu_s, file_bytes: it.file_bytes, memory_bytes: it.memory_bytes };
    Ok(sandbox::enter(cage, &it.read, &it.write, limits, &it.what)?)
}
