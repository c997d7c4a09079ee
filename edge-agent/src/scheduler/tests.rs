//! Each guard alone stops a start, and all together allow it.

use std::collections::BTreeMap;

use firmware_profiles::{Library, Profile};
use protocol::{
    assignment::Assignment as State,
    bed::{Bed, Cause, ClearedBy},
    grid::{GridParams, GridSpec},
    ids::{Incarnation, JobId, PrinterId, Sha256},
    sync::right::Agent,
    units::{Epoch, HubIncarnation, Revision, StateVersion, WallMs},
    wire::v1::{Artifact, Assignment, Desired, Kind, OnScrap, Purpose, Right, Unit, Wants},
};

use super::{
    Reason,
    guards::{Now, Room, check},
    matching::Candidate,
};
use crate::ledger::view::{AssignmentRow, BedRow, PrinterRow, Snapshot};

struct Case {
    snapshot: Snapshot,
    said: PrinterRow,
    now: Now,
    room: Room,
    tags: Vec<String>,
}

fn printer() -> PrinterId {
    "cr-1".parse().unwrap()
}

fn profile(library: &Library) -> &Profile {
    library.profile("creality/cr-10").unwrap()
}

fn job() -> AssignmentRow {
    let params = GridParams::from_json(r#"{"plate_size":[210,168],"bed_size":[250,220]}"#).unwrap();
    let id: JobId = "01890000-0000-7000-8000-000000000001".parse().unwrap();
    let body = Assignment {
        job: id,
        kind: Kind::Print,
        epoch: Epoch { hub: HubIncarnation::new(1), count: 1 },
        revision: Revision::new(1),
        right: Right::Pinned,
        purpose: Purpose::Local,
        units: vec![Unit { id: 1, label: "A1".into(), box_mm: [0.0, 0.0, 210.0, 168.0] }],
        on_scrap: OnScrap::Ask,
        desired: Desired::Run,
        artifact: Artifact::Grid { spec: Box::new(GridSpec::check(&params).unwrap()), plate: "A1".into() },
        wants: Wants { material: Some("PLA".into()), ..Wants::default() },
        not_after_s: None,
        due: None,
        order_label: None,
        replaces: None,
    };
    AssignmentRow {
        body,
        state: State::Claimed,
        claimed_by: Some(Incarnation::new(1)),
        label: "A1".into(),
        is_held: false,
        only_printer: None,
        position: 0,
        reason: None,
        counted: None,
        version: StateVersion::new(1),
        seen: WallMs(0),
    }
}

impl Case {
    /// Everything as it should be.
    fn good() -> Self {
        let job = job();
        let bed = BedRow {
            bed: Bed::Clear(ClearedBy::Person),
            by: "Mark".into(),
            since: WallMs(0),
            version: StateVersion::new(2),
        };
        let key = (job.job(), "creality/cr-10".to_owned(), "PLA".to_owned());
        let agent = Agent {
            incarnation: Incarnation::new(1),
            hub_seen: HubIncarnation::new(1),
            is_quarantined: false,
        };
        let snapshot = Snapshot {
            agent,
            open: vec![job],
            attempts: vec![],
            beds: BTreeMap::from([(printer(), bed)]),
            printers: BTreeMap::new(),
            artifacts: BTreeMap::from([(key, Sha256::of(b"g"))]),
            log_has_room: true,
        };
        let said = PrinterRow {
            material: Some("PLA".into()),
            color: Some("black".into()),
            confirmed_profile: Some("creality/cr-10".into()),
            out_of_service: None,
            may_open_port: true,
        };
        let now =
            Now { is_fresh: true, is_idle: true, word: "Ready".into(), evidence: "idle, 1 s ago".into() };
        Self { snapshot, said, now, room: Room { disk_has_room: true }, tags: vec![] }
    }

    fn reasons(&self) -> Vec<Reason> {
        let library = Library::embedded().unwrap();
        let id = printer();
        let candidate = Candidate { id: &id, profile: profile(&library), tags: &self.tags, said: &self.said };
        check(&self.snapshot, &self.snapshot.open[0], candidate, &self.now, self.room)
            .err()
            .unwrap_or_default()
    }
}

#[test]
fn with_every_guard_true_it_starts_and_each_is_recorded() {
    let library = Library::embedded().unwrap();
    let case = Case::good();
    let id = printer();
    let candidate = Candidate { id: &id, profile: profile(&library), tags: &case.tags, said: &case.said };
    let (artifact, guards) =
        check(&case.snapshot, &case.snapshot.open[0], candidate, &case.now, case.room).unwrap();
    assert_eq!(artifact, Sha256::of(b"g"));
    assert!(guards.held.iter().all(|(_, evidence)| !evidence.is_empty()), "{guards:?}");
}

#[test]
fn each_guard_alone_stops_a_start() {
    type Break = fn(&mut Case);
    let rows: [(Break, &str); 17] = [
        (|c| c.now.is_fresh = false, "the printer is not connected"),
        (|c| c.now.is_idle = false, "the printer is busy: Ready"),
        (|c| c.said.out_of_service = Some("fan".into()), "out of service: fan"),
        (|c| c.said.confirmed_profile = None, "confirm once that creality/cr-10 is right for this machine"),
        (|c| c.said.material = None, "nobody has said which material is loaded"),
        (|c| c.said.material = Some("PETG".into()), "load PLA (now PETG)"),
        (|c| c.said.may_open_port = false, "opening its port would reset it: decide its last print first"),
        (|c| c.snapshot.beds.clear(), "the printer is new: say that its bed is clear"),
        (
            |c| c.snapshot.beds.values_mut().for_each(|b| b.bed = Bed::Occupied(Cause::Unobserved)),
            "it was out of sight: somebody must look at the bed",
        ),
        (|c| c.snapshot.artifacts.clear(), "its G-code for this printer is not ready yet"),
        (|c| c.snapshot.log_has_room = false, "the event log is full: the hub must take some events first"),
        (
            |c| c.snapshot.agent.is_quarantined = true,
            "this agent's database was restored: nothing starts until the hub has answered",
        ),
        (
            |c| c.snapshot.open[0].claimed_by = Some(Incarnation::new(9)),
            "the claim was given before this agent's database was restored",
        ),
        (|c| c.snapshot.open[0].is_held = true, "it is held here"),
        (|c| c.snapshot.open[0].state = State::Staging, "it is still Slicing"),
        (
            |c| c.snapshot.open[0].body.units[0].box_mm = [0.0, 0.0, 310.0, 100.0],
            "the plate is 310 × 100 mm and only 296 × 296 mm can be printed there",
        ),
        (|c| c.room.disk_has_room = false, "the disk is nearly full: nothing new is started"),
    ];
    for (break_it, words) in rows {
        let mut case = Case::good();
        break_it(&mut case);
        let reasons: Vec<_> = case.reasons().iter().map(Reason::words).collect();
        assert_eq!(reasons, [words]);
    }
}

#[test]
fn a_moved_job_waits_for_its_printer_and_tags_are_kept() {
    let mut case = Case::good();
    case.snapshot.open[0].only_printer = Some("cr-2".parse().unwrap());
    case.snapshot.open[0].body.wants.tags = vec!["enclosure".into()];
    let reasons = case.reasons();
    assert_eq!(reasons, [Reason::WantsOtherPrinter("cr-2".into()), Reason::MissingTag("enclosure".into())]);
    case.tags = vec!["enclosure".into()];
    case.snapshot.open[0].only_printer = Some(printer());
    assert_eq!(case.reasons(), []);
}
