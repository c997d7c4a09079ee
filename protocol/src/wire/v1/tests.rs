//! Golden messages: the bytes of version 1 do not change, and what a newer peer says is named, not lost.

use super::*;
use crate::{
    grid::{GridParams, GridSpec},
    ids::{AttemptNo, BootId, Incarnation, JobId, Sha256},
    units::{Cursor, Epoch, HubIncarnation, MonoMs, Permille, Revision, Seq, WallMs},
    wire::{Named as _, PROTO, Tolerant},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/wire/v1/");

fn job(n: u8) -> JobId {
    format!("01890000-0000-7000-8000-0000000000{n:02x}").parse().unwrap()
}
fn epoch() -> Epoch {
    Epoch { hub: HubIncarnation::new(3), count: 2 }
}
fn on() -> AttemptRef {
    let attempt = AttemptNo { incarnation: Incarnation::new(0xabc), n: 14 };
    AttemptRef { attempt, printer: "ender-1".parse().unwrap() }
}
fn unit() -> Unit {
    Unit { id: 1, label: "A1".into(), box_mm: [10.5, 10.0, 230.0, 220.0] }
}
fn purpose() -> Purpose {
    Purpose::Order {
        shop: "01890000-0000-7000-8000-000000000aaa".parse().unwrap(),
        order: "01890000-0000-7000-8000-000000000bbb".parse().unwrap(),
        line: 0,
        part: "A1".into(),
    }
}
fn assignment() -> Assignment {
    let params = GridParams::from_json(r#"{"plate_size":[450,320],"bed_size":[250,220]}"#).unwrap();
    let spec = GridSpec::check(&params).unwrap();
    Assignment {
        job: job(1),
        kind: Kind::Print,
        epoch: epoch(),
        revision: Revision::new(1),
        right: Right::Pinned,
        purpose: purpose(),
        units: vec![unit()],
        on_scrap: OnScrap::Replace { left: 1 },
        desired: Desired::Run,
        artifact: Artifact::Grid { spec: Box::new(spec), plate: "A1".into() },
        wants: Wants { material: Some("PLA".into()), bed_mm: Some([250.0, 220.0]), ..Wants::default() },
        not_after_s: None,
        due: Some(WallMs(1_795_000_000_000)),
        order_label: Some("1048".into()),
        replaces: None,
    }
}

fn every_event() -> Vec<EventKind> {
    let scrap = UnitResult { unit: 1, verdict: Verdict::Scrap { reason: "warped".into() } };
    let printer = || on().printer;
    vec![
        EventKind::AssignmentSeen,
        EventKind::Declined { reason: "no bed is large enough".into() },
        EventKind::Staged,
        EventKind::Claimed,
        EventKind::Released,
        EventKind::StartIntent { on: on() },
        EventKind::Started { on: on() },
        EventKind::Progress { on: on(), done_permille: Permille::of(2, 5) },
        EventKind::Paused { on: on() },
        EventKind::Resumed { on: on() },
        EventKind::Finished { on: on() },
        EventKind::Failed { on: on(), reason: "thermal runaway".into(), may_have_printed: true },
        EventKind::Cancelled { on: None },
        EventKind::Unknown { on: on(), evidence: "12 lines were acknowledged".into() },
        EventKind::Decided {
            on: on(),
            answer: "DidNotStart".into(),
            by: "Mark".into(),
            reason: "looked".into(),
        },
        EventKind::BedOccupied { printer: printer(), cause: BedCause::Attempt { attempt: on().attempt } },
        EventKind::BedCleared { printer: printer(), by: "Mark".into() },
        EventKind::SignedOff { on: on(), units: vec![scrap], by: "Mark".into(), replaced_by: Some(job(2)) },
        EventKind::ReplacementCreated {
            replaces: Replaces { job: job(1), units: vec![1] },
            purpose: purpose(),
            units: vec![unit()],
        },
        EventKind::LocalJobCreated { label: "Lid".into(), purpose: Purpose::Local, units: vec![unit()] },
        EventKind::ArtifactReady {
            sha256: Sha256::of(b"x"),
            time_s: 3600,
            filament_mm: 2738.39,
            mass_g: 8.17,
        },
        EventKind::PrinterChanged { printer: printer(), change: "added".into() },
        EventKind::MaterialChanged { printer: printer(), material: Some("PLA".into()) },
        EventKind::LabelPrinted,
        EventKind::Incident { what: "two copies".into() },
        EventKind::Gap { dropped: 3, why: "the disk is nearly full".into() },
    ]
}

fn request() -> SyncRequest {
    let events = every_event()
        .into_iter()
        .zip(1..)
        .map(|(kind, seq)| Event {
            seq: Seq::new(seq),
            job: Some(job(1)),
            epoch: Some(epoch()),
            boot_id: BootId::new(5),
            mono_ms: MonoMs(1000 + seq),
            wall_ms: None,
            what: Tolerant::Known(kind),
        })
        .collect();
    let attempt = AttemptSummary {
        attempt: on().attempt,
        job: job(1),
        state: "Printing".into(),
        done_permille: Permille::of(1, 2),
    };
    let printer = PrinterSummary {
        printer: on().printer,
        name: "Ender 1".into(),
        profile: "creality/ender-3".into(),
        state: "Printing".into(),
        bed: Some(BedCause::Attempt { attempt: on().attempt }),
        attempt: Some(attempt),
    };
    SyncRequest {
        proto: PROTO,
        agent_incarnation: Incarnation::new(0xabc),
        boot_id: BootId::new(5),
        hub_incarnation_seen: HubIncarnation::new(3),
        down_cursor: Cursor::new(17),
        events,
        clock: ClockReading { wall_ms: WallMs(1_795_000_000_000), mono_ms: MonoMs(99), synced: true },
        free_bytes: 8_000_000_000,
        backlog_events: 0,
        wait_ms: 50_000,
        summary: Summary { printers: vec![printer], jobs_waiting: 3 },
    }
}

fn reply(down: Down) -> SyncReply {
    SyncReply {
        hub_incarnation: HubIncarnation::new(3),
        acked_seq: Seq::new(26),
        rejected: vec![Rejected { seq: Seq::new(4), why: "stale epoch 2.9".into() }],
        down,
        next: Next { wait_ms: 50_000, after_ms: 0, batch_bytes_max: 500_000 },
        hub_wall_ms: WallMs(1_795_000_000_500),
    }
}

/// The message at `name` is exactly `message`, both ways.
fn golden<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
    name: &str,
    message: &T,
) {
    let text = serde_json::to_string_pretty(message).unwrap() + "\n";
    crate::tests_support::same_as_reviewed(&format!("{FOLDER}{name}.json"), &text);
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), message, "{name} read back");
}

#[test]
fn every_message_keeps_its_bytes() {
    golden("sync_request", &request());
    let upserts = vec![Tolerant::Known(assignment())];
    golden(
        "sync_reply_delta",
        &reply(Down::Delta(Delta { cursor: Cursor::new(18), upserts, removed: vec![job(9)] })),
    );
    golden("sync_reply_must_resync", &reply(Down::MustResync { why: "the hub was restored".into() }));
    golden("claim", &Claim { job: job(1), epoch: epoch(), agent_incarnation: Incarnation::new(0xabc) });
    golden("claim_granted", &ClaimReply::Granted { epoch: epoch() });
    golden("claim_refused", &ClaimReply::Refused { why: "another agent holds it".into() });
    let agent = "01890000-0000-7000-8000-000000000ccc".parse().unwrap();
    golden(
        "enrol",
        &EnrolRequest { code: "KITE-1234".into(), public_key: "00".repeat(32), site: "Workshop".into() },
    );
    golden("enrol_reply", &EnrolReply { agent, hub_incarnation: HubIncarnation::new(3) });
    let proof = Some(Proof { nonce: "00".repeat(16), signature: "00".repeat(64) });
    golden("token", &TokenRequest { agent, proof });
    golden("token_nonce", &Nonce { nonce: "00".repeat(16) });
    golden("token_grant", &TokenGrant { access_token: "t".into(), expires_in_s: 3600 });
    let entry = |state| LedgerEntry {
        job: job(1),
        epoch: epoch(),
        purpose: purpose(),
        units: vec![unit()],
        label: None,
        replaces: None,
        state,
    };
    let ledger = vec![
        entry(LedgerState::Preparing),
        entry(LedgerState::Claimed),
        entry(LedgerState::Started { on: on(), attempt_state: "Unknown".into() }),
        entry(LedgerState::Closed {
            closed_as: ClosedAs::Replaced,
            counted: vec![],
            replaced_by: Some(job(2)),
        }),
        entry(LedgerState::GivenBack),
    ];
    let resync = ResyncRequest {
        proto: PROTO,
        agent_incarnation: Incarnation::new(0xabc),
        boot_id: BootId::new(5),
        hub_incarnation_seen: HubIncarnation::new(3),
        last_seq: Seq::new(26),
        ledger,
    };
    golden("resync", &resync);
    let reply = ResyncReply {
        hub_incarnation: HubIncarnation::new(4),
        acked_seq: Seq::new(26),
        proven_not_printed: vec![job(3)],
        quarantined: false,
    };
    golden("resync_reply", &reply);
}

#[test]
fn every_kind_of_event_has_a_golden_line() {
    let shown: Vec<_> = every_event().iter().map(EventKind::name).collect();
    assert_eq!(shown, EventKind::KINDS);
}

#[test]
fn a_kind_from_a_newer_peer_keeps_its_name() {
    let newer = r#"{"kind":"BedLevelled","mesh":[1,2]}"#;
    let read: Tolerant<EventKind> = serde_json::from_str(newer).unwrap();
    assert_eq!(read, Tolerant::Unrecognised("BedLevelled".into()));
    let newer = r#"{"kind":"LaserCut","job":"x"}"#;
    let read: Tolerant<Assignment> = serde_json::from_str(newer).unwrap();
    assert_eq!(read, Tolerant::Unrecognised("LaserCut".into()));
}

#[test]
fn a_known_kind_with_a_bad_field_is_an_error_and_not_unknown() {
    let bad = r#"{"kind":"Gap","dropped":"three","why":"x"}"#;
    assert!(serde_json::from_str::<Tolerant<EventKind>>(bad).is_err());
}

#[test]
fn no_message_can_clear_a_bed() {
    let down = serde_json::to_string(&reply(Down::Delta(Delta {
        cursor: Cursor::new(1),
        upserts: vec![Tolerant::Known(assignment())],
        removed: vec![],
    })))
    .unwrap();
    assert!(!down.to_lowercase().contains("clear"), "{down}");
}
