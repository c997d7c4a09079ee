//! The certificate of the LAN pages: the owner's, or one made at the first start and kept.

use std::path::{Path, PathBuf};

use crate::files::{self, FileError};

/// A certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The files.
    #[error("cannot keep the self-signed certificate")]
    File(#[from] FileError),
    /// Making it.
    #[error("cannot make a self-signed certificate")]
    Make(#[from] rcgen::Error),
}

/// Makes a self-signed certificate for this machine's names unless there is one; returns its two files.
///
/// # Errors
/// [`TlsError`].
pub(super) fn self_signed(data_dir: &Path) -> Result<(PathBuf, PathBuf), TlsError> {
    let (cert, key) = (data_dir.join("web.crt"), data_dir.join("web.key"));
    if !cert.exists() || !key.exists() {
        let own = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
        let names = vec!["localhost".to_owned(), format!("{own}.local"), own, "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names)?;
        files::write_atomic(&key, made.signing_key.serialize_pem().as_bytes(), true)?;
        files::write_atomic(&cert, made.cert.pem().as_bytes(), false)?;
    }
    Ok((cert, key))
}
