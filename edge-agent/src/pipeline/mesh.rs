//! A plate of a grid as a mesh file, through `gridflock`.

use std::path::{Path, PathBuf};

use protocol::grid::GridSpec;

use super::StageError;
use crate::files;

/// A mesh on disk.
#[derive(Debug, Clone)]
pub(super) struct Mesh {
    /// The STL file.
    pub(super) path: PathBuf,
    /// Its solid volume, mm³.
    pub(super) volume_mm3: f64,
}

/// Plans the grid, makes one plate and writes it to `folder`. Takes up to a second: not for async threads.
///
/// # Errors
/// [`StageError::Grid`] with the planner's words.
pub(super) fn make(spec: &GridSpec, plate: &str, folder: &Path) -> Result<Mesh, StageError> {
    let failed = |why: String| StageError::Grid { plate: plate.to_owned(), why };
    let slot = plate.parse().map_err(|e: gridflock::plan::NotASlot| failed(e.to_string()))?;
    let plan = gridflock::plan(spec).map_err(|e| failed(e.to_string()))?;
    let mesh = gridflock::generate_plate(spec, &plan, slot).map_err(|e| failed(e.to_string()))?;
    let path = folder.join(format!("{plate}.stl"));
    let mut bytes = Vec::new();
    gridflock::write_stl(&mesh, &mut bytes).map_err(|e| failed(e.to_string()))?;
    files::write_atomic(&path, &bytes, true)?;
    Ok(Mesh { path, volume_mm3: mesh.volume_mm3() })
}
