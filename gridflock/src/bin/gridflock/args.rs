//! What can be typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Cuts gridfinity drawer grids into plates that fit a printer, and makes them.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the plan: columns, rows, plates with their slots, outer sizes and padding.
    Plan {
        #[command(flatten)]
        source: Source,
        /// Print the plan as JSON, as in plan.json.
        #[arg(long)]
        json: bool,
    },
    /// Write all plates and plan.json into a folder.
    Generate {
        #[command(flatten)]
        source: Source,
        /// Folder for the files; made if it is missing.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// One STL per plate, or one 3MF with all.
        #[arg(long, value_enum, default_value = "stl")]
        format: Format,
        /// Plates made at the same time.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
        threads: u8,
        /// Print how long each step took, on stderr.
        #[arg(long)]
        timing: bool,
    },
    /// Draw the plan (.svg), or the assembled grid to look at (.png shaded picture, .stl).
    Preview {
        #[command(flatten)]
        source: Source,
        /// File to write; its ending says what.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Look from below (.png).
        #[arg(long)]
        below: bool,
        /// Show one plate by its slot, with its connectors and number, or `stack` (.png, .stl); else the assembled grid.
        #[arg(long, value_name = "SLOT")]
        plate: Option<String>,
    },
    /// Write the assembly guide, one page: plates by name, magnets, weight (.svg or .pdf).
    Guide {
        #[command(flatten)]
        source: Source,
        /// File to write; its ending says what.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Write small parts to try connectors and magnets with, in graded clearances, and a picture of them.
    Coupon {
        #[command(flatten)]
        source: Source,
        /// Folder for the files; made if it is missing.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Print the readable SKU and the grid key.
    Sku {
        #[command(flatten)]
        source: Source,
    },
    /// Print the JSON schema of parameter files.
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct Source {
    /// JSON file with grid parameters (all optional, in mm); `-` for standard input.
    #[arg(value_name = "PARAMS.json", required_unless_present = "from_link", conflicts_with = "from_link")]
    pub(crate) params: Option<PathBuf>,
    /// Take the parameters from a share link of the original's web page.
    #[arg(long, value_name = "URL")]
    pub(crate) from_link: Option<String>,
    /// Reproduce the original generator, its planner and quirks included.
    #[arg(long)]
    pub(crate) upstream_exact: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Stl,
    #[value(name = "3mf")]
    ThreeMf,
}
