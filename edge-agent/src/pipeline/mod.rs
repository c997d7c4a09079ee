//! Specification → mesh → G-code → audit → artifact. Cached by content, one slice at a time, never near a printer.
//!
//! Success is never the slicer's word alone: exit 0, its line about the exported file, the file, and our own
//! [`audit`] (PrusaSlicer 2.9 ends with 0 and no file, or with a file that leaves the bed; measured).

pub mod audit;
pub mod engine;
mod error;
mod mesh;
pub mod pack;
mod slice;
mod task;
#[cfg(test)]
mod tests;

pub use error::StageError;
pub use task::{Pipeline, Request};

use std::path::Path;

use firmware_profiles::{Material, Profile};

use crate::files::{self, FileError};

/// Slices one model outside the queue: for the command line. Returns the G-code and what is known of it.
///
/// # Errors
/// [`StageError`].
pub async fn slice_model(
    engine: &engine::Engine,
    model: &Path,
    profile: &Profile,
    material: &Material,
) -> Result<(Vec<u8>, audit::Audited), StageError> {
    let folder = std::env::temp_dir().join(format!("edge-agent-slice-{}", std::process::id()));
    files::make_folder(&folder)?;
    let copy = folder.join("model.stl");
    std::fs::copy(model, &copy).map_err(FileError::of("copy", model))?;
    let sliced =
        slice::slice(engine, &folder, slice::Model { path: &copy, volume_mm3: None }, profile, material)
            .await;
    let result = sliced.and_then(|(gcode, known)| {
        let bytes = std::fs::read(&gcode).map_err(FileError::of("read", &gcode))?;
        Ok((bytes, known))
    });
    std::fs::remove_dir_all(&folder).map_err(FileError::of("remove", &folder))?;
    result
}
