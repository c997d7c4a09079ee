//! Forms that only some people see, or only at some times.

use axum::{body::Body, http::StatusCode};
use protocol::{
    attempt::Event,
    ids::Sha256,
    units::{Cursor, Epoch, HubIncarnation, Revision, Seq, WallMs},
    wire::{
        Tolerant,
        v1::{
            Artifact, Assignment, Delta, Desired, Down, Kind, Next, OnScrap, Purpose, Right, SyncReply, Unit,
            Wants,
        },
    },
};

use super::bench::{Bench, api, id};
use crate::ledger::devices::Role;

fn uuid<T: std::str::FromStr<Err: std::fmt::Debug>>(n: u8) -> T {
    format!("01890000-0000-7000-8000-0000000000{n:02}").parse().unwrap()
}

/// A token of a device whose owner may do everything.
const ADMIN: &str = "fedcba9876543210";

#[tokio::test]
async fn an_administrator_confirms_the_model_of_a_printer() {
    let bench = Bench::new().await;
    bench.app.floor.ledger.add_pairing_code("ADMIN-CODE", Role::Admin).await.unwrap();
    assert!(bench.app.floor.ledger.pair("ADMIN-CODE", "Eva".into(), ADMIN).await.unwrap().is_some());
    let seen = bench.seen("ada").await;
    let done = bench.post_as(ADMIN, "/p/ada/confirm", &format!("seen={seen}")).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/p/ada"), "{}", done.body);
    let said = bench.app.floor.ledger.snapshot().await.unwrap().printers[&id("ada")].clone();
    assert_eq!(said.confirmed_profile.as_deref(), Some("creality/cr-10"));
    let stale = bench.post_as(ADMIN, "/p/ada/confirm", &format!("seen={seen}")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.body);
}

#[tokio::test]
async fn a_failed_print_is_printed_again_once_by_its_form() {
    let bench = Bench::new().await;
    let no = bench.started().await;
    bench.happens(no, Event::FirstLineAcked).await;
    bench.happens(no, Event::Halted).await;
    let fields = format!("cause={}&seen={}", format_args!("attempt:{no}"), bench.seen("bruno").await);
    let cleared = bench.post("/p/bruno/clear", &fields).await;
    assert_eq!(cleared.status, StatusCode::SEE_OTHER, "{}", cleared.body);
    let job = bench.app.floor.ledger.attempt(no).await.unwrap().job;
    let path = format!("/jobs/{job}/replace");
    let done = bench.post(&path, "").await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/queue"), "{}", done.body);
    let again = bench.post(&path, "").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    let open = bench.app.floor.ledger.snapshot().await.unwrap().open;
    assert_eq!(open.iter().filter(|j| j.body.replaces == Some(job)).count(), 1);
}

#[tokio::test]
async fn files_for_the_hub_wait_for_no_printer() {
    let bench = Bench::new().await;
    bench.app.floor.ledger.enrolled(uuid(1)).await.unwrap();
    let wanted = Assignment {
        job: uuid(7),
        kind: Kind::SliceOnly,
        epoch: Epoch { hub: HubIncarnation::new(1), count: 1 },
        revision: Revision::new(1),
        right: Right::Pinned,
        purpose: Purpose::Local,
        units: vec![Unit { id: 1, label: "Lid".into(), box_mm: [0.0; 4] }],
        on_scrap: OnScrap::Ask,
        desired: Desired::Run,
        artifact: Artifact::Blob { sha256: Sha256::of(b"x"), bytes: 1, name: "lid.stl".into() },
        wants: Wants { profiles: vec!["creality/ender-3".into()], ..Wants::default() },
        not_after_s: None,
        due: None,
        order_label: None,
        replaces: None,
    };
    let upserts = vec![Tolerant::Known(wanted)];
    let reply = SyncReply {
        hub_incarnation: HubIncarnation::new(1),
        acked_seq: Seq::new(0),
        rejected: vec![],
        down: Down::Delta(Delta { cursor: Cursor::new(1), upserts, removed: vec![] }),
        next: Next { wait_ms: 0, after_ms: 0, batch_bytes_max: 100_000 },
        hub_wall_ms: WallMs(0),
    };
    bench.app.floor.ledger.store_reply(reply).await.unwrap();
    let html = bench.page("/queue").await;
    assert!(html.contains("<h1>0 plates, none is stuck</h1>"), "{html}");
    assert!(html.contains("For the hub") && html.contains("Lid"), "{html}");
    assert!(bench.page("/").await.contains("Queue"), "the board counts plates only");
}

#[tokio::test]
async fn what_the_farm_cannot_print_whole_is_refused() {
    let bench = Bench::new().await;
    let grid = r#"{"grid":{"plate_size":[450,320],"bed_size":[250,220],"seam_style":2}}"#;
    let asked = api("POST", "/api/v1/jobs").header("idempotency-key", "keys").body(Body::from(grid)).unwrap();
    let answer = bench.ask(asked).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(answer.body.contains("seam_style: expected 0 or 1, found 2"), "{}", answer.body);
    assert!(bench.app.floor.ledger.snapshot().await.unwrap().open.is_empty());
}
