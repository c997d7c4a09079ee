//! Every page of agent and hub in a real browser: accessible, whole, quiet, reachable by keyboard, within its width in
//! both themes, and every form usable without script. The farm behind it is real, with something on every page.
//!
//! Pictures stay in `target/browser`. `SOAK=1` looks at every width in both themes instead of a pairing that has each
//! width and each theme once per page. `KEEP=1` leaves the farm running until Enter, for looking by hand.

#![expect(clippy::indexing_slicing, reason = "a test may fail loudly")]

mod scene;

use platewright_tests::process;
use scene::Scene;
use serde_json::json;

/// Oldest Node.js that drives the browser.
const NODE_MAJOR_MIN: u32 = 20;

/// The machine's Node.js, or the one that set-up installed because the machine's was too old.
fn node() -> String {
    let own = process::project().join(".cache/node/bin/node");
    let found = [own.to_string_lossy().into_owned(), "node".to_owned()];
    let is_new = |program: &String| {
        let said = process::run_program(program, &["--version"]).unwrap_or_default();
        let major = said.trim().trim_start_matches('v').split('.').next().and_then(|n| n.parse::<u32>().ok());
        major.is_some_and(|n| n >= NODE_MAJOR_MIN)
    };
    found.into_iter().find(is_new).expect("Node.js 20 or newer: make setup")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_good_to_look_at_and_to_work_with() {
    let browser = process::project().join("tests/browser");
    assert!(
        browser.join("node_modules/playwright-core").exists(),
        "the browser's driver is missing: make setup"
    );
    let folder = tempfile::tempdir().unwrap().keep();
    println!("everything is kept in {}", folder.display());
    let scene = Scene::build(&folder).await.unwrap();
    let out = process::project().join("target/browser");
    let is_soak = std::env::var_os("SOAK").is_some();
    let mut told = scene.told().await.unwrap();
    told["out"] = json!(out);
    told["all"] = json!(is_soak);
    told["chromium"] = json!("/usr/bin/chromium");
    let file = folder.join("scene.json");
    platewright_tests::http::write(&file, &told.to_string()).unwrap();
    let script = browser.join("run.mjs");
    let arguments = [script.to_string_lossy(), file.to_string_lossy()];
    if std::env::var_os("KEEP").is_some() {
        println!("{} {}\nEnter ends it", arguments[0], arguments[1]);
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let node = node();
    let looked = tokio::task::spawn_blocking({
        let arguments = arguments.map(|a| a.into_owned());
        move || process::run_program(&node, &[&arguments[0], &arguments[1]])
    });
    let said = looked.await.unwrap().unwrap();
    println!("{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}
