//! The conformance stories on SQLite, each on a fresh file.

use std::sync::Arc;

use super::Sqlite;
use crate::clock::SetClock;
use crate::secrets::Vault;
use crate::store::Store;
use crate::store::conformance::STORIES;

#[tokio::test]
async fn every_story_holds_on_sqlite() {
    for (name, story) in STORIES {
        let folder = tempfile::tempdir().unwrap();
        let clock = SetClock::at(1_000);
        let store =
            Sqlite::open(&folder.path().join("hub.db"), Arc::new(clock.clone()), Vault::new(&[1; 32]))
                .await
                .unwrap();
        println!("story: {name}");
        // A story runs in tasks of its own choice; the leak ends with the test process.
        let store: &'static dyn Store = Box::leak(Box::new(store));
        story(store, clock).await;
    }
}

#[tokio::test]
async fn a_reopened_file_has_everything_that_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    let open = async || Sqlite::open(&path, Arc::new(SetClock::at(1)), Vault::new(&[1; 32])).await.unwrap();
    let tenant = crate::store::People::tenant(&open().await).await.unwrap();
    assert_eq!(crate::store::People::tenant(&open().await).await.unwrap(), tenant);
}
