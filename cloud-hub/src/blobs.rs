//! Files named by their SHA-256 below one folder. A file is complete and synced before it has its name.

use std::path::PathBuf;

use protocol::ids::Sha256;

use crate::files;

/// The hub's files.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// Files below `folder`, which is made when needed.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where a file is, or would be: two levels, so that no folder grows without end.
    #[must_use]
    pub fn path(&self, sha256: Sha256) -> PathBuf {
        let name = sha256.to_string();
        let (head, _) = name.split_at(2);
        self.folder.join(head).join(&name)
    }

    /// Stores bytes under their hash; the same again is fine.
    ///
    /// # Errors
    /// When the folder cannot be written, or the bytes have another hash.
    pub async fn put(&self, sha256: Sha256, bytes: Vec<u8>) -> std::io::Result<()> {
        let path = self.path(sha256);
        let written = tokio::task::spawn_blocking(move || {
            if Sha256::of(&bytes) != sha256 {
                return Err(std::io::Error::other("the bytes have another hash than promised"));
            }
            if path.exists() {
                return Ok(());
            }
            files::write_atomic(&path, &bytes)
        });
        written.await.map_err(std::io::Error::other)?
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn get(&self, sha256: Sha256) -> std::io::Result<Vec<u8>> {
        tokio::fs::read(self.path(sha256)).await
    }
}
