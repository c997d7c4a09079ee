//! After a stop: what was under way, what was never sent, and a database that was put back.

use super::*;

#[tokio::test]
async fn a_restart_in_mid_stream_never_starts_again_by_itself() {
    for last_line_next in [false, true] {
        let farm = Farm::new();
        let no = farm.started(1, Owner::Stream).await;
        if last_line_next {
            farm.ledger.mark_last_line_next(no).await.unwrap();
        }
        let reopened = open(farm.folder.path());
        let found = reopened.after_restart().await.unwrap();
        let state = found[0].attempt.state;
        assert_eq!(matches!(state, Attempt::Unknown { .. }), last_line_next, "{state:?}");
        assert!(state.may_have_printed());
        assert_eq!(reopened.assignment(job(1)).await.unwrap().state, State::Started);
        assert_eq!(farm.bed().await, Bed::Occupied(Cause::Attempt(no)));
    }
}

#[tokio::test]
async fn a_start_that_was_not_next_did_not_happen() {
    for start_next in [false, true] {
        let farm = Farm::new();
        farm.ready(1).await;
        farm.clear(Cause::NewPrinter).await.unwrap();
        let no = farm.intend(1, Owner::Printer).await.unwrap().attempt();
        if start_next {
            farm.ledger.mark_start_next(no).await.unwrap();
        }
        let reopened = open(farm.folder.path());
        let found = reopened.after_restart().await.unwrap();
        assert_eq!(found[0].ask_printer, start_next);
        assert_eq!(found[0].attempt.state.is_terminal(), !start_next, "{:?}", found[0].attempt.state);
        let job_now = reopened.assignment(job(1)).await.unwrap().state;
        assert_eq!(job_now, if start_next { State::Started } else { State::Claimed });
        assert_eq!(farm.bed().await.is_clear(), !start_next);
    }
}

#[tokio::test]
async fn a_start_that_took_too_long_is_not_sent_after_a_person_has_decided() {
    let farm = Farm::new();
    farm.ready(1).await;
    farm.clear(Cause::NewPrinter).await.unwrap();
    let no = farm.intend(1, Owner::Printer).await.unwrap().attempt();
    let lost = Event::EvidenceLost(protocol::attempt::Lost::StartNotConfirmed);
    farm.ledger.apply(no, lost, "the upload took too long".into()).await.unwrap();
    let late = farm.ledger.mark_start_next(no).await;
    assert!(matches!(late, Err(LedgerError::NotNow(_))), "{late:?}");
    assert!(!farm.ledger.attempt(no).await.unwrap().start_next);
}

#[tokio::test]
async fn a_printer_that_owns_the_job_is_asked_after_a_restart() {
    let farm = Farm::new();
    farm.started(1, Owner::Printer).await;
    let found = open(farm.folder.path()).after_restart().await.unwrap();
    assert!(found[0].ask_printer);
    assert_eq!(found[0].attempt.state, Attempt::Printing);
}

#[tokio::test]
async fn a_restored_database_is_a_new_life_that_starts_nothing() {
    let farm = Farm::new();
    let no = farm.started(1, Owner::Stream).await;
    farm.ready(2).await;
    farm.ledger.store_reply(reply(9, vec![assignment(3)])).await.unwrap();
    let before = farm.ledger.incarnation();
    crate::files::write_atomic(&farm.folder.path().join("incarnation"), b"another disk", true).unwrap();
    let restored = open(farm.folder.path());
    assert_ne!(restored.incarnation(), before);
    let snapshot = restored.snapshot().await.unwrap();
    assert!(snapshot.agent.is_quarantined);
    assert_eq!(snapshot.beds.get(&printer()).unwrap().bed, Bed::Occupied(Cause::Restore));
    let attempt = restored.attempt(no).await.unwrap();
    assert!(matches!(attempt.state, Attempt::Unknown { .. }), "{:?}", attempt.state);
    let guards = Guards { held: vec![] };
    let intent =
        Intent { job: job(2), printer: printer(), owner: Owner::Stream, artifact: Sha256::of(b"g"), guards };
    let refused = restored.write_intent(intent).await;
    assert!(matches!(refused, Err(LedgerError::NoRight(NoRight::FormerLife))), "{refused:?}");
    let prepared = restored.assignment(job(3)).await.unwrap();
    assert_eq!(prepared.state, State::Released, "it may have been claimed and printed after the backup");
    let claimed = restored.assignment(job(2)).await.unwrap();
    let given_back = restored.give_back(job(2), claimed.version).await;
    assert!(
        matches!(given_back, Err(LedgerError::NotNow(_))),
        "this life cannot say that it was not printed"
    );
}
