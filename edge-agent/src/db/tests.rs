//! The writer and the pragmas, on real files.

use super::{OpenError, WriteError, Writer, open, open_reader};

async fn writer(folder: &std::path::Path) -> Writer {
    let connection = open(&folder.join("ledger.db")).unwrap();
    let (writer, _thread) = Writer::start(connection).unwrap();
    let made: Result<(), WriteError> =
        writer.write(|c| Ok(c.execute_batch("create table t (n integer primary key) strict")?)).await;
    made.unwrap();
    writer
}

fn count(folder: &std::path::Path) -> i64 {
    open_reader(&folder.join("ledger.db"))
        .unwrap()
        .query_row("select count(*) from t", [], |r| r.get(0))
        .unwrap()
}

#[tokio::test]
async fn an_answered_write_is_visible_to_every_reader() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(folder.path()).await;
    let written: Result<usize, WriteError> =
        writer.write(|c| Ok(c.execute("insert into t values (1)", [])?)).await;
    assert_eq!(written.unwrap(), 1);
    assert_eq!(count(folder.path()), 1);
}

#[tokio::test]
async fn a_write_that_fails_takes_nothing_else_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(folder.path()).await;
    let good = (1..=20)
        .map(|n| writer.write(move |c| Ok::<_, WriteError>(c.execute("insert into t values (?1)", [n])?)));
    let bad = writer.write(|c| {
        c.execute("insert into t values (99)", [])?;
        c.execute("insert into t values (99)", [])?;
        Ok::<_, WriteError>(())
    });
    let (good, bad) = tokio::join!(futures_util::future::join_all(good), bad);
    assert!(good.into_iter().all(|r| r.is_ok()));
    assert!(matches!(bad, Err(WriteError::Sqlite(_))));
    assert_eq!(count(folder.path()), 20, "the half-done write left nothing behind");
}

#[tokio::test]
async fn after_a_broken_assertion_nothing_more_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(folder.path()).await;
    let broken: Result<(), WriteError> = writer
        .write(|c| {
            c.execute("insert into t values (1)", [])?;
            panic!("an invariant is broken")
        })
        .await;
    assert!(matches!(broken, Err(WriteError::Stopped)));
    let next: Result<usize, WriteError> =
        writer.write(|c| Ok(c.execute("insert into t values (2)", [])?)).await;
    assert!(matches!(next, Err(WriteError::Stopped)));
    assert_eq!(count(folder.path()), 0);
}

#[test]
fn the_ledger_is_durable_and_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let connection = open(&path).unwrap();
    let synchronous: i64 = connection.query_row("pragma synchronous", [], |r| r.get(0)).unwrap();
    assert_eq!(synchronous, 2, "FULL");
    drop(connection);
    #[expect(clippy::disallowed_methods, reason = "the test damages the file on purpose")]
    std::fs::write(&path, b"this is not a database, but it is long enough to be looked at as one").unwrap();
    assert!(matches!(open(&path), Err(OpenError::Sqlite { .. } | OpenError::Damaged { .. })));
}
