//! The commands about printers and profiles, run as a person runs them.
use std::path::Path;

use assert_cmd::Command;
use firmware_profiles::{Control, Library, Profile};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

/// The program with a data directory of its own.
pub(crate) fn agent(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edge-agent"));
    command.env("EDGE_AGENT__SITE__DATA_DIR", data_dir);
    command
}

#[test]
fn profiles_are_listed_shown_and_described() {
    let dir = tempfile::tempdir().unwrap();
    agent(dir.path())
        .args(["profiles", "list"])
        .assert()
        .success()
        .stdout(contains("creality/ender-3-v2").and(contains("prusa/mk3s")).and(contains("bambu/p1s")));
    let shown = agent(dir.path()).args(["profiles", "show", "prusa/mk3s"]).assert().success();
    shown.stdout(contains("Prusa i3 MK3S+").and(contains("250 × 210 × 210 mm")).and(contains("Prusa MK3")));
    agent(dir.path())
        .args(["profiles", "show", "prusa/mk9"])
        .assert()
        .code(2)
        .stderr(contains("profiles list"));
    agent(dir.path()).args(["profiles", "schema"]).assert().success().stdout(contains("\"window_lines\""));
}

#[test]
fn own_profiles_are_checked_and_win() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("profiles/printer/generic");
    std::fs::create_dir_all(&own).unwrap();
    let text = include_str!("../../../firmware-profiles/data/printer/generic/marlin.toml");
    let write = |text: &str| {
        let mut file = std::fs::File::create(own.join("own.toml")).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    };
    write(&text.replace("height_mm = { value = 180", "height_mm = { value = 333"));
    let folder = dir.path().join("profiles");
    agent(dir.path())
        .args(["profiles", "check"])
        .arg(&folder)
        .assert()
        .success()
        .stdout(contains("no faults"));
    agent(dir.path()).args(["profiles", "list"]).assert().success().stdout(contains("generic/own"));
    agent(dir.path()).args(["profiles", "show", "generic/own"]).assert().success().stdout(contains("333 mm"));
    write(&text.replace("height_mm = { value = 180", "hight_mm = { value = 333"));
    agent(dir.path()).args(["profiles", "check"]).arg(&folder).assert().code(2).stderr(
        contains("printer/generic/own.toml:14: `build.hight_mm` is not a known key")
            .and(contains("printer/generic/own.toml:7: `build.height_mm` is missing")),
    );
}

/// A box of the whole usable area, as a binary STL.
fn whole_bed(profile: &Profile) -> Vec<u8> {
    let ([x0, y0], [x1, y1]) = (profile.usable.min_mm, profile.usable.max_mm);
    let side = |from: u32, to: u32| f32::from(u16::try_from(to - from - 4).unwrap());
    let size = [side(x0, x1), side(y0, y1), 0.8];
    let corner = |n: usize| {
        let mut bit = 0;
        size.map(|side| {
            bit += 1;
            if n >> (bit - 1) & 1 == 1 { side } else { 0.0 }
        })
    };
    let faces: [[usize; 3]; 12] = [
        [0, 2, 3],
        [0, 3, 1],
        [4, 5, 7],
        [4, 7, 6],
        [0, 1, 5],
        [0, 5, 4],
        [2, 6, 7],
        [2, 7, 3],
        [0, 4, 6],
        [0, 6, 2],
        [1, 3, 7],
        [1, 7, 5],
    ];
    let mut bytes = vec![0; 80];
    bytes.extend(12_u32.to_le_bytes());
    for face in faces {
        bytes.extend([0; 12]);
        for n in face {
            bytes.extend(corner(n).iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes.extend([0; 2]);
    }
    bytes
}

/// The slicer of this machine.
fn slicer() -> &'static str {
    let known = ["/opt/platewright/slicer/prusa-slicer", "/usr/bin/prusa-slicer"];
    known.into_iter().find(|it| Path::new(it).exists()).expect("a slicer: run make setup")
}

/// One model of every G-code flavour; with SOAK every model there is.
#[test]
fn a_plate_of_the_whole_bed_is_sliced_for_every_kind_of_printer_and_passes_the_audit() {
    let slicer = slicer();
    let library = Library::embedded().unwrap();
    let soak = std::env::var_os("SOAK").is_some();
    let mut seen = std::collections::BTreeSet::new();
    for profile in library.profiles() {
        let kind = match &profile.control {
            Control::Streamed(firmware) => firmware.id.clone(),
            Control::PrinterOwned(dialect) => dialect.id.clone(),
            Control::PrinterOwnedHttp(dialect) => dialect.id.clone(),
        };
        if !seen.insert(kind) && !soak {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("box.stl");
        std::io::Write::write_all(&mut std::fs::File::create(&model).unwrap(), &whole_bed(profile)).unwrap();
        let settings = dir.path().join("config.toml");
        let text = format!("[slicer]\ncommand = [\"{slicer}\"]\nsandbox = \"none\"\n");
        std::io::Write::write_all(&mut std::fs::File::create(&settings).unwrap(), text.as_bytes()).unwrap();
        let out = dir.path().join("box.gcode");
        agent(dir.path())
            .arg("--config")
            .arg(&settings)
            .args(["slice", "--profile", profile.id.as_str(), "--material", "PLA", "--out"])
            .arg(&out)
            .arg(&model)
            .assert()
            .success();
        assert!(out.metadata().unwrap().len() > 1_000, "{}", profile.id);
    }
    assert!(seen.len() >= 11, "{seen:?}");
}
