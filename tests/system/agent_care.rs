//! Whoever runs the Pi: is it healthy, a copy of the ledger, a new life from it, and what is left of a damaged one.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use platewright_tests::{
    agent::{Agent, Wired},
    http::{Http, text},
};
use serde_json::json;

const PRINTER: &str = "/api/v1/printers/cr-1/bed-clear";

/// The cause of the only bed, or `clear`.
async fn bed(agent: &Agent) -> anyhow::Result<String> {
    let state = agent.state().await?;
    let bed = state.pointer("/printers/0/bed").cloned().unwrap_or_default();
    Ok(text(&bed, "/cause").or_else(|_clear| text(&bed, "/state"))?.to_owned())
}

/// Everything that a bundle holds.
fn unpacked(bundle: &Path) -> anyhow::Result<String> {
    let mut zip = zip::ZipArchive::new(File::open(bundle)?)?;
    let mut all = String::new();
    for at in 0..zip.len() {
        zip.by_index(at)?.read_to_string(&mut all)?;
    }
    Ok(all)
}

/// A command that is refused: its exit code and words.
fn refused(agent: &Agent, arguments: &[&str]) -> String {
    agent.command(arguments).map_or_else(|error| error.to_string(), |said| format!("it was done: {said}"))
}

async fn clear(api: &Http, agent: &Agent, cause: &str) -> anyhow::Result<()> {
    let state = agent.state().await?;
    let seen = state.pointer("/printers/0/seen").cloned();
    api.post(PRINTER, &json!({ "cause": cause, "seen": seen })).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_a_new_life_and_a_damaged_ledger_is_said_to_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let connection = "{ kind = \"serial\", port = \"/dev/serial/by-id/nobody\" }".to_owned();
    let wired = Wired { id: "cr-1".into(), profile: "creality/cr-10".into(), connection };
    let mut agent = Agent::new(folder.path(), None, &[wired]).unwrap();
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    assert!(refused(&agent, &["backup", "--out", copy]).contains("exit status: 3"), "nothing to copy yet");
    agent.start().await.unwrap();
    clear(agent.api().unwrap(), &agent, "new-printer").await.unwrap();
    assert_eq!(bed(&agent).await.unwrap(), "clear");

    let said = refused(&agent, &["doctor"]);
    assert!(said.contains("exit status: 1") && said.contains("LOOK  printer cr-1"), "{said}");
    for line in [
        "ok    agent: running",
        "ok    ledger: sound",
        "ok    slicer: prusa-slicer 2.",
        "nobody is not there: check the cable",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    agent.command(&["backup", "--out", copy]).unwrap();
    let twice = refused(&agent, &["backup", "--out", copy]);
    assert!(twice.contains("exit status: 2") && twice.contains("never overwrites"), "{twice}");
    let busy = refused(&agent, &["restore", copy]);
    assert!(busy.contains("exit status: 3") && busy.contains("stop it first"), "{busy}");
    assert!(agent.command(&["db", "check"]).unwrap().ends_with("ledger.db: sound"));
    let bundle = folder.path().join("bundle.zip");
    agent.command(&["support-bundle", "--out", bundle.to_str().unwrap()]).unwrap();
    let token = agent.api().unwrap().token().unwrap().to_owned();
    assert!(std::fs::metadata(&bundle).unwrap().len() > 500);
    let inside = unpacked(&bundle).unwrap();
    assert!(
        inside.contains("cr-1: Clear") && inside.contains("data_dir") && !inside.contains(&token),
        "{inside}"
    );

    agent.stop().await.unwrap();
    let foreign = folder.path().join("agent.toml");
    let said = refused(&agent, &["restore", foreign.to_str().unwrap()]);
    assert!(said.contains("exit status: 2") && said.contains("nothing was changed"), "{said}");
    // Made in the very run that it replaces: a new life all the same.
    let said = agent.command(&["restore", copy]).unwrap();
    assert!(said.contains("Every bed is to be looked at"), "{said}");
    agent.start().await.unwrap();
    assert_eq!(bed(&agent).await.unwrap(), "restore", "what was clear then may carry a print now");
    clear(agent.api().unwrap(), &agent, "restore").await.unwrap();
    agent.stop().await.unwrap();

    let ledger = agent.data_dir().join("ledger.db");
    let pages = std::fs::metadata(&ledger).unwrap().len() / 4096;
    let mut file = File::options().write(true).open(&ledger).unwrap();
    for page in pages * 3 / 4..pages {
        file.seek(SeekFrom::Start(page * 4096)).unwrap();
        file.write_all(&[0xA5; 64]).unwrap();
    }
    drop(file);
    let said = refused(&agent, &["db", "check"]);
    assert!(
        said.contains("exit status: 1")
            && said.contains("damaged")
            && said.contains("edge-agent restore FILE"),
        "{said}"
    );
    let left = folder.path().join("left");
    let said = agent.command(&["db", "salvage", "--out", left.to_str().unwrap()]).unwrap();
    assert!(said.contains("meta: ") && said.lines().count() > 5, "{said}");
    assert!(std::fs::read_to_string(left.join("meta.jsonl")).unwrap().contains("incarnation"));
}
