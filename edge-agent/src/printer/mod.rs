//! Printers: one task per printer that owns its connection; everybody else holds a [`PrinterHandle`].
//!
//! This module knows no SQL and opens no listening port. It never starts a print by itself: it executes a
//! start order at most once and reports evidence; what the evidence proves is decided by `protocol::attempt`.
pub mod serial;
