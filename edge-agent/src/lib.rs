//! The daemon beside the printers.

pub mod printer;
