//! `make mutants`: switches each protecting rule of `mutants.toml` off, in a copy of the project, and demands that the
//! named test fails. A rule whose loss no test notices ends the run with 1.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Parser;
use platewright_tests::{
    mutants::{Mutant, list},
    process,
};

/// Switches protecting rules off and watches a test fail.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only rules whose words contain this.
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(missed) => {
            println!("mutants: {missed} rules can be lost without a test that notices");
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("mutants: failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<usize> {
    let root = process::project();
    let all: Vec<Mutant> = list(&root)?.into_iter().filter(|m| m.rule.contains(&arguments.only)).collect();
    let copy = root.join("target/mutants");
    copy_project(&root, &copy)?;
    let as_is: BTreeSet<&str> = all.iter().map(|m| m.run.as_str()).collect();
    println!("mutants: {} rules; first every test as it is", all.len());
    for run in as_is {
        let (passed, said) = test(&copy, run)?;
        anyhow::ensure!(passed, "cargo test {run} fails without any change:\n{said}");
    }
    let mut missed = 0;
    for mutant in &all {
        let noticed = is_noticed(&copy, mutant)?;
        println!("{}  {} ({})", if noticed { "noticed" } else { "MISSED " }, mutant.rule, mutant.test);
        missed += usize::from(!noticed);
    }
    Ok(missed)
}

/// The files that the project is made of, and no others; what is the same already stays, so that little is built anew.
fn copy_project(root: &Path, copy: &Path) -> anyhow::Result<()> {
    let root_text = root.to_string_lossy();
    let files = process::run_program("git", &["-C", &root_text, "ls-files"])?;
    for file in files.lines() {
        let (from, to) = (root.join(file), copy.join(file));
        let bytes = std::fs::read(&from).with_context(|| format!("read {}", from.display()))?;
        if std::fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        std::fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
        write(&to, &bytes)?;
    }
    Ok(())
}

fn is_noticed(copy: &Path, mutant: &Mutant) -> anyhow::Result<bool> {
    let path: PathBuf = copy.join(&mutant.file);
    let before = std::fs::read_to_string(&path)?;
    write(&path, mutant.switched_off(&before)?.as_bytes())?;
    let tested = test(copy, &mutant.run);
    write(&path, before.as_bytes())?;
    let (passed, said) = tested?;
    anyhow::ensure!(
        passed || said.contains("test result: FAILED"),
        "{}: does not build:\n{said}",
        mutant.rule
    );
    let failed =
        |line: &str| line.starts_with("test ") && line.ends_with("FAILED") && line.contains(&mutant.test);
    Ok(said.lines().any(failed))
}

/// Whether `cargo test` passed, and what it said.
fn test(copy: &Path, run: &str) -> anyhow::Result<(bool, String)> {
    let manifest = copy.join("Cargo.toml");
    let manifest = manifest.to_string_lossy();
    let mut arguments = vec!["test", "--locked", "--no-fail-fast", "--manifest-path", &manifest];
    arguments.extend(run.split_whitespace());
    process::outcome("cargo", &arguments)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a copy of the project that is made anew")]
    std::fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
}
