//! A bad line between two real ends. Wiring and wording only.
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use peers::fault_proxy::{serial::Cable, tcp::Proxy, web};
use peers::marlin::web::{say, serve};

/// Delays, cuts, damages what passes.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    line: Line,
}

#[derive(Subcommand)]
enum Line {
    /// TCP. The first line on stdout says where clients connect, the second where the control endpoint is.
    Tcp {
        /// Where clients connect; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// The real server.
        #[arg(long)]
        to: SocketAddr,
        /// Address of the control endpoint; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        control: SocketAddr,
    },
    /// Serial. The first line on stdout says where the control endpoint is.
    Serial {
        /// Where the host's end is made.
        #[arg(long)]
        link: PathBuf,
        /// The printer's device.
        #[arg(long)]
        tty: PathBuf,
        /// Speed of the line; 0 is no limit.
        #[arg(long, default_value_t = 0)]
        baud: u32,
        /// Seed of random damage.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Address of the control endpoint; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().line {
        Line::Tcp { listen, to, control } => {
            let (proxy, address) = Proxy::start(listen, to)?;
            say(&format!("listening on {address}"));
            serve(web::tcp_routes(proxy), control).await
        }
        Line::Serial { link, tty, baud, seed, listen } => {
            let cable = Cable::start(link, tty, baud, seed)?;
            serve(web::serial_routes(cable.handle()), listen).await
        }
    }
}
