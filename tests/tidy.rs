//! Conventions as a test: what a program can check about the tree, checked.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Folders whose files are ours.
const FOLDERS: [&str; 8] =
    ["protocol", "gridflock", "firmware-profiles", "edge-agent", "cloud-hub", "tests", "migrations", "docs"];
/// A file longer than this is more than one thing.
const LINES_MAX: usize = 500;
/// Words that a folder may not know: (folder, word, what to use or why).
const MAY_NOT_KNOW: [(&str, &str, &str); 9] = [
    ("protocol/src", "tokio", "protocol is sans-IO"),
    ("protocol/src", "std::fs", "protocol is sans-IO"),
    ("protocol/src", "std::net", "protocol is sans-IO"),
    ("protocol/src", "HashMap", "outputs and simulations repeat exactly"),
    ("gridflock/src", "RandomState", "the same bytes on every machine"),
    ("edge-agent/src", "cloud_hub", "agent and hub meet only in protocol"),
    ("cloud-hub/src", "edge_agent", "agent and hub meet only in protocol"),
    ("edge-agent/src/printer", "rusqlite", "printers know no SQL"),
    ("edge-agent/src/scheduler", "rusqlite", "the scheduler knows no SQL"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn files(below: &str, ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, all: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != "node_modules" {
                walk(&path, ending, all);
            } else if name.ends_with(ending) {
                all.push(path);
            }
        }
    }
    let mut all = Vec::new();
    walk(&root().join(below), ending, &mut all);
    all.sort();
    all
}

fn sources() -> Vec<(PathBuf, String)> {
    let all = FOLDERS.iter().flat_map(|folder| files(folder, ".rs"));
    all.map(|path| (path.strip_prefix(root()).unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect()
}

/// Nothing to say about a tree that follows the rule.
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_module_says_what_it_is() {
    let all = sources();
    let faults = all.iter().filter(|(_, text)| !text.starts_with("//! "));
    none(&faults.map(|(path, _)| format!("{} does not begin with //!", path.display())).collect::<Vec<_>>());
}

#[test]
fn no_file_is_more_than_one_thing() {
    let all = sources();
    let long = all.iter().map(|(path, text)| (path, text.lines().count())).filter(|(_, n)| *n > LINES_MAX);
    none(
        &long
            .map(|(path, n)| format!("{} has {n} lines, {LINES_MAX} are the most", path.display()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn folders_know_only_what_they_may() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (folder, word, why) in MAY_NOT_KNOW {
            let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
            let is_test = path.file_stem().is_some_and(|s| s.to_string_lossy().contains("tests"));
            if path.starts_with(folder) && !is_test && code.clone().any(|l| l.contains(word)) {
                faults.push(format!("{} knows {word}: {why}", path.display()));
            }
        }
    }
    none(&faults);
}

#[test]
fn nothing_is_left_over_or_ignored() {
    // Spelled apart, so that this file does not find itself.
    let words = [
        ["FIX", "ME"].concat(),
        ["XX", "X:"].concat(),
        ["#[ign", "ore"].concat(),
        ["assert!(tr", "ue"].concat(),
    ];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (n, line) in text.lines().enumerate() {
            if let Some(word) = words.iter().find(|w| line.contains(w.as_str())) {
                faults.push(format!("{}:{}: {word}", path.display(), n + 1));
            }
        }
    }
    none(&faults);
}

#[test]
fn lints_and_bans_are_the_same_everywhere() {
    let root = root();
    let clippy: Vec<_> = files("", "clippy.toml");
    assert_eq!(clippy, [root.join("clippy.toml")], "a second clippy.toml would drop every ban");
    for manifest in files("", "Cargo.toml").into_iter().filter(|m| *m != root.join("Cargo.toml")) {
        let text = fs::read_to_string(&manifest).unwrap();
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{} does not take the workspace's lints",
            manifest.display()
        );
        let own_version = text.lines().find(|l| {
            l.starts_with(|c: char| c.is_ascii_lowercase())
                && l.contains("= \"")
                && l.contains('.')
                && !l.starts_with("description")
                && !l.starts_with("path")
                && !l.starts_with("name")
        });
        assert_eq!(own_version, None, "{} names a version of its own", manifest.display());
    }
}

#[test]
fn migrations_are_numbered_and_their_tables_strict() {
    for folder in ["migrations/agent", "migrations/hub-sqlite"] {
        for (at, path) in files(folder, ".sql").iter().enumerate() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                name.starts_with(&format!("V{:04}__", at + 1)),
                "{folder}/{name} is not number {}",
                at + 1
            );
            let text = fs::read_to_string(path).unwrap();
            let tables = text.matches("create table").count();
            assert_eq!(text.matches(") strict").count(), tables, "{name}: every table is strict");
        }
    }
}

#[test]
fn decisions_are_numbered_once_and_have_a_status() {
    let mut numbers = BTreeSet::new();
    for path in files("docs/adr", ".md") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        assert!(numbers.insert(name.chars().take(4).collect::<String>()), "{name}: its number is used twice");
        assert!(
            ["Status: proposed", "Status: accepted", "Status: superseded by"]
                .iter()
                .any(|s| text.contains(s)),
            "{name}"
        );
    }
}

#[test]
fn links_of_the_documents_resolve() {
    let mut faults = Vec::new();
    let mut all = files("docs", ".md");
    all.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|f| root().join(f)));
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.starts_with("http") && !path.parent().unwrap().join(target).exists() {
                faults.push(format!("{}: {target} is not there", path.display()));
            }
        }
    }
    none(&faults);
}

#[test]
fn every_setting_of_the_agent_is_in_the_manual() {
    let manual = fs::read_to_string(root().join("docs/operators/settings.md")).unwrap();
    let code = fs::read_to_string(root().join("edge-agent/src/config/mod.rs")).unwrap();
    let keys: BTreeSet<_> = code
        .split('"')
        .filter(|word| {
            word.split_once('.').is_some_and(|(s, k)| {
                ["site", "hub", "web", "slicer", "limits"].contains(&s)
                    && k.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            })
        })
        .collect();
    assert!(keys.len() > 8, "the settings are found: {keys:?}");
    none(
        &keys
            .iter()
            .filter(|k| !manual.contains(&format!("`{k}`")))
            .map(|k| format!("{k} is not in settings.md"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_rule_that_can_be_switched_off_is_where_the_list_says() {
    let rules = platewright_tests::mutants::list(&root()).unwrap();
    assert!(rules.len() >= 20, "{} rules", rules.len());
    let tests: String = ["protocol", "edge-agent", "cloud-hub"]
        .into_iter()
        .flat_map(|below| files(below, ".rs"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    for rule in rules {
        let text = fs::read_to_string(root().join(&rule.file)).unwrap();
        rule.switched_off(&text).unwrap();
        assert!(
            tests.contains(&format!("fn {}(", rule.test)),
            "{}: there is no test {}",
            rule.rule,
            rule.test
        );
    }
}
