//! `edge-agent`: arguments in, an exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    edge_agent::cli::main()
}
