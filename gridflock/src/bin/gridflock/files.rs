//! The only place that reads and writes files.

use crate::failure::Failure;
use anyhow::Context;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

/// More than any parameter file; the reader of parameters has its own, lower limit.
const PARAMS_BYTES_MAX: u64 = 1 << 20;

/// Reads a parameter file, or standard input for `-`.
pub(crate) fn read_params(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(PARAMS_BYTES_MAX).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(PARAMS_BYTES_MAX).read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::Input(format!("cannot read the parameters from {shown}: {error}"))),
    }
}

/// Makes a folder and all above it.
pub(crate) fn make_folder(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Writes a file whole or not at all: beside its place first, then renamed onto it.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().context("the output has no file name")?.to_owned();
    name.push(".part");
    let beside = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
