//! The store: files named by their SHA-256, made in a folder beside it, verified, renamed, made durable.
//!
//! Never here: what a file is for. Whether it may be evicted is the caller's list of what is needed.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use protocol::ids::Sha256;
use sha2::Digest as _;

use crate::files::{self, FileError};

/// Bytes read at once while hashing.
const CHUNK_BYTES: usize = 64 * 1024;

/// A blob that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The file system refused.
    #[error("cannot use the blob store")]
    File(#[from] FileError),
    /// The bytes are not those of the name: the file was removed.
    #[error("the file of {wanted} holds other bytes ({found}); it was removed")]
    Damaged {
        /// What was asked for.
        wanted: Sha256,
        /// What is there.
        found: Sha256,
    },
    /// It is not here.
    #[error("{0} is not in the store")]
    Missing(Sha256),
}

/// The folder of blobs; cheap to clone.
#[derive(Debug, Clone)]
pub struct BlobStore {
    folder: PathBuf,
}

impl BlobStore {
    /// Opens the store below `data_dir` and removes what a crash left half done.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(data_dir: &Path) -> Result<Self, FileError> {
        let folder = data_dir.join("blobs");
        let temporary = folder.join("tmp");
        files::make_folder(&temporary)?;
        for entry in fs::read_dir(&temporary).map_err(FileError::of("list", &temporary))? {
            let path = entry.map_err(FileError::of("list", &temporary))?.path();
            // Downloads are resumed by their name; everything else is half a file.
            if path.extension().is_none_or(|e| e != "part") {
                let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                gone.map_err(FileError::of("remove", &path))?;
            }
        }
        Ok(Self { folder })
    }

    /// Where a blob lies, or would lie.
    #[must_use]
    pub fn path_of(&self, sha256: Sha256) -> PathBuf {
        self.folder.join(sha256.to_string())
    }

    /// A folder on the same file system for files in the making.
    #[must_use]
    pub fn temporary(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// Whether a file of that name exists; its bytes are not looked at.
    #[must_use]
    pub fn has(&self, sha256: Sha256) -> bool {
        self.path_of(sha256).exists()
    }

    /// Takes bytes into the store.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn put(&self, bytes: &[u8]) -> Result<Sha256, FileError> {
        let sha256 = Sha256::of(bytes);
        if !self.has(sha256) {
            files::write_atomic(&self.path_of(sha256), bytes, true)?;
        }
        Ok(sha256)
    }

    /// Takes a finished file of the temporary folder into the store: hashed, made durable, renamed.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn take(&self, file: &Path) -> Result<Sha256, FileError> {
        let sha256 = hash_file(file)?;
        File::open(file).and_then(|f| f.sync_all()).map_err(FileError::of("sync", file))?;
        let path = self.path_of(sha256);
        fs::rename(file, &path).map_err(FileError::of("rename to", &path))?;
        files::sync_folder(&self.folder)?;
        Ok(sha256)
    }

    /// Reads a blob's bytes again and compares: what a start needs. A damaged file is removed.
    ///
    /// # Errors
    /// [`BlobError::Missing`], [`BlobError::Damaged`].
    pub fn verify(&self, sha256: Sha256) -> Result<PathBuf, BlobError> {
        let path = self.path_of(sha256);
        if !path.exists() {
            return Err(BlobError::Missing(sha256));
        }
        let found = hash_file(&path)?;
        if found == sha256 {
            return Ok(path);
        }
        fs::remove_file(&path).map_err(FileError::of("remove", &path))?;
        Err(BlobError::Damaged { wanted: sha256, found })
    }

    /// Removes the oldest files that are not needed until at most `bytes_max` are used. Returns the bytes freed.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn evict(&self, bytes_max: u64, needed: &BTreeSet<Sha256>) -> Result<u64, FileError> {
        let mut all = Vec::new();
        let mut used = 0_u64;
        for entry in fs::read_dir(&self.folder).map_err(FileError::of("list", &self.folder))? {
            let entry = entry.map_err(FileError::of("list", &self.folder))?;
            let Some(sha256) = entry.file_name().to_str().and_then(|n| n.parse::<Sha256>().ok()) else {
                continue;
            };
            let meta = entry.metadata().map_err(FileError::of("measure", &entry.path()))?;
            used = used.saturating_add(meta.len());
            if !needed.contains(&sha256) {
                all.push((meta.modified().ok(), entry.path(), meta.len()));
            }
        }
        all.sort();
        let mut freed = 0_u64;
        for (_, path, bytes) in all {
            if used.saturating_sub(freed) <= bytes_max {
                break;
            }
            fs::remove_file(&path).map_err(FileError::of("remove", &path))?;
            freed = freed.saturating_add(bytes);
        }
        Ok(freed)
    }
}

/// The SHA-256 of a file, read in pieces.
///
/// # Errors
/// [`FileError`].
pub(super) fn hash_file(path: &Path) -> Result<Sha256, FileError> {
    let mut file = File::open(path).map_err(FileError::of("open", path))?;
    let mut hasher = sha2::Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(Sha256::from_digest(hasher.finalize().into())),
            Ok(n) => hasher.update(chunk.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(FileError::of("read", path)(e)),
        }
    }
}
