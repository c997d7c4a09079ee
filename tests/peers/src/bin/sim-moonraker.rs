//! A simulated printer that owns its jobs and speaks HTTP. Wiring and wording only.
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use peers::http::{Config, moonraker};

/// Printer behind moonraker.
#[derive(Parser)]
struct Arguments {
    /// Where it listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Times faster than a real printer (motion and heating only).
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Password or API key; none asks for nothing.
    #[arg(long)]
    password: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { listen, speed, password } = Arguments::parse();
    anyhow::ensure!(speed > 0.0 && speed.is_finite(), "--speed must be above 0");
    let (handle, routes) = moonraker::new(Config { speed, password, ..Config::default() });
    let control = handle.control.clone();
    peers::control::run(control.wrap(routes), control, listen).await
}
