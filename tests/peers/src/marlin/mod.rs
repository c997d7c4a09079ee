//! A printer with Marlin 2.1 behind a serial port: receiver, command queue, planner, heaters, kill and reset, as real
//! boards behave (texts and rules observed with Marlin 2.1.2.1).
//!
//! [`receive`] (line numbers, checksums, the emergency parser), [`firmware`] (commands, planner, heat, words),
//! [`klipper`] (what another firmware does differently), [`card`] (the SD card), [`pty`] (the port), [`sim`] (the thread that runs it all), [`faults`] and [`web`] (control).
//! Speeding it up scales motion and heating only: busy, automatic reports, M85 and boot take real time.
pub mod card;
mod commands;
pub mod faults;
pub mod firmware;
pub mod klipper;
pub mod pty;
pub mod receive;
pub mod sim;
pub mod web;

use std::path::PathBuf;

/// What kind of board is simulated, and how fast.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "how the board was built, each independent of the others")]
pub struct Config {
    /// Where the link to the pty is made.
    pub link: PathBuf,
    /// Speed of the line; 0 leaves out wire and reply time.
    pub baud: u32,
    /// How many times faster than a real printer it moves and heats.
    pub speed: f64,
    /// Opening the port resets the board.
    pub reset_on_open: bool,
    /// Built with `EMERGENCY_PARSER`; the receive ring is then 1024 bytes instead of 128.
    pub emergency_parser: bool,
    /// `ok N12 P15 B3` instead of `ok`.
    pub advanced_ok: bool,
    /// Time from reset to `start`, in ms of real time.
    pub boot_ms: u64,
    /// Bed size in mm.
    pub bed_mm: [f64; 2],
    /// Klipper's rules and words instead of Marlin's (see [`klipper`]).
    pub klipper: bool,
}

impl Config {
    /// A board that resets on open, as fast as a real one, with a 300 mm bed.
    #[must_use]
    pub fn new(link: PathBuf) -> Self {
        Self {
            link,
            baud: 0,
            speed: 1.0,
            reset_on_open: true,
            emergency_parser: false,
            advanced_ok: false,
            boot_ms: 300,
            bed_mm: [300.0, 300.0],
            klipper: false,
        }
    }
}

#[cfg(test)]
mod tests;
