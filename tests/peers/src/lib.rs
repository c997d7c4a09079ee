//! Simulated printers and stand-ins.
