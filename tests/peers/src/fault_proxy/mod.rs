//! A bad line between two real ends: TCP ([`tcp`]) or serial ([`serial`], pty to device), with the same control endpoint
//! ([`web`]). [`mangle`] is the pure part: what happens to bytes and lines. Random faults repeat with their seed.
pub mod mangle;
pub mod serial;
pub mod tcp;
pub mod web;
