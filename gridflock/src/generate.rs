//! From a plate of a plan to its mesh, proven solid.
//!
//! The mesh is moved so that it stands on z = 0 and is centred on x = y = 0, and is turned if the plan says so. Where
//! two parts of a plate touch in a line only, which is no solid, they are joined by a bridge thinner than a hair.

use crate::error::{GenerateError, SolidError};
use crate::feature::{Detail, Site, Tries, layers};
use crate::plan::{Plan, Slot};
use crate::solid::layers::Layers;
use crate::solid::{Mesh, NotManifold, build, check, keep_large_parts, mend, touching_edges};
use protocol::grid::GridSpec;

/// Times that touching parts are joined; joining two can make a third touch.
const MENDS_MAX: i32 = 6;

/// Makes one plate of `plan`, which must be a plan of `spec`. The same inputs give the same bytes on every machine.
///
/// # Errors
/// `NoSuchPlate`; `NothingLeft` or `FallsApart` if too much is cut off the plate; `Solid` for faults of this program
/// (every mesh is proven closed and two-manifold first).
pub fn generate_plate(spec: &GridSpec, plan: &Plan, slot: Slot) -> Result<Mesh, GenerateError> {
    let plate = plan.plate(slot).ok_or(GenerateError::NoSuchPlate { slot })?;
    let mut mesh = in_own_frame(Site::new(spec, plan, plate, Detail::Full))?;
    place(&mut mesh, plate.rotated);
    Ok(mesh)
}

/// Where holes meet other surfaces so closely that no proper solid comes of it, they are moved and made larger by this
/// much, tenths of a micrometre, at most so many times: far less than a printer sees, and it takes luck to need it.
const NUDGE: i32 = 67;
const NUDGES: i32 = 5;

/// A plate as one piece and proven solid, in the frame of its first cell.
pub(crate) fn in_own_frame(mut site: Site<'_>) -> Result<Mesh, GenerateError> {
    let mut result = attempt(&site);
    for tries in [Tries::First, Tries::Second] {
        site.tries = tries;
        for nudge in (1..NUDGES).map(|times| times * NUDGE) {
            if !matches!(result, Err(GenerateError::Solid { .. })) {
                return result;
            }
            site.nudge = nudge;
            result = attempt(&site);
        }
    }
    result
}

fn attempt(site: &Site<'_>) -> Result<Mesh, GenerateError> {
    let slot = site.plate.slot;
    let fault = |source| GenerateError::Solid { slot, source };
    let mut touching = Vec::new();
    let mut broken = NotManifold::Empty;
    for round in 0..MENDS_MAX {
        let mut layers = layers(site);
        mend(&mut layers, &touching).map_err(fault)?;
        let mut mesh = build(layers).map_err(fault)?;
        let pieces = keep_large_parts(&mut mesh);
        if pieces > 1 && !site.is_upstream() {
            return Err(GenerateError::FallsApart { slot, pieces });
        }
        match check(&mesh) {
            Ok(()) => return Ok(mesh),
            Err(NotManifold::Empty) => return Err(GenerateError::NothingLeft { slot }),
            Err(found) => broken = found,
        }
        touching.extend(touching_edges(&mesh, round));
    }
    Err(fault(SolidError::from(broken)))
}

/// A part that is no plate, as one piece and proven solid.
pub(crate) fn build_part(layers: Layers<'_>, part: &'static str) -> Result<Mesh, GenerateError> {
    let fault = |source: SolidError| GenerateError::Part { part, source };
    let mesh = build(layers).map_err(fault)?;
    check(&mesh).map_err(|broken| fault(SolidError::from(broken)))?;
    Ok(mesh)
}

/// Turns a mesh, centres it and puts it on the bed. Near the middle of its coordinates `f32` keeps every corner of a
/// 2 m bed apart, which STL needs.
pub(crate) fn place(mesh: &mut Mesh, rotated: bool) {
    if rotated {
        mesh.map(|[x, y, z]| [-y, x, z]);
    }
    let [low, high] = mesh.bounds();
    let (x, y) = (low[0] + (high[0] - low[0]) / 2, low[1] + (high[1] - low[1]) / 2);
    mesh.map(|[px, py, pz]| [px - x, py - y, pz - low[2]]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Plate, Sides};
    use crate::shape::boolean::{difference, intersection, union};
    use crate::shape::coordinate;
    use crate::shape::seam::{Seams, connectors};
    use crate::shape::{Contour, Point, rectangle, twice_area};
    use protocol::grid::GridParams;

    /// A plate seen from above without its pockets, where it lies in the grid.
    fn region(spec: &GridSpec, plan: &Plan, plate: &Plate) -> Vec<Contour> {
        let grid = Site::new(spec, plan, plate, Detail::Full);
        let seams = Seams {
            lines_x: &grid.lines_x,
            lines_y: &grid.lines_y,
            low: grid.low,
            high: grid.high,
            neighbours: plate.neighbours,
            style: plan.style,
            kind: spec.connectors().seams,
            first_line: plate.first_cell,
        };
        let Some(fit) = spec.connectors().intersection else { return Vec::new() };
        let shapes = connectors(&seams, fit);
        let mut region = difference(&[rectangle(grid.low, grid.high)], &shapes.removed);
        region.extend(shapes.added);
        let at = Point::new(
            coordinate(plan.axes.x.span(0, plate.first_cell[0])),
            coordinate(plan.axes.y.span(0, plate.first_cell[1])),
        );
        union(&region).into_iter().map(|contour| contour.into_iter().map(|p| p.plus(at)).collect()).collect()
    }

    fn area_mm2(contours: &[Contour]) -> f64 {
        contours.iter().map(|contour| twice_area(contour)).sum::<i64>() as f64 / 2.0e8
    }

    /// Joints between plates: cell corners on seams.
    fn joints(plan: &Plan) -> f64 {
        let corners = |plate: &Plate| {
            let Sides { north, east, .. } = plate.neighbours;
            usize::from(north) * (plate.cells[0] + 1) + usize::from(east) * (plate.cells[1] + 1)
        };
        plan.plates.iter().map(|plate| corners(plate) as f64).sum()
    }

    /// The keys of a plan where they lie in the grid.
    fn keys(plan: &Plan, spec: &GridSpec) -> Vec<Vec<Contour>> {
        let fit = spec.connectors().intersection.unwrap();
        let at = |[x, y]: [usize; 2]| {
            Point::new(coordinate(plan.axes.x.span(0, x)), coordinate(plan.axes.y.span(0, y)))
        };
        let moved = |(place, upright): ([usize; 2], bool)| {
            let turn = |p: &Point| if upright { *p } else { p.turned(1) };
            let key = crate::shape::connector::key(fit);
            key.iter().map(|c| c.iter().map(|p| at(place).plus(turn(p))).collect()).collect()
        };
        plan.keys(spec).into_iter().map(moved).collect()
    }

    #[test]
    fn assembled_plates_neither_collide_nor_leave_holes() {
        for padding in [0.0, 0.1, 0.5, 0.9, 1.0, 1.6, 2.6, 3.0, 3.34, 3.4, 8.0] {
            for (fit, gap_mm2) in [(1.0, 2.5), (0.5, 4.5), (0.0, 6.5)] {
                for seam_style in 0..3 {
                    check_assembled(padding, fit, gap_mm2, seam_style);
                }
            }
        }
    }

    fn check_assembled(padding: f64, fit: f64, gap_mm2: f64, seam_style: i64) {
        let params = GridParams {
            plate_size: Some([168.0, 210.0]),
            bed_size: Some([110.0, 110.0]),
            edge_adjust: Some([padding; 4]),
            intersection_puzzle_fit: Some(fit),
            seam_style: Some(seam_style),
            ..GridParams::default()
        };
        let what = format!("padding {padding}, fit {fit}, seam_style {seam_style}");
        let spec = GridSpec::check(&params).unwrap();
        let plan = crate::plan(&spec).unwrap();
        let mut regions: Vec<_> = plan.plates.iter().map(|plate| region(&spec, &plan, plate)).collect();
        let keys = keys(&plan, &spec);
        assert_eq!(keys.len(), plan.keys_n);
        assert_eq!(keys.is_empty(), seam_style != 2, "{what}");
        regions.extend(keys);
        let mut shared = 0.0;
        for (index, region) in regions.iter().enumerate() {
            for other in &regions[index + 1..] {
                shared += area_mm2(&intersection(region, other));
            }
        }
        // Measured on the original: 0.011 mm² of nominal interference and 1.2 to 4.7 mm² of gap per joint.
        let joints = joints(&plan);
        assert!(shared < 0.02 * joints, "{what}: {shared} mm² twice");
        let all: Vec<Contour> = regions.into_iter().flatten().collect();
        let (outer, covered) = (plan.outer(), area_mm2(&union(&all)));
        let missing = outer.x.mm() * outer.y.mm() - covered;
        assert!(missing < gap_mm2 * joints, "{what}: {missing} mm² open, {joints} joints");
    }

    #[test]
    fn a_key_fills_its_two_sockets_and_cannot_be_pulled_out() {
        for (fit, gap_mm2) in [(1.0, 0.8), (0.0, 1.9)] {
            let fit = protocol::grid::Share::from_number(fit).unwrap();
            let key = crate::shape::connector::key(fit);
            let area = area_mm2(&key);
            assert!(area > 4.0, "{area} mm²");
            // Half a millimetre out of its socket it is stuck.
            let socket = crate::shape::connector::key_socket(fit);
            let whole: Vec<Contour> = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
                .into_iter()
                .flat_map(|(x, y)| {
                    socket.iter().map(move |c| c.iter().map(|p| Point::new(x * p.x, y * p.y)).collect())
                })
                .map(crate::shape::counter_clockwise)
                .collect();
            let whole = union(&whole);
            assert!(area_mm2(&difference(&key, &whole)) < 1e-3);
            assert!(area_mm2(&whole) - area < gap_mm2 + area_mm2(&pockets(&whole)), "too loose");
            let pulled: Vec<Contour> =
                key.iter().map(|c| c.iter().map(|p| p.plus(Point::new(5_000, 0))).collect()).collect();
            let west = [rectangle(Point::new(-50_000, -50_000), Point::new(0, 50_000))];
            let stuck = difference(&intersection(&pulled, &west), &whole);
            assert!(area_mm2(&stuck) > 0.02, "it slips out: {}", area_mm2(&stuck));
        }
    }

    /// What of a socket lies in the corners of the four pockets.
    fn pockets(socket: &[Contour]) -> Vec<Contour> {
        let discs = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
            .map(|(x, y)| crate::shape::circle(Point::new(x * 40_000, y * 40_000), 4.0));
        intersection(socket, &discs)
    }
}
