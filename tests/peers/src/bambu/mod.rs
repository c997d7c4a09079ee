//! A printer that owns its jobs, as Bambu Lab's do on the LAN: a real mosquitto with TLS (certificate CN = serial, no
//! SAN), a real FTPS server, and the printer behind them, which executes the G-code of a `.gcode.3mf` with the same
//! accounting as every simulated printer.
//!
//! `certs` (the vendor's CA stand-in and the leaf), `child` (processes that end with us), `broker`, `ftps`,
//! [`machine`] (the printer, driven with a time of its own), [`report`] (status, full and delta), [`sim`] (the thread),
//! [`web`] (control).
mod broker;
mod certs;
mod child;
mod ftps;
pub mod machine;
pub mod report;
pub mod sim;
pub mod web;

/// What kind of printer is simulated, and how fast.
#[derive(Debug, Clone)]
pub struct Config {
    /// Serial number: the certificate's name and part of the topics.
    pub serial: String,
    /// The password of user `bblp`.
    pub access_code: String,
    /// How many times faster than a real printer it moves and heats.
    pub speed: f64,
    /// Reports only what changed (P1, A1); else everything each time (X1).
    pub deltas: bool,
    /// Time from the start command to RUNNING, in ms of real time.
    pub prepare_ms: u64,
    /// Bed size in mm.
    pub bed_mm: [f64; 2],
    /// Port of the broker; 0 takes a free one.
    pub mqtt_port: u16,
    /// Port of the FTPS server; 0 takes a free one.
    pub ftps_port: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            serial: "01P00A000000001".to_owned(),
            access_code: "12345678".to_owned(),
            speed: 1.0,
            deltas: true,
            prepare_ms: 500,
            bed_mm: [256.0, 256.0],
            mqtt_port: 0,
            ftps_port: 0,
        }
    }
}
