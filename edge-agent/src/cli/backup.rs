//! `edge-agent backup` and `restore`: a copy of the ledger, and a new life of the agent from one.

use std::path::{Path, PathBuf};

use super::{Failed, print_line};
use crate::{
    clock::Clock,
    config::Config,
    control, db, files,
    ledger::{self, Ledger},
};

/// The ledger below the data directory.
const LEDGER: &str = "ledger.db";

pub(super) fn backup(config: &Config, out: &Path) -> Result<(), Failed> {
    let out = std::path::absolute(out)?;
    if out.exists() {
        return Err(Failed::bad_input(format!(
            "--out: {} exists; a backup never overwrites a file",
            out.display()
        )));
    }
    let ledger = config.site.data_dir.join(LEDGER);
    if !ledger.exists() {
        let text = format!("{} does not exist: no agent has run with these settings yet", ledger.display());
        return Err(Failed::not_possible(text));
    }
    db::copy(&ledger, &out)?;
    ledger::copy::mark(&out)?;
    remove_beside(&out)?;
    let key = config.site.data_dir.join("agent.key");
    print_line(&format!("wrote {}; the agent's key {} is not in it", out.display(), key.display()));
    Ok(())
}

/// What opening a database leaves beside it.
fn remove_beside(file: &Path) -> Result<(), Failed> {
    for ending in ["-wal", "-shm"] {
        let beside = with(file, ending);
        if beside.exists() {
            std::fs::remove_file(beside)?;
        }
    }
    Ok(())
}

fn with(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Puts a copy in the place of the ledger. The agent must not run; what was there is kept beside it.
pub(super) fn restore(config: &Config, file: &Path) -> Result<(), Failed> {
    let data_dir = &config.site.data_dir;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _lock = runtime.block_on(control::lock(data_dir)).map_err(|busy| match busy {
        control::ControlError::Busy(_) => {
            Failed::not_possible(format!("an agent runs on {}: stop it first", data_dir.display()))
        }
        other => other.into(),
    })?;
    let ledger = data_dir.join(LEDGER);
    let (part, kept) = (with(&ledger, ".restore"), with(&ledger, ".before-restore"));
    if kept.exists() {
        let text = format!("{} is still there from a restore before: move it away first", kept.display());
        return Err(Failed::bad_input(text));
    }
    let no_copy = || {
        Failed::bad_input(format!("{} is no whole ledger of an agent; nothing was changed", file.display()))
    };
    if !file.is_file() {
        return Err(no_copy());
    }
    std::fs::copy(file, &part)?;
    files::make_private(&part)?;
    let is_whole =
        db::check(&part).is_ok_and(|findings| findings.is_empty()) && ledger::copy::mark(&part).is_ok();
    remove_beside(&part)?;
    if !is_whole {
        std::fs::remove_file(&part)?;
        return Err(no_copy());
    }
    for ending in ["", "-wal", "-shm"] {
        let (from, to) = (with(&ledger, ending), with(&kept, ending));
        if from.exists() {
            std::fs::rename(from, to)?;
        }
    }
    std::fs::rename(&part, &ledger)?;
    files::sync_folder(data_dir)?;
    // Opening notices that the file is a copy, and begins the new life.
    let (opened, writer) = Ledger::open(data_dir, Clock::of_this_machine())?;
    drop(opened);
    drop(writer.join());
    print_line(&format!(
        "restored {}; what was there is kept as {}\nStart the agent. Every bed is to be looked at before it is used; prints that were under way are Unknown{}.",
        file.display(),
        kept.display(),
        if config.hub.is_some() { "; nothing starts before the hub has answered" } else { "" }
    ));
    Ok(())
}
