//! 45° chamfers along sides without a neighbour.
//!
//! Ours run along the real lower and upper edge, rim included. The original's start at the outer edge at the height of
//! the plate itself and go on beyond it, so they cut a rim away.

use super::rim::Edge;
use super::{FAR, Site};
use crate::shape::{Point, coordinate, rectangle};
use crate::solid::layers::{Action, Height::Flat, Layers, Region, Slope};
use protocol::grid::{Length, PerSide};

/// The original's planes go on this many times the chamfer.
const UPSTREAM_BEYOND: i32 = 20;
/// Connectors stick out of a seam by less than this, tenths of a micrometre.
const CONNECTOR: i32 = 100_000;

pub(super) fn cut<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    for (chamfer, is_top) in [(site.spec.bottom_chamfer(), false), (site.spec.top_chamfer(), true)] {
        for (side, size) in sizes(site, chamfer).into_iter().enumerate().filter(|&(_, size)| size > 0) {
            let edge = edge(site, side, is_top);
            let sign = if is_top { -1 } else { 1 };
            let strip = Strip::new(site, side, size);
            let ([low, high], steepness) = (edge.range(), 1 + edge.steepness());
            let reach = size + strip.beyond;
            let range = if is_top { [low - reach, high] } else { [low, high + reach] };
            let region = Region::of(vec![strip.outline.clone()]);
            let height = move |point: Point| edge.height(point) + sign * (size - strip.inward(point));
            let slope = layers.slope(Slope { range, steepness, height: Box::new(height) });
            let action = if is_top { Action::Cut(slope, Flat(FAR)) } else { Action::Cut(Flat(-FAR), slope) };
            layers.push(region, action);
        }
    }
}

/// Chamfers in the order north, east, south, west; none along seams.
fn sizes(site: &Site<'_>, chamfer: PerSide<Length>) -> [i32; 4] {
    let sides = site.plate.neighbours;
    let seams = [sides.north, sides.east, sides.south, sides.west];
    let mut sizes = chamfer.list().map(|length| coordinate(length.tenths_um()));
    for (size, _) in sizes.iter_mut().zip(seams).filter(|(_, seam)| *seam) {
        *size = 0;
    }
    sizes
}

/// Where a chamfer starts.
fn edge(site: &Site<'_>, side: usize, is_top: bool) -> Edge {
    let has_rim = site.rim().list().get(side).is_some_and(|&thickness| thickness > 0);
    match site.spec.wall() {
        Some(wall) if has_rim && !site.is_upstream() => Edge::of_rim(site, wall, is_top),
        Some(_) | None => Edge::flat(if is_top { site.top } else { site.bottom }),
    }
}

/// The strip along a side in which a chamfer cuts.
#[derive(Clone)]
struct Strip {
    outline: Vec<Point>,
    side: usize,
    /// Where the side is.
    outer: i32,
    /// How far the strip goes on outside.
    beyond: i32,
}

impl Strip {
    fn new(site: &Site<'_>, side: usize, size: i32) -> Self {
        let rim = site.rim();
        let low = Point::new(site.low.x - rim.west, site.low.y - rim.south);
        let high = Point::new(site.high.x + rim.east, site.high.y + rim.north);
        let outer = match side {
            0 => high.y,
            1 => high.x,
            2 => low.y,
            _ => low.x,
        };
        let beyond = if site.is_upstream() { UPSTREAM_BEYOND * size } else { 0 };
        let (from, to) = ends(site, side);
        let outline = match side {
            0 => rectangle(Point::new(from, outer - size), Point::new(to, outer + beyond)),
            1 => rectangle(Point::new(outer - size, from), Point::new(outer + beyond, to)),
            2 => rectangle(Point::new(from, outer - beyond), Point::new(to, outer + size)),
            _ => rectangle(Point::new(outer - beyond, from), Point::new(outer + size, to)),
        };
        Self { outline, side, outer, beyond }
    }

    /// Distance of a point from the outer edge.
    fn inward(&self, point: Point) -> i32 {
        match self.side {
            0 => self.outer - point.y,
            1 => self.outer - point.x,
            2 => point.y - self.outer,
            _ => point.x - self.outer,
        }
    }
}

/// From where to where a chamfer runs along its side: over the rims beside it if it has one itself, and over
/// connectors.
fn ends(site: &Site<'_>, side: usize) -> (i32, i32) {
    let (rim, sides) = (site.rim(), site.plate.neighbours);
    let along_x = side.is_multiple_of(2);
    let (low, high) = if along_x { (site.low.x, site.high.x) } else { (site.low.y, site.high.y) };
    let (before, behind) = if along_x { (rim.west, rim.east) } else { (rim.south, rim.north) };
    let (seam_before, seam_behind) =
        if along_x { (sides.west, sides.east) } else { (sides.south, sides.north) };
    let has_rim = rim.list().get(side).is_some_and(|&thickness| thickness > 0);
    let past = |thickness: i32, seam: bool| {
        if seam || site.is_upstream() {
            thickness + CONNECTOR
        } else if has_rim {
            thickness
        } else {
            0
        }
    };
    (low - past(before, seam_before), high + past(behind, seam_behind))
}
