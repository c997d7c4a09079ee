//! The commands: wiring and wording only. Exit codes: 0 done, 2 bad usage or bad input, 3 not possible, 1 anything else.

mod audit;
mod backup;
mod check_config;
mod db;
mod doctor;
mod explain;
mod profiles;
mod run;
mod sandbox_exec;
mod slice;
mod support;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::config::{self, Config};

/// Bad usage or bad input.
const BAD_INPUT: u8 = 2;
/// Not possible with these inputs.
const NOT_POSSIBLE: u8 = 3;

/// Runs the printers of one site, with or without the internet.
#[derive(Debug, Parser)]
#[command(
    name = "edge-agent",
    version,
    after_help = "Examples:
  edge-agent check-config --config /etc/edge-agent/config.toml
  edge-agent enrol --hub https://hub.example.com --code KX4T-9WMB
  edge-agent pair --role operator
  edge-agent doctor
  edge-agent backup --out /mnt/stick/agent-2026-11-26.db"
)]
struct Arguments {
    /// The settings file.
    #[arg(long, global = true, env = "EDGE_AGENT_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the agent (the service does this).
    Run,
    /// Check the settings and say everything that is wrong with them.
    CheckConfig,
    /// Connect this agent to a hub with a one-time code from the hub's page or `cloud-hub admin agent code`.
    Enrol {
        /// The hub's address.
        #[arg(long)]
        hub: url::Url,
        /// The code.
        #[arg(long)]
        code: String,
    },
    /// Print a one-time code that lets a browser or device in.
    Pair {
        /// What it may do.
        #[arg(long, default_value = "operator", value_parser = ["operator", "admin"])]
        role: String,
    },
    /// Print every guard, evidence and decision of one attempt.
    Explain {
        /// INCARNATION/NUMBER, as the printer's page shows it.
        attempt: protocol::ids::AttemptNo,
    },
    /// Slice a model in the sandbox and check the G-code.
    Slice {
        /// An STL file.
        model: PathBuf,
        /// Printer model: `creality/ender-3`.
        #[arg(long)]
        profile: String,
        /// Material: `PLA`.
        #[arg(long)]
        material: String,
        /// Where to write the G-code.
        #[arg(long)]
        out: PathBuf,
    },
    /// Check G-code as before a print and print what is known of it as JSON.
    Audit {
        /// The G-code.
        gcode: PathBuf,
        /// Printer model.
        #[arg(long)]
        profile: String,
        /// Material.
        #[arg(long, default_value = "PLA")]
        material: String,
    },
    /// Known printer models.
    #[command(subcommand)]
    Profiles(profiles::Profiles),
    /// Look at everything that the agent needs, and say what to do where something is missing.
    Doctor,
    /// Write a copy of the ledger, also while the agent runs.
    Backup {
        /// A file that does not exist yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Begin a new life from a copy of the ledger. Every bed is to be looked at then.
    Restore {
        /// What `backup` wrote.
        file: PathBuf,
    },
    /// The ledger's health.
    #[command(subcommand)]
    Db(db::Db),
    /// Write one file for somebody who helps: settings, health, prints. No secret is in it.
    SupportBundle {
        /// A file that does not exist yet: `bundle.zip`.
        #[arg(long)]
        out: PathBuf,
    },
    #[command(hide = true)]
    SandboxExec(sandbox_exec::SandboxExec),
}

/// A command that did not succeed, with its exit code.
#[derive(Debug)]
pub(crate) struct Failed {
    code: u8,
    text: String,
}

impl Failed {
    fn bad_input(text: impl Into<String>) -> Self {
        Self { code: BAD_INPUT, text: text.into() }
    }
    /// Something is wrong with what is there, and nothing with what was asked.
    fn damaged(text: impl Into<String>) -> Self {
        Self { code: 1, text: text.into() }
    }
    fn not_possible(text: impl Into<String>) -> Self {
        Self { code: NOT_POSSIBLE, text: text.into() }
    }
}

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            text.push_str(&format!(": {next}"));
            cause = next.source();
        }
        Self { code: 1, text }
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => {
            let code = if usage.use_stderr() { BAD_INPUT } else { 0 };
            drop(usage.print());
            return ExitCode::from(code);
        }
    };
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            print_error(&failed.text);
            ExitCode::from(failed.code)
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<(), Failed> {
    let config = arguments.config;
    match arguments.command {
        Command::Run => run::run(&settings(config)?),
        Command::CheckConfig => check_config::check(&settings(config)?),
        Command::Enrol { hub, code } => run::enrol(&settings(config)?, hub, &code),
        Command::Pair { role } => run::pair(&settings(config)?, &role),
        Command::Explain { attempt } => explain::explain(&settings(config)?, attempt),
        Command::Slice { model, profile, material, out } => {
            slice::slice(&settings(config)?, &model, (&profile, &material), &out)
        }
        Command::Audit { gcode, profile, material } => {
            audit::audit(&settings(config)?, &gcode, (&profile, &material))
        }
        Command::Profiles(what) => profiles::profiles(&settings(config)?, &what),
        Command::Doctor => doctor::doctor(&settings(config)?),
        Command::Backup { out } => backup::backup(&settings(config)?, &out),
        Command::Restore { file } => backup::restore(&settings(config)?, &file),
        Command::Db(what) => db::run(&settings(config)?, &what),
        Command::SupportBundle { out } => support::bundle(&settings(config)?, &out),
        Command::SandboxExec(it) => sandbox_exec::enter(&it),
    }
}

/// The settings: `--config`, else the default file if it is there, else the environment alone.
fn settings(file: Option<PathBuf>) -> Result<Config, Failed> {
    let file = file.or_else(|| Some(PathBuf::from(config::DEFAULT_FILE)).filter(|p| p.exists()));
    Config::load(file.as_deref(), Config::environment()).map_err(|faults| {
        let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
        Failed::bad_input(lines.join("\n"))
    })
}

#[expect(clippy::print_stderr, reason = "the one place that writes errors for the person at the terminal")]
fn print_error(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "the one place that writes results for the person at the terminal")]
fn print_line(text: &str) {
    println!("{text}");
}

/// This program, to be started again as the inside of a cage.
fn this_program() -> Result<PathBuf, Failed> {
    Ok(std::env::current_exe()?)
}
