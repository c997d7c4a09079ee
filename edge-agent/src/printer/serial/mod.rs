//! Printers behind a serial port that are streamed to, line by line.
//!
//! Bytes ↔ lines ↔ meaning are pure modules without a clock: [`line`] (framing and what a job may contain),
//! [`classify`] (what a reply means), [`ack`] (window, acknowledgement, resend, lost oks). [`port`] is the only
//! file that does serial input and output.
pub mod ack;
pub mod classify;
pub mod line;
mod resend;
