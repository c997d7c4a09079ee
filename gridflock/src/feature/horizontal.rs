//! Screw holes through the rim, one per cell; the head is inside and has its room in the plate.

use super::{Site, Tries};
use crate::shape::lying::Lying;
use crate::shape::{Contour, Point, coordinate};
use crate::solid::layers::{Action, Layers, Region, STEEPEST, Slope};
use protocol::grid::{HorizontalScrews, ScrewHole};

/// The hole ends so far outside of the rim.
const OUTSIDE: i32 = 1_000;

pub(super) fn cut<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(screws) = site.spec.horizontal_screws() else {
        return;
    };
    for (side, thickness) in sides(site, &screws) {
        let frame = Frame::new(site, side, &screws);
        for piece in pieces(site, &screws, thickness, frame.padding, frame.half_cell) {
            push(layers, &frame, piece);
        }
    }
}

/// Sides of a plate with holes, and how thick their rim is.
fn sides(site: &Site<'_>, screws: &HorizontalScrews) -> Vec<(usize, i32)> {
    let all = screws.sides.list().into_iter().zip(site.rim().list()).enumerate();
    all.filter(|(_, (wanted, thick))| *wanted && *thick > 0).map(|(side, (_, thick))| (side, thick)).collect()
}

/// How many holes a plate has.
pub(crate) fn holes_n(site: &Site<'_>) -> usize {
    let Some(screws) = site.spec.horizontal_screws() else { return 0 };
    sides(site, &screws).into_iter().map(|(side, _)| Frame::new(site, side, &screws).axes.len()).sum()
}

/// A side seen from inside: x along it, y outward from the inner face of its rim.
#[derive(Clone)]
struct Frame {
    side: usize,
    /// The inner face.
    face: i32,
    /// Axes of the holes along the side.
    axes: Vec<i32>,
    padding: i32,
    half_cell: i32,
}

impl Frame {
    fn new(site: &Site<'_>, side: usize, screws: &HorizontalScrews) -> Self {
        let along_x = side.is_multiple_of(2);
        let (lines, across) =
            if along_x { (&site.lines_x, &site.lines_y) } else { (&site.lines_y, &site.lines_x) };
        let (first, last) = (across.first().copied().unwrap_or(0), across.last().copied().unwrap_or(0));
        let (face, edge) = match side {
            0 => (site.high.y, last),
            1 => (site.high.x, last),
            2 => (site.low.y, first),
            _ => (site.low.x, first),
        };
        let last_cell = match side {
            0 | 1 => across.iter().rev().take(2).copied().collect::<Vec<_>>(),
            _ => across.iter().take(2).copied().collect(),
        };
        let depth = match last_cell.as_slice() {
            [a, b] => (a - b).abs(),
            _ => 0,
        };
        let offset = coordinate(screws.offset[0].tenths_um()) + site.nudge;
        // The original mirrors the offset on two sides, and reads its list of cells backwards there.
        let is_mirrored = site.is_upstream() && (side == 1 || side == 2);
        let middles = lines.iter().zip(lines.iter().skip(1)).map(|(a, b)| a + (b - a) / 2);
        let (low, high) = (lines.first().copied().unwrap_or(0), lines.last().copied().unwrap_or(0));
        let axes = middles
            .map(|middle| if is_mirrored { low + high - middle - offset } else { middle + offset })
            .collect();
        Self { side, face, axes, padding: (face - edge).abs(), half_cell: depth / 2 }
    }

    /// A point of the frame in the plate.
    fn place(&self, along: i32, outward: i32) -> Point {
        match self.side {
            0 => Point::new(along, self.face + outward),
            1 => Point::new(self.face + outward, along),
            2 => Point::new(along, self.face - outward),
            _ => Point::new(self.face - outward, along),
        }
    }

    /// Along and outward of a point.
    const fn read(&self, point: Point) -> (i32, i32) {
        match self.side {
            0 => (point.x, point.y - self.face),
            1 => (point.y, point.x - self.face),
            2 => (point.x, self.face - point.y),
            _ => (point.y, self.face - point.x),
        }
    }
}

/// Room for the head inward, counterbore, countersink and hole.
fn pieces(
    site: &Site<'_>,
    screws: &HorizontalScrews,
    thickness: i32,
    padding: i32,
    half_cell: i32,
) -> Vec<Lying> {
    let ScrewHole { diameter, countersink, counterbore } = screws.hole;
    let up = match site.tries {
        Tries::First => site.nudge,
        Tries::Second => 2 * site.nudge,
    };
    let z = axis_z(site) + coordinate(screws.offset[1].tenths_um()) + up;
    let head = diameter.max(countersink[0]).max(counterbore[0]);
    let bore = coordinate(counterbore[1].tenths_um());
    let sink = coordinate(countersink[1].tenths_um());
    let mut pieces = Vec::new();
    let mut add = |radii: [f64; 2], from: i32, to: i32| {
        if from < to {
            pieces.push(Lying { radii_mm: radii.map(|mm| mm / 2.0), along: [from, to], z });
        }
    };
    add([site.hole_mm(head); 2], -padding - half_cell, 0);
    add([site.hole_mm(counterbore[0]); 2], 0, bore.min(thickness));
    if bore < thickness {
        add([site.hole_mm(countersink[0]), site.hole_mm(diameter)], bore, bore + sink);
    }
    add([site.hole_mm(diameter); 2], (bore + sink).min(thickness), thickness + OUTSIDE);
    pieces
}

/// Height of the holes' axis: the middle of the rim's part above the plate, of that below, or of all if it has both
/// or neither.
fn axis_z(site: &Site<'_>) -> i32 {
    let Some(wall) = site.spec.wall() else { return 0 };
    let (above, below) = (coordinate(wall.above.tenths_um()), coordinate(wall.below.tenths_um()));
    match (above > 0, below > 0) {
        (true, false) => site.top + above / 2,
        (false, true) => site.bottom - below / 2,
        (true, true) | (false, false) => {
            let (low, high) = (site.bottom - below, site.top + above);
            low + (high - low) / 2
        }
    }
}

fn push<'s>(layers: &mut Layers<'s>, frame: &Frame, piece: Lying) {
    let (outline, folds) = piece.outline();
    let mut region = Region { outline_is_fold: true, ..Region::default() };
    for &axis in &frame.axes {
        let moved = |point: &Point| frame.place(axis + point.x, point.y);
        let contour: Contour = outline.iter().map(moved).collect();
        region.contours.push(crate::shape::counter_clockwise(contour));
        region.folds.extend(folds.iter().map(|fold| fold.each_ref().map(moved)));
    }
    let [low, high] = piece.range();
    let mut half = |sign: i32, range: [i32; 2]| {
        let frame = frame.clone();
        let height = move |point: Point| {
            let (along, outward) = frame.read(point);
            let axis = frame.axes.iter().copied().min_by_key(|axis| axis.abs_diff(along)).unwrap_or(0);
            piece.z + sign * piece.rise(along - axis, outward)
        };
        layers.slope(Slope { range, steepness: STEEPEST, height: Box::new(height) })
    };
    let (lower, upper) = (half(-1, [low, piece.z]), half(1, [piece.z, high]));
    layers.push(region, Action::Cut(lower, upper));
}
