//! Files named by their SHA-256 below one folder. A file is complete, verified and synced before it has its name.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::ids::Sha256;
use protocol::units::WallMs;
use sha2::Digest as _;

use crate::files;

/// Half a file that nobody went on with for this long is removed at the next start.
const PART_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// Bytes read at once while hashing.
const HASH_BYTES: usize = 64 * 1024;

/// The hub's files.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
    /// One piece at a time: two senders of the same file never write between each other.
    turn: Arc<Mutex<()>>,
}

/// What is here of a file that comes in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// Everything, with the right hash.
    All,
    /// Its first bytes.
    First(u64),
    /// Everything came, with another hash: thrown away.
    OtherBytes,
}

/// A piece of a file.
#[derive(Debug)]
pub struct Piece {
    /// Offset of its first byte.
    pub from: u64,
    /// Length of the whole file, bytes.
    pub total: u64,
    /// The bytes; none to ask what is here.
    pub bytes: Vec<u8>,
}

impl Blobs {
    /// Files below `folder`, which is made when needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, turn: Arc::default() }
    }

    /// Where a file is, or would be: two levels, so that no folder grows without end.
    #[must_use]
    pub fn path(&self, sha256: Sha256) -> PathBuf {
        let name = sha256.to_string();
        let (head, _) = name.split_at(2);
        self.folder.join(head).join(&name)
    }

    fn parts(&self) -> PathBuf {
        self.folder.join("parts")
    }

    /// Stores bytes under their hash; the same again is fine.
    ///
    /// # Errors
    /// When the folder cannot be written, or the bytes have another hash.
    pub async fn put(&self, sha256: Sha256, bytes: Vec<u8>) -> io::Result<()> {
        let path = self.path(sha256);
        let written = tokio::task::spawn_blocking(move || {
            if Sha256::of(&bytes) != sha256 {
                return Err(io::Error::other("the bytes have another hash than promised"));
            }
            if path.exists() {
                return Ok(());
            }
            files::write_atomic(&path, &bytes)
        });
        written.await.map_err(io::Error::other)?
    }

    /// Adds a piece to a file that comes in pieces and says what is here now. A piece that does not follow what is here
    /// changes nothing.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub async fn append(&self, sha256: Sha256, piece: Piece) -> io::Result<Has> {
        let blobs = self.clone();
        let written = tokio::task::spawn_blocking(move || {
            let _turn = blobs.turn.lock().unwrap_or_else(PoisonError::into_inner);
            blobs.append_now(sha256, &piece)
        });
        written.await.map_err(io::Error::other)?
    }

    fn append_now(&self, sha256: Sha256, piece: &Piece) -> io::Result<Has> {
        if self.path(sha256).exists() {
            return Ok(Has::All);
        }
        let part = self.parts().join(sha256.to_string());
        let mut here = fs::metadata(&part).map_or(0, |m| m.len());
        if here > piece.total {
            // Somebody promised another length before; the hash decides in the end.
            fs::remove_file(&part)?;
            here = 0;
        }
        if here == piece.from && !piece.bytes.is_empty() {
            fs::create_dir_all(self.parts())?;
            OpenOptions::new().create(true).append(true).open(&part)?.write_all(&piece.bytes)?;
            here = fs::metadata(&part)?.len();
        }
        if here < piece.total || piece.total == 0 {
            return Ok(Has::First(here));
        }
        self.complete(sha256, &part)
    }

    fn complete(&self, sha256: Sha256, part: &Path) -> io::Result<Has> {
        if hash(part)? != sha256 {
            fs::remove_file(part)?;
            return Ok(Has::OtherBytes);
        }
        files::make_private(part)?;
        let path = self.path(sha256);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        files::rename(part, &path)?;
        Ok(Has::All)
    }

    /// Removes parts that nobody went on with.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn forget_old_parts(&self, now: WallMs) -> io::Result<()> {
        let entries = match fs::read_dir(self.parts()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let changed = entry.metadata()?.modified()?;
            let age = jiff::Timestamp::try_from(changed).map_or(0, |at| now.0 - at.as_millisecond());
            if u128::try_from(age).is_ok_and(|age| age > PART_KEPT.as_millis()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn get(&self, sha256: Sha256) -> io::Result<Vec<u8>> {
        tokio::fs::read(self.path(sha256)).await
    }
}

/// The SHA-256 of a file, read in pieces.
fn hash(path: &Path) -> io::Result<Sha256> {
    let mut file = fs::File::open(path)?;
    let (mut hasher, mut chunk) = (sha2::Sha256::new(), vec![0; HASH_BYTES]);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(Sha256::from_digest(hasher.finalize().into())),
            Ok(n) => hasher.update(chunk.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(from: u64, total: u64, bytes: &[u8]) -> Piece {
        Piece { from, total, bytes: bytes.to_vec() }
    }

    #[tokio::test]
    async fn pieces_become_a_file_only_in_order_and_with_the_right_hash() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path().to_owned());
        let sha256 = Sha256::of(b"G28 G1");
        let tell = async |p: Piece| blobs.append(sha256, p).await.unwrap();
        assert_eq!(tell(piece(0, 6, b"")).await, Has::First(0), "asked, nothing sent");
        assert_eq!(tell(piece(0, 6, b"G28")).await, Has::First(3));
        assert_eq!(tell(piece(0, 6, b"G28")).await, Has::First(3), "sent twice: taken once");
        assert_eq!(tell(piece(5, 6, b"1")).await, Has::First(3), "a gap: not taken");
        assert!(blobs.get(sha256).await.is_err(), "half a file has no name");
        assert_eq!(tell(piece(3, 6, b" G2")).await, Has::OtherBytes);
        assert_eq!(tell(piece(0, 6, b"")).await, Has::First(0), "other bytes are thrown away");
        assert_eq!(tell(piece(0, 6, b"G28 G1")).await, Has::All);
        assert_eq!(tell(piece(0, 6, b"")).await, Has::All, "and once more, after a lost answer");
        assert_eq!(blobs.get(sha256).await.unwrap(), b"G28 G1");
    }

    #[tokio::test]
    async fn a_part_that_nobody_goes_on_with_is_removed_after_a_week() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path().to_owned());
        let sha256 = Sha256::of(b"G28");
        blobs.append(sha256, piece(0, 3, b"G2")).await.unwrap();
        let now = WallMs(jiff::Timestamp::now().as_millisecond());
        blobs.forget_old_parts(now).unwrap();
        assert_eq!(blobs.append(sha256, piece(0, 3, b"")).await.unwrap(), Has::First(2), "young");
        blobs.forget_old_parts(WallMs(now.0 + 8 * 86_400_000)).unwrap();
        assert_eq!(blobs.append(sha256, piece(0, 3, b"")).await.unwrap(), Has::First(0));
    }
}
