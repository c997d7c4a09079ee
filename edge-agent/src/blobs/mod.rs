//! Bytes by hash: plate meshes, G-code, models. The database holds the hash; the file proves it.

mod download;
mod store;
#[cfg(test)]
mod tests;
mod upload;

pub use download::{DownloadError, download};
pub use store::{BlobError, BlobStore};
pub use upload::{UploadError, upload};
