//! The only place that writes files: whole or not at all, also when the power is cut.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}", path.display())]
pub struct FileError {
    /// The operation.
    pub what: &'static str,
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl FileError {
    /// Adds the operation and the file to an I/O error; for `map_err`.
    pub fn of(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self { what, path, source }
    }
}

/// Writes `bytes` to `path`: temporary file beside it, fsync, rename, fsync of the folder. Readable by the owner
/// only when `private`.
///
/// # Errors
/// [`FileError`] names the step; the old file is then still whole.
pub fn write_atomic(path: &Path, bytes: &[u8], private: bool) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = folder.join(name);
    let mode = if private { 0o600 } else { 0o644 };
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&temporary)
        .map_err(FileError::of("create", &temporary))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(FileError::of("write", &temporary))?;
    fs::rename(&temporary, path).map_err(FileError::of("rename to", path))?;
    sync_folder(folder)
}

/// Lets only the owner read a file, and makes its bytes durable.
///
/// # Errors
/// [`FileError`].
pub fn make_private(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(FileError::of("protect", path))?;
    File::open(path).and_then(|f| f.sync_all()).map_err(FileError::of("sync", path))
}

/// Makes renames in `folder` durable.
///
/// # Errors
/// [`FileError`].
pub fn sync_folder(folder: &Path) -> Result<(), FileError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(FileError::of("sync", folder))
}

/// Makes a folder and its parents, for the owner only.
///
/// # Errors
/// [`FileError`].
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(FileError::of("make the folder", path))
}

/// Free room where `path` lies, bytes.
///
/// # Errors
/// [`FileError`].
pub fn free_bytes(path: &Path) -> Result<u64, FileError> {
    let stat =
        rustix::fs::statvfs(path).map_err(|e| FileError::of("measure free room of", path)(e.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
