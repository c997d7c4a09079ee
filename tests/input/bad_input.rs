//! What the agent says about a slicer that is missing, old or wild, about a full disk and about wrong settings: in
//! words, for the job it concerns, while everything else goes on.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use platewright_tests::{
    agent::{Agent, Wired},
    http::{self, text},
    operator::{Operator, each},
    process::{self, Process},
    wait,
};
use serde_json::{Value, json};

/// Slicing on a busy machine.
const SLICE_WAIT_MAX: Duration = Duration::from_secs(90);
/// The wild slicers below do it for meshes above this, bytes: a plate of 2 × 2 cells, not one of a single cell.
const WILD_ABOVE_BYTES: u32 = 60_000;
/// What may still be written before the disk counts as full, bytes; and what somebody else then writes.
const ROOM_BYTES: u64 = 1_000_000_000;
const FILM_BYTES: u64 = 1_500_000_000;

/// Settings of an agent with one printer that is not there, and this slicer.
fn agent(folder: &Path, slicer: &Path) -> Agent {
    let connection = "{ kind = \"serial\", port = \"/dev/serial/by-id/nobody\" }".to_owned();
    let wired = Wired { id: "cr-1".into(), profile: "creality/cr-10".into(), connection };
    let agent = Agent::new(folder, None, &[wired]).unwrap();
    change(folder, |line| match line.split_once(" = ") {
        Some(("command", _)) => format!("command = [{slicer:?}]\ntime_s_max = 3"),
        Some(("sandbox", _)) => "sandbox = \"none\"".into(),
        _other => line.to_owned(),
    });
    agent
}

fn change(folder: &Path, line: impl Fn(&str) -> String) {
    let path = folder.join("agent.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().map(line).collect();
    http::write(&path, &lines.join("\n")).unwrap();
}

/// A slicer that does `wild` for the larger plate and works for the smaller one.
fn slicer(folder: &Path, version: &str, wild: &str) -> PathBuf {
    let real = ["/opt/platewright/slicer/prusa-slicer", "/usr/bin/prusa-slicer"];
    let real = real.iter().find(|p| Path::new(p).exists()).expect("a slicer: make setup");
    let path = folder.join("slicer.sh");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *--help*) echo '{version}'; exit 0 ;; esac\nfor last; do :; done\n\
         if [ \"$(stat -c %s \"$last\")\" -gt {WILD_ABOVE_BYTES} ]; then {wild}; fi\nexec {real} \"$@\"\n"
    );
    http::write(&path, &script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn make(agent: &Agent, label: &str, mm: u32) -> String {
    let body = json!({ "grid": { "plate_size": [mm, mm], "bed_size": [250, 220] }, "label": label });
    let made = agent.api().unwrap().post_once("/api/v1/jobs", label, &body).await.unwrap();
    text(&made, "/jobs/0").unwrap().to_owned()
}

/// Waits until a job says why it is not printing.
async fn reason(agent: &Agent, job: &str, what: &str) -> String {
    wait::until(&format!("the reason of a slicer that {what}"), SLICE_WAIT_MAX, || async {
        let why = agent.api()?.get(&format!("/api/v1/jobs/{job}/why")).await?;
        Ok(why["reason"].as_str().map(str::to_owned).ok_or(why))
    })
    .await
    .unwrap()
}

/// Waits until `holds` of the job of that label.
async fn job(agent: &Agent, label: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    wait::until(&format!("{label}: {what}"), SLICE_WAIT_MAX, || async {
        let state = agent.state().await?;
        let found = each(&state, "/jobs")
            .find(|j| j["label"].as_str().is_some_and(|l| l.starts_with(label)))
            .cloned();
        Ok(match found {
            Some(job) if holds(&job) => Ok(job),
            other => Err(other),
        })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slicer_that_does_not_work_is_named_at_the_job_and_others_go_on() {
    let good = "PrusaSlicer-2.9.2+UNKNOWN based on Slic3r";
    let rows = [
        ("crashes", "kill -SEGV $$", "The slicer crashed (signal 11). It was tried again with one thread."),
        ("hangs", "exec sleep 60", "The slicer did not finish within 3 s and was stopped."),
        (
            "writes nothing",
            "echo 'All objects are outside of the print volume.'; exit 0",
            "The slicer said it was done and wrote nothing: All objects are outside of the print volume.",
        ),
        ("refuses", "echo 'the mesh is open' >&2; exit 1", "The slicer refused this plate: the mesh is open"),
    ];
    for (name, wild, words) in rows {
        let folder = tempfile::tempdir().unwrap();
        let mut agent = agent(folder.path(), &slicer(folder.path(), good, wild));
        agent.start().await.unwrap();
        let large = make(&agent, "Large", 84).await;
        make(&agent, "Small", 42).await;
        assert_eq!(reason(&agent, &large, name).await, words, "{name}");
        job(&agent, "Small", "is sliced all the same", |j| j["stage"] == "Ready" || j["stage"] == "Claimed")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slicer_that_is_missing_or_old_says_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    let old = slicer(folder.path(), "PrusaSlicer-2.5.0+dfsg based on Slic3r", "exit 0");
    let rows = [
        (
            PathBuf::from("/nowhere/prusa-slicer"),
            "The slicer /nowhere/prusa-slicer cannot be started; install PrusaSlicer 2.9.2 or newer (make setup-run). It is tried again by itself.",
        ),
        (
            old,
            "PrusaSlicer 2.5.0 is too old: it writes G-code outside the bed without a word. Install 2.9.2 or newer (make setup-run). It is tried again by itself.",
        ),
    ];
    for (slicer, words) in rows {
        let folder = tempfile::tempdir().unwrap();
        let mut agent = agent(folder.path(), &slicer);
        agent.start().await.unwrap();
        let small = make(&agent, "Small", 42).await;
        assert_eq!(reason(&agent, &small, "cannot be used").await, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_new_starts_and_no_running_print() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("cr-1.tty");
    let arguments = ["--link", &port.to_string_lossy(), "--speed", "150", "--baud", "0"].map(str::to_owned);
    let mut simulator = Process::start(folder.path(), "cr-1", "sim-marlin", &arguments).unwrap();
    let printer = http::Http::new(format!("http://{}", simulator.address().await.unwrap())).unwrap();
    let connection = format!("{{ kind = \"serial\", port = {port:?} }}");
    let wired = Wired { id: "cr-1".into(), profile: "creality/cr-10".into(), connection };
    let mut agent = Agent::new(folder.path(), None, &[wired]).unwrap();
    let room = free_bytes(folder.path()).checked_sub(ROOM_BYTES).expect("a few GB of free disk");
    let config = folder.path().join("agent.toml");
    let settings = std::fs::read_to_string(&config).unwrap();
    http::write(
        &config,
        &settings.replace("[[printer]]", &format!("[limits]\nfree_bytes_min = {room}\n[[printer]]")),
    )
    .unwrap();
    agent.start().await.unwrap();
    let mut operator = Operator::new([("cr-1".to_owned(), printer)].into());
    let api = agent.api().unwrap().clone();
    operator.set_up(&api).await.unwrap();
    make(&agent, "First", 42).await;
    operator.round(&api).await.unwrap();
    job(&agent, "First", "prints", |j| j["state"] == "Printing").await;

    let filler = std::fs::File::create(folder.path().join("somebody-elses-film")).unwrap();
    rustix::fs::fallocate(&filler, rustix::fs::FallocateFlags::empty(), 0, FILM_BYTES).unwrap();
    make(&agent, "Second", 42).await;
    let first = job(&agent, "First", "comes to its end", |j| j["state"] != "Printing").await;
    operator.round(&api).await.unwrap();
    assert_eq!(operator.diary.signed_off, 1, "the running print was whole: {first}");
    let second =
        job(&agent, "Second", "is sliced", |j| j["stage"] == "Ready" || j["stage"] == "Claimed").await;
    let why = api.get(&format!("/api/v1/jobs/{}/why", text(&second, "/id").unwrap())).await.unwrap();
    let against = each(&why, "/printers/0/against").collect::<Vec<_>>();
    assert_eq!(against, ["the disk is nearly full: nothing new is started"], "{why}");

    drop(filler);
    std::fs::remove_file(folder.path().join("somebody-elses-film")).unwrap();
    job(&agent, "Second", "starts by itself", |j| j["state"] != "Ready" && j["stage"] == "Started").await;
}

fn free_bytes(folder: &Path) -> u64 {
    let disk = rustix::fs::statvfs(folder).unwrap();
    disk.f_bavail * disk.f_frsize
}

#[test]
fn wrong_settings_end_with_2_and_name_every_fault_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    http::write(&path, "[web]\nlisten = 5\nport = 1\n[slicer]\nthreads = \"two\"\n").unwrap();
    let expected = [
        "agent.toml line 2: web.listen: expected ADDRESS:PORT, for example 0.0.0.0:8090, found 5",
        "agent.toml line 3: web.port: is not a setting of this version; see docs/operators/settings.md",
        "agent.toml line 5: slicer.threads: expected a whole number from 1 to 64, found \"two\"",
    ];
    for command in ["check-config", "run"] {
        let output =
            process::command("edge-agent").unwrap().args([command, "--config"]).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        for line in expected {
            assert!(said.contains(line), "{command} does not say {line:?}: {said}");
        }
    }
}
