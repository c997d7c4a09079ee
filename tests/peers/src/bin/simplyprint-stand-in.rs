//! SimplyPrint on a loopback port. Wiring and wording only.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use peers::control;
use peers::simplyprint::{Config, SimplyPrint};

/// Stand-in for SimplyPrint.
#[derive(Parser)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Key that requests must carry.
    #[arg(long, default_value = "sp_key")]
    api_key: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { listen, api_key } = Arguments::parse();
    let service = SimplyPrint::new(Config { api_key });
    control::run(service.routes(), service.control(), listen).await
}
