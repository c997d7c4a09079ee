//! Square pockets for weights in the underside, in the middle of whole cells.

use super::{FAR, Site};
use crate::shape::pocket::Cell;
use crate::shape::round::centre;
use crate::shape::{Contour, Point, coordinate, rectangle};
use crate::solid::layers::{Action, Height::Flat, Layers, Region};
use protocol::grid::Length;

/// Wall between a pocket and the side of its plate, tenths of a micrometre.
const WALL: i32 = 12_000;

pub(super) fn cut<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let (Some(pockets), squares) = (site.spec.weight_pockets(), squares(site)) else { return };
    if !squares.is_empty() {
        let top = site.bottom + coordinate(pockets.depth.tenths_um());
        layers.push(Region::of(squares), Action::Cut(Flat(-FAR), Flat(top)));
    }
}

/// The pockets of a plate.
pub(crate) fn squares(site: &Site<'_>) -> Vec<Contour> {
    let Some(pockets) = site.spec.weight_pockets() else { return Vec::new() };
    let half = coordinate(pockets.size.tenths_um() / 2);
    // Cells that edge adjustment cuts may have no room; chamfers take some more.
    let chamfer = site.spec.bottom_chamfer().list().into_iter().map(Length::tenths_um).max().unwrap_or(0);
    let room = WALL + coordinate(chamfer);
    let inside = |low: Point, high: Point| {
        low.x >= site.low.x + room
            && low.y >= site.low.y + room
            && high.x <= site.high.x - room
            && high.y <= site.high.y - room
    };
    let square = |cell: Cell| {
        let middle = centre(cell.low, cell.high);
        let (low, high) = (middle.plus(Point::new(-half, -half)), middle.plus(Point::new(half, half)));
        inside(low, high).then(|| rectangle(low, high))
    };
    site.whole_seats().filter_map(square).collect()
}
