//! `make bench`: what the product costs, measured on release binaries through public doors, one table at the end.
//!
//! Ends with 1 when a figure is out of its bound. The figures of record stand in `docs/benchmarks.md`.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod agent;
mod grid;
mod orders;
mod report;
mod serial;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use report::Report;

/// Measures the product.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only measurements whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    #[command(subcommand)]
    part: Option<Part>,
}

/// Parts that run as a process of their own, so that their work is not counted.
#[derive(Debug, Subcommand)]
enum Part {
    /// Sends signed webhooks and prints what it saw as JSON.
    SendWebhooks(webhooks::Sending),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.part {
        Some(Part::SendWebhooks(sending)) => webhooks::send(&sending).await.map(|()| true),
        None => measure(&arguments.only).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("bench: failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was asked for, prints the table, and tells whether every figure is within its bound.
async fn measure(only: &str) -> anyhow::Result<bool> {
    let mut report = Report::default();
    let is_wanted = |name: &str| name.contains(only);
    if is_wanted("grid") {
        grid::measure(&mut report)?;
    }
    if is_wanted("agent") {
        agent::measure(&mut report).await?;
    }
    if is_wanted("serial") {
        serial::measure(&mut report).await?;
    }
    if is_wanted("orders") {
        orders::measure(&mut report).await?;
    }
    if is_wanted("webhooks") {
        webhooks::measure(&mut report).await?;
    }
    println!("\n{report}");
    Ok(report.is_within_bounds())
}
