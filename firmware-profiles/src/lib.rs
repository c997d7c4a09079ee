//! Profiles of firmwares, MQTT dialects, printer models, slicer settings and materials: data first, code second.
//!
//! Everything a driver must know about a printer and cannot ask it for is a figure in `data/`, each with the
//! `source` it was taken from. The files are compiled in; a directory of the owner may replace or add files.
//! Loading refuses unknown keys, missing fields and absurd values, and reports all faults of all files at once with
//! file and line. This crate never opens a port, never talks to a printer and never reads a clock.
//!
//! Reading order: [`error`] (what can be wrong), `read` and `files` (raw tables with line numbers),
//! [`firmware`], [`dialect`], [`printer`], [`material`] (meaning), [`library`] (all of them, checked against each
//! other).
pub mod dialect;
pub mod error;
mod files;
pub mod firmware;
pub mod library;
pub mod material;
pub mod printer;
mod read;
mod schema;
mod slicer;

pub use dialect::{Dialect, HttpDialect, HttpKind};
pub use error::{Fault, Faults};
pub use firmware::{AckStrategy, Firmware};
pub use library::Library;
pub use material::Material;
pub use printer::{Area, Control, Profile, ProfileId, Verified};
