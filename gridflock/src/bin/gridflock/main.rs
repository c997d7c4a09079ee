//! The `gridflock` command: reads parameters, writes files, words errors. It knows no geometry.
//!
//! Exit codes: 0 done, 2 bad usage or bad input (the message names the field), 3 not possible with these inputs (the
//! message says what would be), 1 anything else.

mod args;
mod clock;
mod commands;
mod failure;
mod files;
mod link;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to stdout with 0, misuse to stderr with 2. A closed terminal is no reason to fail.
            let _shown = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match commands::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _shown = writeln!(std::io::stderr(), "gridflock: {failure}");
            ExitCode::from(failure.code())
        }
    }
}
