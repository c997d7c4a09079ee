//! Magnets: a frame in the corner of a cell, a hole (for pressing in, a slot from the cell's middle), and a slot or
//! hole to push it out again.
//!
//! Frame of a corner: origin at the cell's corner, x and y into the cell (turned for the other corners). The axis of a
//! magnet is 8 mm from both sides (gridfinity: 0.25 + 2.15 + 0.8 + 4.8).

use super::boolean::{intersection, union};
use super::pocket::Cell;
use super::{Contour, Point, circle, counter_clockwise, from_mm, on_circle, rectangle};
use protocol::grid::{MagnetStyle, Magnets, PITCH, Ribs};

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
    /// Axes of the magnets.
    pub(crate) axes: Vec<Point>,
}

fn reach_mm(magnets: Magnets) -> f64 {
    magnets.diameter.mm() / 2.0 + magnets.border.mm()
}

/// Side of a frame: the smallest cell that holds one, mm.
pub(crate) fn frame_mm(magnets: Magnets) -> f64 {
    AXIS_MM + reach_mm(magnets)
}

/// Adds the magnets of one cell. A cell that is too small for a whole frame gets none: its hole would cut into the
/// neighbour. `release_mm` is another length for the slots to push them out.
pub(crate) fn add_cell(shapes: &mut MagnetShapes, cell: Cell, magnets: Magnets, release_mm: Option<f64>) {
    let (width, depth) = (cell.high.x - cell.low.x, cell.high.y - cell.low.y);
    let (reach_mm, frame_mm) = (reach_mm(magnets), frame_mm(magnets));
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
        shapes.axes.push(corner.plus(axis().turned(quarters)));
        shapes.frames.push(moved(frame(frame_mm, reach_mm)));
        let radius_mm = magnets.diameter.mm() / 2.0;
        let is_pressed = magnets.style == MagnetStyle::PressFit;
        let hole = if is_pressed { slot(radius_mm, reach_mm, direction) } else { circle(axis(), radius_mm) };
        shapes.slots.extend(intersection(&[moved(hole)], &within));
        if let Some(release) = magnets.release_width {
            let length_mm = release_mm.unwrap_or(radius_mm + RELEASE_MM);
            let half_mm = release.mm() / 2.0;
            let hole = if is_pressed {
                release_slot(half_mm, length_mm, direction)
            } else {
                vec![circle(axis(), half_mm)]
            };
            shapes.releases.extend(intersection(&hole.into_iter().map(moved).collect::<Vec<_>>(), &within));
        }
    }
}

/// The axis of a magnet in the frame of its corner.
fn axis() -> Point {
    Point::new(from_mm(AXIS_MM), from_mm(AXIS_MM))
}

/// Half the width of a rib at the wall beyond its depth, mm: about what one line of a nozzle is wide.
const RIB_HALF_MM: f64 = 0.1;
/// Ribs begin so far inside of the wall, mm, so that nothing is left between them and it.
const RIB_ROOT_MM: f64 = 0.1;

/// The ribs of one hole, evenly around it: triangles with a side in the wall.
pub(crate) fn ribs(axis: Point, magnets: Magnets, ribs: Ribs) -> Vec<Contour> {
    let (radius_mm, depth_mm) = (magnets.diameter.mm() / 2.0, ribs.depth.mm());
    let (tip_mm, root_mm) = (radius_mm - depth_mm, radius_mm + RIB_ROOT_MM);
    let half_mm = depth_mm + RIB_ROOT_MM + RIB_HALF_MM;
    (0..ribs.count)
        .map(|index| {
            let share = index as f64 / ribs.count as f64;
            let angle = core::f64::consts::TAU * share;
            let (cos, sin) = (libm::cos(angle), libm::sin(angle));
            let at = |along: f64, across: f64| {
                let (x, y) = (along * cos - across * sin, along * sin + across * cos);
                axis.plus(Point::new(from_mm(x), from_mm(y)))
            };
            vec![at(tip_mm, 0.0), at(root_mm, half_mm), at(root_mm, -half_mm)]
        })
        .map(counter_clockwise)
        .collect()
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
    let centre = axis();
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
    let centre = axis();
    let end = centre.plus(on_circle(length_mm, direction + 20));
    let bar = vec![
        centre.plus(on_circle(radius_mm, direction - 10)),
        centre.plus(on_circle(radius_mm, direction + 10)),
        end.plus(on_circle(radius_mm, direction + 10)),
        end.plus(on_circle(radius_mm, direction - 10)),
    ];
    union(&[circle(centre, radius_mm), bar, circle(end, radius_mm)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::grid::{GridParams, GridSpec};

    #[test]
    fn cells_have_magnets_where_there_is_room() {
        let params = GridParams { magnets: Some(true), ..GridParams::default() };
        let magnets = GridSpec::check(&params).unwrap().magnets().unwrap();
        let rows = [
            ([42.0, 42.0], 4),
            ([44.0, 42.0], 4),
            ([21.0, 42.0], 2),
            ([42.0, 21.0], 2),
            ([14.0, 14.0], 1),
            // Less than 8 mm + half a magnet + border.
            ([12.9, 42.0], 0),
            ([42.0, 8.4], 0),
        ];
        for ([x, y], expected) in rows {
            let cell = Cell { low: Point::new(0, 0), high: Point::new(from_mm(x), from_mm(y)) };
            let mut shapes = MagnetShapes::default();
            add_cell(&mut shapes, cell, magnets, None);
            let found = [shapes.frames.len(), shapes.slots.len(), shapes.releases.len()];
            assert_eq!(found, [expected; 3], "{x} x {y}");
            let within = |p: &Point| (0..=cell.high.x).contains(&p.x) && (0..=cell.high.y).contains(&p.y);
            assert!(
                shapes.slots.iter().chain(&shapes.releases).flatten().all(within),
                "{x} x {y} cuts its neighbour"
            );
        }
    }
}
