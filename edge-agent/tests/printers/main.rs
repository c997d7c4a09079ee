//! Drivers against simulated printers that count what they really did, over real ptys, real MQTT and real FTPS.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod bench;
mod board;
mod commands;
mod faults;
mod http;
mod klipper;
mod mqtt;
mod serial;
