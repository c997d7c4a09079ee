//! Bytes by hash: plate meshes, G-code, models. The database holds the hash; the file proves it.

mod download;
mod store;
#[cfg(test)]
mod tests;

pub use download::{DownloadError, download};
pub use store::{BlobError, BlobStore};
