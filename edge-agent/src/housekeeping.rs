//! What must be done now and then: files nobody needs make room for new ones. It never touches what an open job or a
//! live attempt needs.

use std::{collections::BTreeSet, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{blobs::BlobStore, ledger::Ledger};

/// How often files are looked through.
const EVERY: Duration = Duration::from_secs(600);

/// Keeps the blob folder within `bytes_max` until `stop`.
pub async fn keep_room(ledger: Ledger, blobs: BlobStore, bytes_max: u64, stop: CancellationToken) {
    loop {
        match ledger.needed_artifacts().await {
            Ok(needed) => evict(&blobs, bytes_max, needed.into_iter().collect()).await,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "what is needed cannot be read, so no file is removed");
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn evict(blobs: &BlobStore, bytes_max: u64, needed: BTreeSet<protocol::ids::Sha256>) {
    let blobs = blobs.clone();
    match tokio::task::spawn_blocking(move || blobs.evict(bytes_max, &needed)).await {
        Ok(Ok(0)) => {}
        Ok(Ok(freed)) => tracing::info!(freed_bytes = freed, "removed files that no job needs"),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "old files could not be removed")
        }
        Err(error) => tracing::error!(%error, "looking through the files stopped"),
    }
}
