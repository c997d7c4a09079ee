//! The only place that writes files: whole and synced, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::FlockOperation;

/// Permissions of files that hold secrets.
const PRIVATE: u32 = 0o600;

/// Writes `bytes` to `path` so that after a power cut either the old or the new content is there. Readable by the owner only.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("a file needs a folder"))?;
    fs::create_dir_all(folder)?;
    let part = path.with_extension("part");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    rename(&part, path)
}

/// Gives a file another name in the same folder, durably.
///
/// # Errors
/// When the folder cannot be written.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    File::open(to.parent().ok_or_else(|| io::Error::other("a file needs a folder"))?)?.sync_all()
}

/// Copies a file whole and synced, readable by the owner only.
///
/// # Errors
/// When it cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    make_private(to)
}

/// Lets only the owner read a file, and syncs it.
///
/// # Errors
/// When it cannot be changed.
pub fn make_private(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(PRIVATE))?;
    File::open(path)?.sync_all()
}

/// The exclusive right to a data directory, held until dropped.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

/// Takes the lock file; `None` when another process holds it.
///
/// # Errors
/// When the file cannot be opened.
pub fn lock(path: &Path) -> io::Result<Option<Lock>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(PRIVATE).open(path)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(Lock(file))),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}
