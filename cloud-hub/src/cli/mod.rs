//! The command line: arguments to wiring, answers to wording. Exit codes: 0 done, 2 bad usage or settings, 1 else.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the command line speaks on both")]

mod admin;
mod backup;
mod control;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::config::Config;
use crate::web::openapi;

/// Settings file that is read when none is named and it exists.
const DEFAULT_FILE: &str = "/etc/cloud-hub/config.toml";

/// The hub: shop orders in, print jobs out, labels and fulfilments back.
#[derive(Debug, Parser)]
#[command(name = "cloud-hub", version)]
struct Arguments {
    /// Settings file (TOML). Default: /etc/cloud-hub/config.toml, if it exists.
    #[arg(long, global = true, env = "CLOUD_HUB_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    All,
    Web,
    Worker,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves pages, API and agents, and works through inbox and outbox.
    Serve {
        /// Which part; on SQLite only `all`.
        #[arg(long, value_enum, default_value = "all")]
        role: Role,
    },
    /// Applies the database's migrations.
    Migrate {
        /// Only say what is missing; exit 1 if something is.
        #[arg(long)]
        check: bool,
    },
    /// Accounts, agents, shops and failed calls.
    Admin {
        #[command(subcommand)]
        wish: admin::Wish,
    },
    /// Looks at settings, database and outside services.
    Doctor,
    /// Writes a copy of the database, also while the hub runs; without sessions, tokens and the key of the secrets.
    Backup {
        /// A file that does not exist yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Prints the description of the API (`OpenAPI` 3.1, JSON), as at `/api/docs`.
    Openapi,
    /// Puts a backup in the place of the database. Nothing is handed out then before every agent was heard.
    Restore {
        /// What `backup` wrote.
        file: PathBuf,
    },
}

/// Runs the command.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    if matches!(arguments.command, Command::Openapi) {
        println!("{:#}", openapi::document());
        return ExitCode::SUCCESS;
    }
    let default = PathBuf::from(DEFAULT_FILE);
    let file = arguments.config.or_else(|| default.exists().then_some(default));
    let config = match Config::load(file.as_deref(), std::env::vars()) {
        Ok(config) => config,
        Err(faults) => {
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match arguments.command {
            Command::Serve { role: Role::All } => serve::serve(config).await,
            Command::Serve { role } => {
                eprintln!("--role {role:?}: a hub on SQLite is one process, so only --role all is possible");
                Ok(ExitCode::from(2))
            }
            Command::Migrate { check } => serve::migrate(&config, check),
            Command::Admin { wish } => admin::run(config, wish).await,
            Command::Openapi => Ok(ExitCode::SUCCESS), // Answered above: it needs no settings.
            Command::Doctor => serve::doctor(config).await,
            Command::Backup { out } => backup::backup(config, &out).await,
            Command::Restore { file } => backup::restore(config, &file).await,
        }
    });
    done.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}
