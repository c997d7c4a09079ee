//! The block from which everything is cut, and its outline, which cuts everything that was added so far.

use super::{BODY, FAR, Site};
use crate::shape::outline::outline;
use crate::shape::rectangle;
use crate::solid::layers::{Action, Height::Flat, Layers, Region};
use protocol::grid::CellKind;

/// Half the width of a post that joins two cells which would only touch at a corner, tenths of a micrometre.
const POST: i32 = 6_000;

pub(super) fn add<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let radius_mm = site.spec.corner_radius().mm();
    let body = outline(site.low, site.high, radius_mm, site.rim(), site.plate.neighbours);
    layers.push(Region::of(vec![body]), Action::Add(Flat(site.bottom), Flat(site.top)));
    if !site.empty().is_empty() {
        let cells = site.empty().iter().map(|cell| rectangle(cell.low, cell.high)).collect();
        layers.push(Region::of(cells), Action::Cut(Flat(-FAR), Flat(FAR)));
    }
}

pub(super) fn keep<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let posts: Vec<_> = diagonals(site)
        .into_iter()
        .map(|at| rectangle(at.plus(Point::new(-POST, -POST)), at.plus(Point::new(POST, POST))))
        .collect();
    if !posts.is_empty() {
        layers.push(Region::of(posts), Action::Add(Flat(site.bottom), Flat(site.top)));
    }
    layers.steps.push((BODY, Action::Keep));
}

use crate::shape::Point;

/// Corners at which two cells meet diagonally beside two empty ones: touching in a line is no solid.
fn diagonals(site: &Site<'_>) -> Vec<Point> {
    let columns = site.plan.axes.x.cells.len();
    let [first_x, first_y] = site.plate.first_cell;
    let is_empty =
        |x: usize, y: usize| site.spec.cell_kind((first_y + y) * columns + first_x + x) == CellKind::Empty;
    let mut corners = Vec::new();
    for (y, &line_y) in site.lines_y.iter().enumerate().skip(1) {
        for (x, &line_x) in site.lines_x.iter().enumerate().skip(1) {
            if y < site.plate.cells[1] && x < site.plate.cells[0] {
                let around = [is_empty(x - 1, y - 1), is_empty(x, y - 1), is_empty(x, y), is_empty(x - 1, y)];
                if around == [true, false, true, false] || around == [false, true, false, true] {
                    corners.push(Point::new(line_x, line_y));
                }
            }
        }
    }
    corners
}
