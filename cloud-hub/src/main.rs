//! The hub's command. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    cloud_hub::cli::run()
}
