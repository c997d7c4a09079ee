//! `edge-agent audit`: the G-code gate alone.

use std::path::Path;

use super::{Failed, print_line, profiles};
use crate::config::Config;
use crate::pipeline::{StageError, audit};

pub(super) fn audit(config: &Config, gcode: &Path, (profile, material): (&str, &str)) -> Result<(), Failed> {
    let library = profiles::library(config)?;
    let (profile, material) =
        (profiles::profile(&library, profile)?, profiles::material(&library, material)?);
    match audit::file(gcode, profile, material, None) {
        Ok(known) => {
            print_line(&serde_json::to_string_pretty(&known)?);
            Ok(())
        }
        Err(StageError::Audit(faults)) => {
            print_line(&serde_json::to_string_pretty(&serde_json::json!({ "faults": faults }))?);
            Err(Failed::not_possible(format!("{} must not be printed", gcode.display())))
        }
        Err(other) => Err(Failed::bad_input(other.to_string())),
    }
}
