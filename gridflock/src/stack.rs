//! All plates of a grid in one stack, to be printed at once and taken apart.
//!
//! The largest plate is at the bottom. All are aligned at the south-west corner of their cells, as in the original; the
//! distance between two is a whole number of layers.

use crate::error::GenerateError;
use crate::feature::{Detail, Site};
use crate::generate::in_own_frame;
use crate::plan::{Plan, Plate};
use crate::shape::coordinate;
use crate::solid::Mesh;
use protocol::grid::{Flip, GridSpec, Stack};

/// Makes the stack of a specification that wants one, standing on z = 0.
///
/// # Errors
/// `NotStacked` if it wants none; otherwise as [`crate::generate_plate`].
pub fn generate_stack(spec: &GridSpec, plan: &Plan) -> Result<Mesh, GenerateError> {
    let stack = spec.stack().ok_or(GenerateError::NotStacked)?;
    let mut plates: Vec<&Plate> = plan.plates.iter().collect();
    let area = |plate: &&Plate| plate.size.x.tenths_um() * plate.size.y.tenths_um();
    plates.sort_by_key(|plate| std::cmp::Reverse(area(plate)));
    let mut all = Mesh::default();
    let mut place = 0;
    for plate in plates {
        let mesh = in_own_frame(Site::new(spec, plan, plate, Detail::Full))?;
        for _ in 0..stack.duplicates {
            let flip = if place == 0 { stack.flip_first } else { stack.flip };
            let mut mesh = mesh.clone();
            lay(&mut mesh, plan, plate, flip);
            let [low, high] = mesh.bounds();
            let z = place * pitch(&stack, high[2] - low[2]) - low[2];
            mesh.map(|[x, y, at]| [x, y, at + z]);
            all.append(&mesh);
            place += 1;
        }
    }
    Ok(all)
}

/// From the bottom of one plate to that of the next.
fn pitch(stack: &Stack, height: i32) -> i32 {
    let layer = stack.layer_height.tenths_um();
    // The gap is in ten-thousandths of a layer, a length in ten-thousandths of a millimetre.
    let layers = (i64::from(height) * 10_000 + stack.gap_min.tenths_um() * layer).div_euclid(layer * 10_000);
    let is_whole = (i64::from(height) * 10_000 + stack.gap_min.tenths_um() * layer) % (layer * 10_000) == 0;
    coordinate((layers + i64::from(!is_whole)) * layer)
}

/// Turns a plate over about the middle of its cells.
fn lay(mesh: &mut Mesh, plan: &Plan, plate: &Plate, flip: Flip) {
    let ([first_x, first_y], [cells_x, cells_y]) = (plate.first_cell, plate.cells);
    let (x, y) = (
        coordinate(plan.axes.x.span(first_x, first_x + cells_x)),
        coordinate(plan.axes.y.span(first_y, first_y + cells_y)),
    );
    match flip {
        Flip::None => {}
        Flip::AboutY => mesh.map(|[px, py, pz]| [x - px, py, -pz]),
        Flip::AboutX => mesh.map(|[px, py, pz]| [px, y - py, -pz]),
    }
}
