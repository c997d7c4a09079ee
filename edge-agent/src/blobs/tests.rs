//! What is in the store is what its name says, or it is not there.

use std::collections::BTreeSet;

use protocol::ids::Sha256;

use super::{BlobError, BlobStore, DownloadError, UploadError, download, upload};

#[test]
fn a_damaged_blob_is_removed_and_never_used() {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(folder.path()).unwrap();
    let sha256 = store.put(b"G28").unwrap();
    assert_eq!(std::fs::read(store.verify(sha256).unwrap()).unwrap(), b"G28");
    crate::files::write_atomic(&store.path_of(sha256), b"G2X", true).unwrap();
    assert!(matches!(store.verify(sha256), Err(BlobError::Damaged { .. })));
    assert!(matches!(store.verify(sha256), Err(BlobError::Missing(_))));
}

#[test]
fn eviction_keeps_what_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(folder.path()).unwrap();
    let needed = store.put(&[1; 600]).unwrap();
    let other = store.put(&[2; 600]).unwrap();
    let freed = store.evict(700, &BTreeSet::from([needed])).unwrap();
    assert_eq!(freed, 600);
    assert!(store.has(needed) && !store.has(other));
}

#[test]
fn half_a_file_of_a_crash_is_gone_and_half_a_download_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(folder.path()).unwrap();
    let part = store.temporary().join(format!("{}.part", Sha256::of(b"x")));
    for path in [&part, &store.temporary().join("slice-1.gcode")] {
        crate::files::write_atomic(path, b"half", true).unwrap();
    }
    let store = BlobStore::open(folder.path()).unwrap();
    assert!(part.exists());
    assert_eq!(std::fs::read_dir(store.temporary()).unwrap().count(), 1);
}

/// A server that keeps half of the first answer to itself and honours ranges.
async fn half_a_server(bytes: &'static [u8]) -> url::Url {
    use axum::{http::HeaderMap, http::StatusCode, response::IntoResponse as _};
    let served = move |headers: HeaderMap| async move {
        let range = headers
            .get("range")
            .and_then(|r| r.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        match range {
            None => bytes[..bytes.len() / 2].into_response(),
            Some(from) => {
                let rest: usize = from;
                (StatusCode::PARTIAL_CONTENT, bytes[rest..].to_vec()).into_response()
            }
        }
    };
    let app = axum::Router::new().route("/blob", axum::routing::get(served));
    #[expect(clippy::disallowed_methods, reason = "the test's own port")]
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/blob", listener.local_addr().unwrap()).parse().unwrap();
    drop(crate::tasks::spawn(async move { axum::serve(listener, app).await }));
    url
}

#[tokio::test]
async fn a_download_goes_on_where_it_stopped_and_is_verified_before_it_has_a_name() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let bytes: &'static [u8] = &[7; 100_000];
    let sha256 = Sha256::of(bytes);
    let url = half_a_server(bytes).await;
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(folder.path()).unwrap();
    let client = crate::net::http_client().unwrap();
    let part = store.temporary().join(format!("{sha256}.part"));
    crate::files::write_atomic(&part, &bytes[..40_000], true).unwrap();
    let path = download(&store, &client, (url.clone(), "t"), sha256, 100_000).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), bytes, "the half that was here was kept");
    let other = Sha256::of(b"other");
    let wrong = download(&store, &client, (url, "t"), other, 100_000).await;
    assert!(matches!(wrong, Err(DownloadError::WrongBytes { .. })), "{wrong:?}");
    assert!(!store.has(other));
}

/// A server that takes the first megabytes of a piece only, and answers what it `says` of them.
async fn a_forgetful_server(
    says: fn(usize) -> Option<usize>,
) -> (url::Url, std::sync::Arc<std::sync::Mutex<Vec<u8>>>) {
    use axum::{body::Bytes, http::HeaderMap, http::StatusCode, response::IntoResponse as _};
    let kept = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let here = std::sync::Arc::clone(&kept);
    let take = move |headers: HeaderMap, body: Bytes| async move {
        let mut here = here.lock().unwrap();
        let range = headers["content-range"].to_str().unwrap().strip_prefix("bytes ").unwrap();
        let (place, total) = range.split_once('/').unwrap();
        if let Some((from, _)) = place.split_once('-') {
            assert_eq!(from.parse::<usize>().unwrap(), here.len(), "sent from where the server stopped");
            here.extend_from_slice(&body[..body.len().min(3_000_000)]);
        }
        match says(here.len()) {
            Some(n) if n == total.parse::<usize>().unwrap() => StatusCode::CREATED.into_response(),
            Some(0) => StatusCode::ACCEPTED.into_response(),
            Some(n) => (StatusCode::ACCEPTED, [("range", format!("bytes=0-{}", n - 1))]).into_response(),
            None => StatusCode::INSUFFICIENT_STORAGE.into_response(),
        }
    };
    let takes = axum::routing::put(take).layer(axum::extract::DefaultBodyLimit::disable());
    let app = axum::Router::new().route("/blob", takes);
    #[expect(clippy::disallowed_methods, reason = "the test's own port")]
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/blob", listener.local_addr().unwrap()).parse().unwrap();
    drop(crate::tasks::spawn(async move { axum::serve(listener, app).await }));
    (url, kept)
}

#[tokio::test]
async fn an_upload_goes_on_from_what_the_hub_has_and_ends_when_it_gets_nowhere() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(folder.path()).unwrap();
    let client = crate::net::http_client().unwrap();
    let bytes: Vec<u8> = (0..10_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let sha256 = store.put(&bytes).unwrap();
    let (url, kept) = a_forgetful_server(Some).await;
    upload(&store, &client, (url, "t"), sha256).await.unwrap();
    assert_eq!(Sha256::of(&kept.lock().unwrap()), sha256);
    let (url, _) = a_forgetful_server(|_| Some(0)).await;
    let stuck = upload(&store, &client, (url, "t"), sha256).await;
    assert!(matches!(stuck, Err(UploadError::Stuck { have: 0, .. })), "{stuck:?}");
    let (url, _) = a_forgetful_server(|_| None).await;
    let full = upload(&store, &client, (url, "t"), sha256).await;
    assert!(matches!(full, Err(UploadError::Refused { status, .. }) if status.as_u16() == 507), "{full:?}");
    crate::files::write_atomic(&store.path_of(sha256), b"G2X", true).unwrap();
    let (url, kept) = a_forgetful_server(Some).await;
    let damaged = upload(&store, &client, (url, "t"), sha256).await;
    assert!(matches!(damaged, Err(UploadError::Blob(BlobError::Damaged { .. }))), "{damaged:?}");
    assert!(kept.lock().unwrap().is_empty(), "nothing damaged leaves");
}
