//! Sendcloud on a loopback port. Wiring and wording only.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use peers::control;
use peers::sendcloud::{Config, Sendcloud};

/// Stand-in for Sendcloud.
#[derive(Parser)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Public key that requests must carry.
    #[arg(long, default_value = "sc_public")]
    public_key: String,
    /// Secret key that requests must carry.
    #[arg(long, default_value = "sc_secret")]
    secret_key: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { listen, public_key, secret_key } = Arguments::parse();
    let service = Sendcloud::new(Config { public_key, secret_key, ..Config::default() });
    control::run(service.routes(), service.control(), listen).await
}
