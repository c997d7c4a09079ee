//! A simulated serial printer on a pty. Wiring and wording only.
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use peers::marlin::sim::Sim;
use peers::marlin::{Config, web};

/// Serial printer with Marlin 2.1 on a pty.
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Arguments {
    /// Where the link to the serial port is made.
    #[arg(long)]
    link: PathBuf,
    /// Speed of the line; 0 leaves out wire and reply time.
    #[arg(long, default_value_t = 0)]
    baud: u32,
    /// Times faster than a real printer (motion and heating only).
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Address of the control endpoint; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The board does not reset when its port is opened (native USB).
    #[arg(long)]
    no_reset_on_open: bool,
    /// Built with `EMERGENCY_PARSER`.
    #[arg(long)]
    emergency_parser: bool,
    /// Says `ok N12 P15 B3`.
    #[arg(long)]
    advanced_ok: bool,
    /// Milliseconds from reset to `start`.
    #[arg(long, default_value_t = 300)]
    boot_ms: u64,
    /// Klipper's rules and words instead of Marlin's.
    #[arg(long)]
    klipper: bool,
    /// Bed width in mm.
    #[arg(long, default_value_t = 300.0)]
    bed_x: f64,
    /// Bed depth in mm.
    #[arg(long, default_value_t = 300.0)]
    bed_y: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(arguments.speed > 0.0 && arguments.speed.is_finite(), "--speed must be above 0");
    let sim = Sim::start(Config {
        link: arguments.link,
        baud: arguments.baud,
        speed: arguments.speed,
        reset_on_open: !arguments.no_reset_on_open,
        emergency_parser: arguments.emergency_parser,
        advanced_ok: arguments.advanced_ok,
        boot_ms: arguments.boot_ms,
        klipper: arguments.klipper,
        bed_mm: [arguments.bed_x, arguments.bed_y],
    })?;
    web::serve(web::routes(sim.handle()), arguments.listen).await
}
