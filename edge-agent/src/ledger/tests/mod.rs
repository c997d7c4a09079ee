//! The ledger on real files: what must hold after every step and after every restart.

mod restart;

use std::path::Path;

use protocol::{
    assignment::{Assignment as State, Closed},
    attempt::{Answer, Attempt, Event, NotStarted, Owner},
    bed::{Bed, Cause, Confirmation, ConfirmedBy},
    grid::{GridParams, GridSpec},
    ids::{AttemptNo, JobId, PrinterId, Sha256},
    sync::right::NoRight,
    units::{Cursor, Epoch, HubIncarnation, Revision, Seq, StateVersion, WallMs},
    wire::{
        Tolerant,
        v1::{
            Artifact, Assignment, Delta, Desired, Down, EventKind, Kind, Next, OnScrap, Purpose, Right,
            SyncReply, Unit, UnitResult, Verdict, Wants,
        },
    },
};

use super::{
    Ledger, LedgerError,
    artifacts::Facts,
    decide::Decision,
    intent::{Guards, Intent, StartPermit},
    queue::Way,
    sign_off::Count,
};
use crate::clock::Clock;

struct Farm {
    ledger: Ledger,
    folder: tempfile::TempDir,
}

fn job(n: u8) -> JobId {
    format!("01890000-0000-7000-8000-0000000000{n:02x}").parse().unwrap()
}
fn printer() -> PrinterId {
    "ender-1".parse().unwrap()
}
fn hub(n: u64) -> HubIncarnation {
    HubIncarnation::new(n)
}

fn assignment(n: u8) -> Assignment {
    let params = GridParams::from_json(r#"{"plate_size":[84,84],"bed_size":[250,220]}"#).unwrap();
    Assignment {
        job: job(n),
        kind: Kind::Print,
        epoch: Epoch { hub: hub(1), count: 1 },
        revision: Revision::new(1),
        right: Right::Pinned,
        purpose: Purpose::Local,
        units: vec![Unit { id: 1, label: "A1".into(), box_mm: [0.0, 0.0, 84.0, 84.0] }],
        on_scrap: OnScrap::Replace { left: 1 },
        desired: Desired::Run,
        artifact: Artifact::Grid { spec: Box::new(GridSpec::check(&params).unwrap()), plate: "A1".into() },
        wants: Wants::default(),
        not_after_s: None,
        due: None,
        order_label: Some("1048".into()),
        replaces: None,
    }
}

fn reply(cursor: u64, upserts: Vec<Assignment>) -> SyncReply {
    let upserts = upserts.into_iter().map(Tolerant::Known).collect();
    SyncReply {
        hub_incarnation: hub(1),
        acked_seq: Seq::new(0),
        rejected: vec![],
        down: Down::Delta(Delta { cursor: Cursor::new(cursor), upserts, removed: vec![] }),
        next: Next { wait_ms: 0, after_ms: 0, batch_bytes_max: 100_000 },
        hub_wall_ms: WallMs(0),
    }
}

fn open(folder: &Path) -> Ledger {
    Ledger::open(folder, Clock::of_this_machine()).unwrap().0
}

fn facts() -> Facts {
    Facts { time_s: 60, filament_mm: 100.0, mass_g: 0.3, layers: 3, max_z_mm: 0.6, lines: 900 }
}

impl Farm {
    /// Enrolled at a hub.
    fn new() -> Self {
        let farm = Self::alone();
        let database = crate::db::open(&farm.folder.path().join("ledger.db")).unwrap();
        let agent = "01890000-0000-7000-8000-000000000001";
        database.execute("insert into meta (key, value) values ('agent_id', ?1)", [agent]).unwrap();
        farm
    }

    fn alone() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { ledger: open(folder.path()), folder }
    }

    /// A job that is claimed, and a printer whose bed a person has looked at.
    async fn ready(&self, n: u8) {
        self.ledger.store_reply(reply(u64::from(n), vec![assignment(n)])).await.unwrap();
        self.ledger.stage_began(job(n)).await.unwrap();
        self.ledger.staged(job(n), ("p".into(), "PLA".into()), Sha256::of(b"g"), facts()).await.unwrap();
        self.ledger.claim(job(n)).await.unwrap();
        self.ledger.add_bed(printer()).await.unwrap();
    }

    async fn clear(&self, saw: Cause) -> Result<(), LedgerError> {
        let it = Confirmation { saw, by: ConfirmedBy::Person };
        self.ledger.clear_bed(printer(), it, self.seen().await, "Mark".into()).await
    }

    async fn seen(&self) -> StateVersion {
        self.ledger.snapshot().await.unwrap().beds.get(&printer()).unwrap().version
    }

    async fn intend(&self, n: u8, owner: Owner) -> Result<StartPermit, LedgerError> {
        let guards = Guards { held: vec![("bed".into(), "clear".into())] };
        let intent = Intent { job: job(n), printer: printer(), owner, artifact: Sha256::of(b"g"), guards };
        self.ledger.write_intent(intent).await
    }

    /// A print that is running.
    async fn started(&self, n: u8, owner: Owner) -> AttemptNo {
        self.ready(n).await;
        self.clear(Cause::NewPrinter).await.unwrap();
        let no = self.intend(n, owner).await.unwrap().attempt();
        let seen = if owner == Owner::Stream {
            Event::FirstLineAcked
        } else {
            Event::SeenRunning(protocol::attempt::Task::Ours)
        };
        self.ledger.apply(no, seen, "it runs".into()).await.unwrap();
        no
    }

    async fn bed(&self) -> Bed {
        self.ledger.snapshot().await.unwrap().beds.get(&printer()).unwrap().bed
    }

    async fn state(&self, n: u8) -> State {
        self.ledger.assignment(job(n)).await.unwrap().state
    }

    async fn count(&self, no: AttemptNo, verdict: Verdict) -> Result<Option<JobId>, LedgerError> {
        let units = vec![UnitResult { unit: 1, verdict }];
        let it = Count { attempt: no, units, bed_is_clear: true, seen: self.seen().await, by: "Mark".into() };
        self.ledger.sign_off(it).await
    }

    async fn told(&self) -> Vec<&'static str> {
        let (events, _) = self.ledger.pending_events(Seq::new(0), 1_000_000).await.unwrap();
        for (event, n) in events.iter().zip(1..) {
            assert_eq!(event.seq.get(), n, "the log has no gaps");
        }
        events.iter().filter_map(|e| e.what.known()).map(EventKind::name).collect()
    }
}

#[tokio::test]
async fn nothing_starts_on_a_bed_that_nobody_has_looked_at() {
    let farm = Farm::new();
    farm.ready(1).await;
    let refused = farm.intend(1, Owner::Stream).await;
    assert!(matches!(refused, Err(LedgerError::Bed(_))), "{refused:?}");
    assert_eq!(farm.state(1).await, State::Claimed, "and nothing was written");
    assert!(farm.ledger.snapshot().await.unwrap().attempts.is_empty());
}

#[tokio::test]
async fn an_intent_occupies_the_bed_and_no_second_start_fits_beside_it() {
    let farm = Farm::new();
    let no = farm.started(1, Owner::Stream).await;
    assert_eq!(farm.bed().await, Bed::Occupied(Cause::Attempt(no)));
    let again = farm.intend(1, Owner::Stream).await;
    assert!(matches!(again, Err(LedgerError::NoRight(NoRight::NotClaimed))), "{again:?}");
    farm.ready(2).await;
    let beside = farm.intend(2, Owner::Stream).await;
    assert!(matches!(beside, Err(LedgerError::Bed(_))), "{beside:?}");
}

#[tokio::test]
async fn only_what_is_claimed_here_may_start() {
    let farm = Farm::new();
    farm.ledger.store_reply(reply(1, vec![assignment(1)])).await.unwrap();
    farm.ledger.add_bed(printer()).await.unwrap();
    farm.clear(Cause::NewPrinter).await.unwrap();
    let refused = farm.intend(1, Owner::Stream).await;
    assert!(matches!(refused, Err(LedgerError::NoRight(NoRight::NotClaimed))), "{refused:?}");
}

#[tokio::test]
async fn a_plate_signed_off_as_good_closes_the_job_and_frees_the_bed() {
    let farm = Farm::new();
    let no = farm.started(1, Owner::Stream).await;
    farm.ledger.apply(no, Event::StreamDone, "M400 acknowledged".into()).await.unwrap();
    assert_eq!(farm.count(no, Verdict::Good).await.unwrap(), None);
    assert_eq!(farm.state(1).await, State::Closed(Closed::Good));
    assert!(farm.bed().await.is_clear());
    let again = farm.count(no, Verdict::Good).await;
    assert!(matches!(again, Err(LedgerError::Stale { .. })), "a second tap is told so: {again:?}");
    let expected = [
        "AssignmentSeen",
        "Staged",
        "ArtifactReady",
        "Claimed",
        "BedOccupied",
        "BedCleared",
        "StartIntent",
        "BedOccupied",
        "Started",
        "Finished",
        "SignedOff",
        "BedCleared",
    ];
    assert_eq!(farm.told().await, expected);
}

#[tokio::test]
async fn scrap_makes_one_replacement_and_then_asks() {
    let farm = Farm::new();
    let no = farm.started(1, Owner::Stream).await;
    farm.ledger.apply(no, Event::StreamDone, "done".into()).await.unwrap();
    let scrap = || Verdict::Scrap { reason: "warped".into() };
    let first = farm.count(no, scrap()).await.unwrap().expect("a replacement");
    assert_eq!(farm.state(1).await, State::Closed(Closed::Replaced));
    let new = farm.ledger.assignment(first).await.unwrap();
    assert_eq!((new.state, new.body.replaces), (State::Seen, Some(job(1))));
    assert_eq!(new.body.on_scrap, OnScrap::Ask, "the one automatic replacement is used up");
    let again = farm.ledger.replace(job(1)).await;
    assert!(matches!(again, Err(LedgerError::NotNow(_))), "a replaced job is not replaced twice: {again:?}");
}

#[tokio::test]
async fn clearing_the_bed_of_a_failed_print_counts_it_as_scrap() {
    let farm = Farm::new();
    let no = farm.started(1, Owner::Stream).await;
    farm.ledger.apply(no, Event::Halted, "thermal runaway".into()).await.unwrap();
    farm.clear(Cause::Attempt(no)).await.unwrap();
    assert_eq!(farm.state(1).await, State::Closed(Closed::Replaced));
    assert!(farm.ledger.attempt(no).await.unwrap().is_counted);
}

/// A crash right behind a person's word must not leave a port closed of which nobody is asked any more.
#[tokio::test]
async fn a_persons_word_about_a_bed_opens_the_port_in_the_same_write() {
    let farm = Farm::new();
    let no = farm.started(1, Owner::Stream).await;
    farm.ledger.keep_port_closed(no).await.unwrap();
    let may_open = async || farm.ledger.snapshot().await.unwrap().printers[&printer()].may_open_port;
    farm.ledger.apply(no, Event::Restarted { last_line_next: false }, "crash".into()).await.unwrap();
    assert!(!may_open().await, "nobody has looked yet");
    farm.clear(Cause::Attempt(no)).await.unwrap();
    assert!(may_open().await);
}

#[tokio::test]
async fn a_proof_that_nothing_started_gives_job_and_bed_back() {
    let farm = Farm::new();
    farm.ready(1).await;
    farm.clear(Cause::NewPrinter).await.unwrap();
    let no = farm.intend(1, Owner::Printer).await.unwrap().attempt();
    let proof = Event::NotStarted(NotStarted::UploadRefused);
    farm.ledger.apply(no, proof, "550 no space".into()).await.unwrap();
    assert_eq!(farm.state(1).await, State::Claimed);
    assert!(farm.bed().await.is_clear());
    let second = farm.intend(1, Owner::Printer).await.unwrap().attempt();
    assert_eq!(second.n, no.n + 1, "numbers are not used again");
}

#[tokio::test]
async fn an_unknown_is_decided_by_a_person_and_only_once() {
    let farm = Farm::new();
    let no = farm.started(1, Owner::Stream).await;
    farm.ledger
        .apply(no, Event::EvidenceLost(protocol::attempt::Lost::Link), "unplugged".into())
        .await
        .unwrap();
    let blocked = farm.clear(Cause::Attempt(no)).await;
    assert!(matches!(blocked, Err(LedgerError::NotNow(_))), "decide first: {blocked:?}");
    let seen = farm.seen().await;
    let decision = Decision {
        attempt: no,
        answer: Answer::DidNotStart,
        reason: "looked".into(),
        by: "Mark".into(),
        seen,
    };
    farm.ledger.decide(decision.clone()).await.unwrap();
    assert!(farm.bed().await.is_clear());
    assert_eq!(farm.state(1).await, State::Claimed);
    let late = farm.ledger.decide(decision).await;
    assert!(matches!(late, Err(LedgerError::Stale { .. })), "{late:?}");
}

#[tokio::test]
async fn a_page_older_than_the_bed_clears_nothing() {
    let farm = Farm::new();
    farm.ready(1).await;
    let old_page = farm.seen().await;
    farm.clear(Cause::NewPrinter).await.unwrap();
    let no = farm.intend(1, Owner::Stream).await.unwrap().attempt();
    farm.ledger.apply(no, Event::Halted, "halted".into()).await.unwrap();
    let it = Confirmation { saw: Cause::NewPrinter, by: ConfirmedBy::Person };
    let refused = farm.ledger.clear_bed(printer(), it, old_page, "Eve".into()).await;
    assert!(matches!(refused, Err(LedgerError::Stale { .. })), "{refused:?}");
    assert_eq!(farm.bed().await, Bed::Occupied(Cause::Attempt(no)));
}

#[tokio::test]
async fn a_withdrawal_gives_back_what_has_not_begun_and_leaves_a_running_print_alone() {
    let farm = Farm::new();
    farm.started(1, Owner::Stream).await;
    farm.ledger.store_reply(reply(2, vec![assignment(2)])).await.unwrap();
    let withdraw = |n| Assignment { revision: Revision::new(2), desired: Desired::Withdraw, ..assignment(n) };
    farm.ledger.store_reply(reply(3, vec![withdraw(1), withdraw(2)])).await.unwrap();
    assert_eq!(farm.state(1).await, State::Started);
    assert_eq!(farm.state(2).await, State::Released);
    let late = Assignment { revision: Revision::new(1), ..assignment(2) };
    farm.ledger.store_reply(reply(4, vec![late])).await.unwrap();
    assert_eq!(farm.state(2).await, State::Released, "an answer that came late changes nothing");
}

#[tokio::test]
async fn an_older_copy_of_the_database_is_noticed_also_without_a_hub() {
    let farm = Farm::new();
    farm.ready(1).await;
    let before = farm.ledger.incarnation();
    let (file, copy) = (farm.folder.path().join("ledger.db"), farm.folder.path().join("copy.db"));
    crate::db::open(&file).unwrap().execute("vacuum into ?1", [copy.to_str()]).unwrap();
    assert_eq!(open(farm.folder.path()).incarnation(), before, "a start by itself is no restore");
    std::fs::rename(&copy, &file).unwrap();
    std::fs::remove_file(farm.folder.path().join("ledger.db-wal")).unwrap();
    let older = open(farm.folder.path());
    assert_ne!(older.incarnation(), before);
    assert!(older.snapshot().await.unwrap().agent.is_quarantined, "what it forgot may have been printed");
}

#[tokio::test]
async fn acknowledged_events_are_forgotten_and_their_numbers_never_used_again() {
    let farm = Farm::new();
    farm.ready(1).await;
    let state = farm.ledger.sync_state().await.unwrap();
    let all = SyncReply { acked_seq: state.last_seq, ..reply(2, vec![]) };
    farm.ledger.store_reply(all).await.unwrap();
    farm.ledger.store_reply(reply(3, vec![assignment(2)])).await.unwrap();
    let (events, _) = farm.ledger.pending_events(state.last_seq, 100_000).await.unwrap();
    assert_eq!(events[0].seq.get(), state.last_seq.get() + 1);
    let beyond = SyncReply { acked_seq: Seq::new(9_999), ..reply(4, vec![]) };
    let stored = farm.ledger.store_reply(beyond).await.unwrap();
    assert!(stored.must_resync, "a hub that has seen more than we wrote knows a life we forgot");
}

#[tokio::test]
async fn an_agent_without_a_hub_keeps_no_events_for_it() {
    let farm = Farm::alone();
    farm.ready(1).await;
    let (events, waiting) = farm.ledger.pending_events(Seq::new(0), 1_000_000).await.unwrap();
    assert_eq!((events.len(), waiting), (0, 0), "the log has an end, and an agent alone never reaches it");
    let state = farm.ledger.sync_state().await.unwrap();
    assert_eq!(
        state.last_seq,
        Seq::new(0),
        "a hub that comes later begins with the first event that it gets"
    );
    assert_eq!(farm.ledger.held().await.unwrap().len(), 1, "and is told what is held");
}

#[tokio::test]
async fn a_count_that_leaves_a_unit_out_is_refused_with_the_units_named() {
    let farm = Farm::new();
    let no = farm.started(1, Owner::Stream).await;
    farm.ledger.apply(no, Event::StreamDone, "done".into()).await.unwrap();
    let it =
        Count { attempt: no, units: vec![], bed_is_clear: true, seen: farm.seen().await, by: "Mark".into() };
    let refused = farm.ledger.sign_off(it).await.unwrap_err().to_string();
    assert_eq!(refused, "Say good or scrap for each unit once: 1 (A1).");
}

#[tokio::test]
async fn a_step_in_the_queue_is_undone_by_a_step_back() {
    let farm = Farm::new();
    for n in 1..=3 {
        farm.ledger.store_reply(reply(u64::from(n), vec![assignment(n)])).await.unwrap();
    }
    let order = async || -> Vec<u8> {
        let open = farm.ledger.snapshot().await.unwrap().open;
        open.iter().map(|row| (1..=3).find(|n| row.job() == job(*n)).unwrap()).collect()
    };
    let step = async |n: u8, way: Way| {
        let seen = farm.ledger.assignment(job(n)).await.unwrap().version;
        farm.ledger.shift(job(n), seen, way).await.unwrap();
        (order().await, farm.ledger.shift(job(n), StateVersion::new(seen.get() + 9), way).await.is_err())
    };
    assert_eq!(order().await, [1, 2, 3]);
    assert_eq!(step(3, Way::Up).await, (vec![1, 3, 2], true), "and an old page moves nothing");
    assert_eq!(step(3, Way::Up).await.0, [3, 1, 2]);
    assert_eq!(step(3, Way::Up).await.0, [3, 1, 2], "the first stays the first");
    assert_eq!(step(3, Way::Down).await.0, [1, 3, 2]);
    assert_eq!(step(3, Way::Down).await.0, [1, 2, 3]);
    assert_eq!(step(3, Way::Down).await.0, [1, 2, 3], "the last stays the last");
}

#[tokio::test]
async fn a_pairing_code_works_once() {
    let farm = Farm::new();
    farm.ledger.add_pairing_code("KX4T-9WMB", super::devices::Role::Operator).await.unwrap();
    let first = farm.ledger.pair("kx4t9wmb", "tablet".into(), "secret").await.unwrap();
    assert_eq!(first, Some(super::devices::Role::Operator));
    assert_eq!(farm.ledger.pair("KX4T-9WMB", "other".into(), "secret2").await.unwrap(), None);
    assert_eq!(farm.ledger.device("secret").await.unwrap().unwrap().name, "tablet");
    assert_eq!(farm.ledger.device("guess").await.unwrap(), None);
}
