//! `backup` and `restore`: a whole copy of the database, and a new life of the hub from one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::admin::{self, Wish};
use super::serve::take_lock;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::files;
use crate::hub::Hub;
use crate::store::sqlite::adopt_copy;

/// Bad usage or bad input.
const BAD_INPUT: u8 = 2;

fn bad_input(words: &str) -> ExitCode {
    eprintln!("{words}");
    ExitCode::from(BAD_INPUT)
}

pub(super) async fn backup(config: Config, out: &Path) -> anyhow::Result<ExitCode> {
    let out = std::path::absolute(out)?;
    if out.exists() {
        let words = format!("--out: {} exists; a backup never overwrites a file", out.display());
        return Ok(bad_input(&words));
    }
    admin::run(config, Wish::Backup { out }).await
}

/// Puts a backup in the place of the database. The hub must not run. What was there is kept beside it.
pub(super) async fn restore(config: Config, file: &Path) -> anyhow::Result<ExitCode> {
    let Some(_lock) = take_lock(&config)? else {
        bail!("a hub runs on {}: stop it first", config.hub.data_dir.display());
    };
    let database = config.hub.database.clone();
    let (part, kept) = (with_suffix(&database, ".restore"), with_suffix(&database, ".before-restore"));
    if kept.exists() {
        let words = format!("{} is still there from a restore before: move it away first", kept.display());
        return Ok(bad_input(&words));
    }
    files::copy(file, &part).with_context(|| format!("cannot copy {}", file.display()))?;
    // What cannot be read as a database is none.
    if !adopt_copy(&part).unwrap_or(false) {
        std::fs::remove_file(&part).with_context(|| format!("cannot remove {}", part.display()))?;
        let words = format!("{} is no whole database of a hub; nothing was changed", file.display());
        return Ok(bad_input(&words));
    }
    for ending in ["", "-wal", "-shm"] {
        let (from, to) = (with_suffix(&database, ending), with_suffix(&kept, ending));
        if from.exists() {
            std::fs::rename(&from, &to).with_context(|| format!("cannot keep {}", from.display()))?;
        }
    }
    files::rename(&part, &database).with_context(|| format!("cannot put {} in place", database.display()))?;
    // Opening notices that the file is a copy, and begins the new life.
    let hub = Hub::open(config, Arc::new(SystemClock)).await?;
    hub.store.audit("command line".into(), "restored", file.display().to_string(), String::new()).await?;
    let agents = hub.store.agents(hub.tenant).await?;
    let names: Vec<_> = agents.iter().filter(|a| a.is_quarantined).map(|a| a.name.as_str()).collect();
    println!("restored {}; what was there is kept as {}", file.display(), kept.display());
    if !names.is_empty() {
        println!(
            "Start the hub. It hands out nothing before these agents have said what they hold: {}.\n\
             One that will never come back: cloud-hub admin quarantine release ID",
            names.join(", ")
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
