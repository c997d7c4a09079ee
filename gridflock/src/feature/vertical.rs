//! Screw holes through the plate at the corners of cells, with room for the heads from the top.
//!
//! Which corners: each belongs to the first of these that it fits: corner of the grid, edge of the grid, corner of the
//! plate, edge of the plate, anything else. Fractions of a cell below a quarter do not count as cells.

use super::{FAR, Site};
use crate::plan::Axis;
use crate::shape::round::Cone;
use crate::shape::{Point, circle, coordinate};
use crate::solid::layers::{Action, Height::Flat, Layers, Region, Slope};
use protocol::grid::{PITCH, ScrewHole, VerticalScrews};

pub(super) fn cut<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(screws) = site.spec.vertical_screws() else {
        return;
    };
    let centres = centres(site, &screws);
    if centres.is_empty() {
        return;
    }
    let ScrewHole { diameter, countersink, counterbore } = screws.hole;
    let round = |mm: f64| Region::of(centres.iter().map(|&centre| circle(centre, mm / 2.0)).collect());
    layers.push(round(site.hole_mm(diameter)), Action::Cut(Flat(-FAR), Flat(FAR)));
    let [wide, high] = counterbore;
    let floor = site.top - coordinate(high.tenths_um());
    if wide.mm() > 0.0 {
        layers.push(round(site.hole_mm(wide)), Action::Cut(Flat(floor), Flat(FAR)));
    }
    let [wide, high] = countersink;
    if wide.mm() > 0.0 {
        let cone = Cone {
            radii_mm: [site.hole_mm(diameter) / 2.0, site.hole_mm(wide) / 2.0],
            z: [floor - coordinate(high.tenths_um()), floor],
        };
        let height = move |point| cone.height(site.corner_near(point), point);
        let steepness = cone.steepness();
        let slope = layers.slope(Slope { range: cone.range(), steepness, height: Box::new(height) });
        layers.push(cone.region(&centres), Action::Cut(slope, Flat(floor)));
    }
}

impl Site<'_> {
    /// The corner of cells that is nearest to a point.
    fn corner_near(&self, point: Point) -> Point {
        let nearest = |lines: &[i32], at: i32| {
            lines.iter().copied().min_by_key(|line| line.abs_diff(at)).unwrap_or_default()
        };
        Point::new(nearest(&self.lines_x, point.x), nearest(&self.lines_y, point.y))
    }
}

/// A line between cells, counted over the grid and over the plate.
#[derive(Clone, Copy)]
struct Line {
    at: i32,
    /// From the start of the grid, and how many there are.
    grid: [i64; 2],
    /// From the start of the plate, and how many there are.
    plate: [i64; 2],
}

fn centres(site: &Site<'_>, screws: &VerticalScrews) -> Vec<Point> {
    chosen(site, screws).into_iter().map(|[x, y]| Point::new(x.at, y.at)).collect()
}

/// The lines between cells at whose crossings the plate has holes, counted over the grid: plates beside a seam share
/// the holes there.
pub(crate) fn places(site: &Site<'_>) -> Vec<[i64; 2]> {
    let Some(screws) = site.spec.vertical_screws() else { return Vec::new() };
    chosen(site, &screws).into_iter().map(|lines| lines.map(|line| line.grid[0])).collect()
}

fn chosen(site: &Site<'_>, screws: &VerticalScrews) -> Vec<[Line; 2]> {
    let [first_x, first_y] = site.plate.first_cell;
    let x = lines(&site.lines_x, &site.plan.axes.x, first_x);
    let y = lines(&site.lines_y, &site.plan.axes.y, first_y);
    let all = x.iter().flat_map(|&along_x| y.iter().map(move |&along_y| [along_x, along_y]));
    all.filter(|[along_x, along_y]| is_chosen(screws, along_x, along_y)).collect()
}

fn lines(lines: &[i32], axis: &Axis, first: usize) -> Vec<Line> {
    let number = |index: usize| i64::try_from(index).unwrap_or(i64::MAX);
    let cells = lines.len().saturating_sub(1);
    let of_grid = count(axis.cells.iter().sum());
    let of_plate = count(axis.span(first, first + cells));
    lines
        .iter()
        .enumerate()
        .map(|(index, &at)| Line {
            at,
            grid: [number(first + index), of_grid],
            plate: [number(index), of_plate],
        })
        .collect()
}

/// Cells of a length, in which a rest of more than a quarter is a cell.
fn count(length: i64) -> i64 {
    let pitch = PITCH.tenths_um();
    let quarter = pitch / 4;
    (length - quarter + pitch - 1).div_euclid(pitch).max(0)
}

fn is_chosen(screws: &VerticalScrews, x: &Line, y: &Line) -> bool {
    let is_corner = |[at_x, n_x]: [i64; 2], [at_y, n_y]: [i64; 2], [inset_x, inset_y]: [i64; 2]| {
        (at_x == inset_x || at_x == n_x - inset_x) && (at_y == inset_y || at_y == n_y - inset_y)
    };
    let is_edge =
        |[at_x, n_x]: [i64; 2], [at_y, n_y]: [i64; 2]| at_x == 0 || at_x == n_x || at_y == 0 || at_y == n_y;
    if let Some(inset) = screws.plate_corners
        && is_corner(x.grid, y.grid, inset)
    {
        return true;
    }
    if is_edge(x.grid, y.grid) {
        return screws.plate_edges;
    }
    if let Some(inset) = screws.segment_corners
        && is_corner(x.plate, y.plate, inset)
    {
        return true;
    }
    if is_edge(x.plate, y.plate) {
        return screws.inside.segment_edges;
    }
    screws.inside.other
}
