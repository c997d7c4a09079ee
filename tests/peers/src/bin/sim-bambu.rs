//! A simulated printer that owns its jobs: MQTT, FTPS and the machine behind them. Wiring and wording only.
use std::net::SocketAddr;

use clap::Parser;
use peers::bambu::sim::Sim;
use peers::bambu::{Config, web};
use peers::marlin::web::serve;

/// Printer with MQTT and FTPS, as Bambu Lab's on the LAN.
#[derive(Parser)]
struct Arguments {
    /// Address of the control endpoint; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Port of the broker; 0 takes a free one (see `GET /__control/state`).
    #[arg(long, default_value_t = 0)]
    mqtt_port: u16,
    /// Port of the FTPS server; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    ftps_port: u16,
    /// Serial number.
    #[arg(long, default_value = "01P00A000000001")]
    serial: String,
    /// Access code.
    #[arg(long, default_value = "12345678")]
    access_code: String,
    /// Times faster than a real printer (motion and heating only).
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Reports everything each time, as an X1 does.
    #[arg(long)]
    full_reports: bool,
    /// Milliseconds from the start command to RUNNING.
    #[arg(long, default_value_t = 1_000)]
    prepare_ms: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(arguments.speed > 0.0 && arguments.speed.is_finite(), "--speed must be above 0");
    let config = Config {
        serial: arguments.serial,
        access_code: arguments.access_code,
        speed: arguments.speed,
        deltas: !arguments.full_reports,
        prepare_ms: arguments.prepare_ms,
        mqtt_port: arguments.mqtt_port,
        ftps_port: arguments.ftps_port,
        ..Config::default()
    };
    let sim = tokio::task::spawn_blocking(move || Sim::start(config)).await??;
    serve(web::routes(sim.handle()), arguments.listen).await
}
