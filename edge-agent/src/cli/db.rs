//! `edge-agent db …`: is the ledger sound, and what can be read of one that is not.

use std::path::PathBuf;

use super::{Failed, print_line};
use crate::{config::Config, db};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Db {
    /// Check every page and every reference, also while the agent runs.
    Check,
    /// Write what can still be read of a damaged ledger, one file of JSON lines per table.
    Salvage {
        /// A folder that does not exist yet.
        #[arg(long)]
        out: PathBuf,
    },
}

pub(super) fn run(config: &Config, what: &Db) -> Result<(), Failed> {
    let ledger = config.site.data_dir.join("ledger.db");
    if !ledger.exists() {
        return Err(Failed::not_possible(format!("there is no ledger at {}", ledger.display())));
    }
    match what {
        Db::Check => {
            let findings = db::check(&ledger)?;
            if findings.is_empty() {
                print_line(&format!("{}: sound", ledger.display()));
                return Ok(());
            }
            let next = "Stop the agent, put a backup in its place (edge-agent restore FILE), or read what is left (edge-agent db salvage).";
            Err(Failed::damaged(format!("{}: damaged\n{}\n{next}", ledger.display(), findings.join("\n"))))
        }
        Db::Salvage { out } => {
            if out.exists() {
                return Err(Failed::bad_input(format!("--out: {} exists; give a new folder", out.display())));
            }
            for it in db::salvage(&ledger, out)? {
                let note = if it.is_whole { "" } else { " (rows between are lost)" };
                print_line(&format!("{}: {} rows{note}", it.table, it.rows_n));
            }
            Ok(())
        }
    }
}
