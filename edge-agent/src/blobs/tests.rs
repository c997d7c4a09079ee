//! What is in the store is what its name says, or it is not there.

use std::collections::BTreeSet;

use protocol::ids::Sha256;

use super::{BlobError, BlobStore};

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
