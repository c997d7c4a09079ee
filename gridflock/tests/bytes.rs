//! The same parameters give the same bytes: however many threads work, on every machine, today and tomorrow.
//!
//! `testdata/bytes.jsonl` has known sets with the SHA-256 of the STL of each plate, made on x86-64; every machine that
//! runs the tests is held to them. Where the geometry changes on purpose its version is raised, and `BLESS=1` writes the
//! file anew. `SOAK=1` also builds the program for arm64 and lets it run under qemu.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use assert_cmd::cargo::cargo_bin_cmd;
use gridflock::{generate_plate, plan, plan_upstream, write_stl};
use protocol::grid::{GridParams, GridSpec};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A set whose bytes are known.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    params: GridParams,
    upstream_exact: bool,
    /// SHA-256 of the STL of each plate, by slot.
    sha256: BTreeMap<String, String>,
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bytes.jsonl")
}

fn known() -> Vec<Known> {
    let text = std::fs::read_to_string(file()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The SHA-256 of every plate as it is made here.
fn made(params: &GridParams, upstream_exact: bool) -> BTreeMap<String, String> {
    let spec = GridSpec::check(params).unwrap();
    let plan = if upstream_exact { plan_upstream(&spec).unwrap() } else { plan(&spec).unwrap() };
    let hash = |plate: &gridflock::Plate| {
        let mut stl = Vec::new();
        write_stl(&generate_plate(&spec, &plan, plate.slot).unwrap(), &mut stl).unwrap();
        (plate.slot.to_string(), hex::encode(Sha256::digest(&stl)))
    };
    plan.plates.iter().map(hash).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the recorded file is written on request only")]
fn known_sets_have_their_recorded_bytes() {
    let mut sets = known();
    assert!(sets.len() >= 10, "the file of known bytes is gone");
    let mut wrong = Vec::new();
    for set in &mut sets {
        let sha256 = made(&set.params, set.upstream_exact);
        if sha256 != set.sha256 {
            wrong.push(serde_json::to_string(&set.params).unwrap());
        }
        set.sha256 = sha256;
    }
    if std::env::var_os("BLESS").is_some() {
        let lines: Vec<String> = sets.iter().map(|set| serde_json::to_string(set).unwrap() + "\n").collect();
        std::fs::write(file(), lines.concat()).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "other bytes than recorded, with the same geometry version: {wrong:#?}");
}

/// All files of a folder, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    all.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

#[test]
fn files_are_the_same_with_one_two_and_eight_threads() {
    let params =
        r#"{"plate_size":[400,330],"bed_size":[120,120],"magnets":true,"seam_style":2,"stacked_print":true}"#;
    for format in ["stl", "3mf"] {
        let made = ["1", "2", "8"].map(|threads| {
            let folder = tempfile::tempdir().unwrap();
            let out = folder.path().to_str().unwrap();
            cargo_bin_cmd!("gridflock")
                .args(["generate", "-", "--out", out, "--format", format, "--threads", threads])
                .write_stdin(params)
                .assert()
                .success();
            files(folder.path())
        });
        let [one, two, eight] = made;
        assert!(one.contains_key("plan.json") && one.len() >= 3, "{:?}", one.keys());
        assert!(one == two && one == eight, "{format}: threads change the files");
    }
}

/// What the check of arm64 needs of this machine.
const CROSS: [(&str, &str); 3] = [
    ("aarch64-linux-gnu-gcc", "apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross"),
    ("qemu-aarch64-static", "apt-get install qemu-user-static"),
    ("rustup", "make setup"),
];
const TRIPLE: &str = "aarch64-unknown-linux-gnu";

fn answers(program: &str, arguments: &[&str], wanted: &str) -> bool {
    let done = assert_cmd::Command::new(program).args(arguments).output();
    done.is_ok_and(|done| done.status.success() && String::from_utf8_lossy(&done.stdout).contains(wanted))
}

#[test]
fn arm64_makes_the_recorded_bytes() {
    if std::env::var_os("SOAK").is_none() {
        return;
    }
    for (program, remedy) in CROSS {
        if !answers(program, &["--version"], "") {
            eprintln!("NOT CHECKED: bytes of arm64, because {program} is missing ({remedy})");
            return;
        }
    }
    if !answers("rustup", &["target", "list", "--installed"], TRIPLE) {
        eprintln!("NOT CHECKED: bytes of arm64, because the target is missing (rustup target add {TRIPLE})");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = root.join("target/arm64");
    assert_cmd::Command::new("cargo")
        .args(["build", "--locked", "--release", "-p", "gridflock", "--target", TRIPLE, "--target-dir"])
        .arg(&target)
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc")
        .current_dir(&root)
        .assert()
        .success();
    let program = target.join(TRIPLE).join("release/gridflock");
    for set in known() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = assert_cmd::Command::new("qemu-aarch64-static");
        command.args(["-L", "/usr/aarch64-linux-gnu"]).arg(&program);
        command.args(["generate", "-", "--out"]).arg(folder.path());
        if set.upstream_exact {
            command.arg("--upstream-exact");
        }
        command.write_stdin(serde_json::to_string(&set.params).unwrap()).assert().success();
        for (slot, sha256) in &set.sha256 {
            let stl = std::fs::read(folder.path().join(format!("{slot}.stl"))).unwrap();
            let params = serde_json::to_string(&set.params).unwrap();
            assert_eq!(&hex::encode(Sha256::digest(&stl)), sha256, "{slot} of {params}");
        }
    }
}
