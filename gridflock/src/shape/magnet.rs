//! Press-fit magnets: a frame in the corner of a cell, a slot from the cell's middle, and a slot to push it out again.
//!
//! Frame of a corner: origin at the cell's corner, x and y into the cell (turned for the other corners). The axis of a
//! magnet is 8 mm from both sides (gridfinity: 0.25 + 2.15 + 0.8 + 4.8).

use super::boolean::{intersection, union};
use super::pocket::Cell;
use super::{Contour, Point, circle, from_mm, on_circle, rectangle};
use protocol::grid::{Magnets, PITCH};

const AXIS_MM: f64 = 8.0;
/// The original's release slot ends this far beyond the hole, whatever the border.
const RELEASE_MM: f64 = 2.0;

/// Everything that magnets change on a plate.
#[derive(Debug, Default)]
pub(crate) struct MagnetShapes {
    /// Solid from the bottom up to the profile.
    pub(crate) frames: Vec<Contour>,
    /// Holes for the magnets.
    pub(crate) slots: Vec<Contour>,
    /// Slots to push them out.
    pub(crate) releases: Vec<Contour>,
}

/// Adds the magnets of one cell. A cell that is too small for a whole frame gets none: its hole would cut into the
/// neighbour.
pub(crate) fn add_cell(shapes: &mut MagnetShapes, cell: Cell, magnets: Magnets) {
    let (width, depth) = (cell.high.x - cell.low.x, cell.high.y - cell.low.y);
    let reach_mm = magnets.diameter.mm() / 2.0 + magnets.border.mm();
    let frame_mm = AXIS_MM + reach_mm;
    if width.min(depth) < from_mm(frame_mm) {
        return;
    }
    let pitch = super::coordinate(PITCH.tenths_um());
    let (narrow, shallow) = (width < pitch, depth < pitch);
    // Towards the cell's middle, or along the longer side where a cell is not as wide as deep.
    let diagonal = (width == pitch && depth == pitch) || (narrow && shallow);
    let direction = if diagonal { 5 } else { 0 };
    let corners = [
        (Point::new(cell.low.x, cell.low.y), !narrow),
        (Point::new(cell.high.x, cell.low.y), !shallow),
        (Point::new(cell.high.x, cell.high.y), !narrow),
        (Point::new(cell.low.x, cell.high.y), narrow || !shallow),
    ];
    let within = [rectangle(cell.low, cell.high)];
    for (quarters, (corner, _)) in (0..4).zip(corners).filter(|(_, (_, used))| *used) {
        let moved = |contour: Contour| -> Contour {
            contour.into_iter().map(|p| corner.plus(p.turned(quarters))).collect()
        };
        shapes.frames.push(moved(frame(frame_mm, reach_mm)));
        let slot = moved(slot(magnets.diameter.mm() / 2.0, reach_mm, direction));
        shapes.slots.extend(intersection(&[slot], &within));
        if let Some(release) = magnets.release_width {
            let length_mm = magnets.diameter.mm() / 2.0 + RELEASE_MM;
            let slot = release_slot(release.mm() / 2.0, length_mm, direction);
            shapes.releases.extend(intersection(&slot.into_iter().map(moved).collect::<Vec<_>>(), &within));
        }
    }
}

/// Two rectangles along the sides and a round end around the axis.
fn frame(frame_mm: f64, reach_mm: f64) -> Contour {
    let (far, axis) = (from_mm(frame_mm), from_mm(AXIS_MM));
    let centre = Point::new(axis, axis);
    let arc = (0..=super::QUARTER_STEPS).map(|step| centre.plus(on_circle(reach_mm, step)));
    let mut contour = vec![Point::new(0, 0), Point::new(far, 0)];
    contour.extend(arc);
    contour.push(Point::new(0, far));
    contour
}

/// A circle, open towards `direction` (× 9°).
fn slot(radius_mm: f64, length_mm: f64, direction: i32) -> Contour {
    let centre = from_mm(AXIS_MM);
    let centre = Point::new(centre, centre);
    // Half a circle away from the direction, then straight on.
    let half = (direction + 10..=direction + 30).map(|step| centre.plus(on_circle(radius_mm, step)));
    let ahead = on_circle(length_mm, direction);
    let mut contour: Contour = half.collect();
    contour.push(centre.plus(ahead).plus(on_circle(radius_mm, direction + 30)));
    contour.push(centre.plus(ahead).plus(on_circle(radius_mm, direction + 10)));
    contour
}

/// A stadium from the axis against `direction`.
fn release_slot(radius_mm: f64, length_mm: f64, direction: i32) -> Vec<Contour> {
    let centre = from_mm(AXIS_MM);
    let centre = Point::new(centre, centre);
    let end = centre.plus(on_circle(length_mm, direction + 20));
    let bar = vec![
        centre.plus(on_circle(radius_mm, direction - 10)),
        centre.plus(on_circle(radius_mm, direction + 10)),
        end.plus(on_circle(radius_mm, direction + 10)),
        end.plus(on_circle(radius_mm, direction - 10)),
    ];
    union(&[circle(centre, radius_mm), bar, circle(end, radius_mm)])
}
