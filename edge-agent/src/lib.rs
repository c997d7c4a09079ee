//! The daemon beside the printers.
