//! A rim outside of the grid, with its own heights above and below and more of them at the corners.
//!
//! Between the corners the extra height changes evenly; the corners themselves are flat. On a grid of several plates
//! ours runs from corner to corner of the grid; the original starts anew on every plate.

use super::{Site, Tries};
use crate::shape::outline::{outline, rim_outline};
use crate::shape::{Point, coordinate};
use crate::solid::layers::{Action, Height, Height::Flat, Layers, Region, STEEPEST, Slope};
use protocol::grid::{Length, PerSide, Wall};

pub(super) fn add<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(wall) = site.spec.wall() else { return };
    let rim = site.rim();
    if rim == PerSide::default() {
        return;
    }
    let radius_mm = site.spec.corner_radius().mm();
    let outer = rim_outline(site.low, site.high, radius_mm, rim, site.plate.neighbours);
    let mut inner = outline(site.low, site.high, radius_mm, rim, site.plate.neighbours);
    inner.reverse();
    let region = Region { contours: vec![outer, inner], folds: folds(site, rim), outline_is_fold: false };
    let bottom = Edge::of_rim(site, wall, false).layer(layers);
    let top = Edge::of_rim(site, wall, true).layer(layers);
    layers.push(region, Action::Add(bottom, top));
}

/// Lines between the flat corners and the sides; the rim also fills the rounded corners of the plate inside.
fn folds(site: &Site<'_>, rim: PerSide<i32>) -> Vec<[Point; 2]> {
    let (low, high) = (site.low, site.high);
    let inside = coordinate(site.spec.corner_radius().tenths_um());
    let mut folds = Vec::new();
    for x in [low.x, high.x] {
        for (from, to) in [(high.y - inside, high.y + rim.north), (low.y - rim.south, low.y + inside)] {
            folds.push([Point::new(x, from), Point::new(x, to)]);
        }
    }
    for y in [low.y, high.y] {
        for (from, to) in [(high.x - inside, high.x + rim.east), (low.x - rim.west, low.x + inside)] {
            folds.push([Point::new(from, y), Point::new(to, y)]);
        }
    }
    folds.retain(|[a, b]| a != b);
    folds
}

/// The lower or the upper edge of a rim, or of a plate without one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    from: i32,
    corners: [i32; 4],
    ground: Ground,
}

impl Edge {
    /// An edge at one height.
    pub(super) fn flat(z: i32) -> Self {
        let nowhere = Point::new(0, 0);
        Self { from: z, corners: [0; 4], ground: Ground { low: nowhere, high: nowhere, is_smooth: false } }
    }

    /// The edge of the rim.
    pub(super) fn of_rim(site: &Site<'_>, wall: Wall, is_top: bool) -> Self {
        let of = |corners: [Length; 4]| corners.map(|corner| coordinate(corner.tenths_um()));
        let (from, corners) = if is_top {
            (site.top + coordinate(wall.above.tenths_um()), of(wall.corners_above))
        } else {
            (site.bottom - coordinate(wall.below.tenths_um()), of(wall.corners_below).map(|z| -z))
        };
        Self { from, corners, ground: Ground::new(site) }
    }

    fn is_flat(&self) -> bool {
        let [first, others @ ..] = self.corners;
        others.iter().all(|&corner| corner == first)
    }

    pub(super) fn range(&self) -> [i32; 2] {
        let corners = self.corners.into_iter();
        [corners.clone().min().unwrap_or(0), corners.max().unwrap_or(0)].map(|extra| self.from + extra)
    }

    /// Rise over run along the sides, rounded up.
    pub(super) fn steepness(&self) -> i32 {
        let ([low, high], ground) = (self.range(), self.ground);
        let run = (ground.high.x - ground.low.x).min(ground.high.y - ground.low.y).max(1);
        if self.is_flat() { 0 } else { ((high - low) / run + 1).min(STEEPEST - 1) }
    }

    pub(super) fn height(&self, point: Point) -> i32 {
        self.from + self.ground.extra(self.corners, point)
    }

    fn layer<'s>(self, layers: &mut Layers<'s>) -> Height {
        if self.is_flat() {
            return Flat(self.height(Point::new(0, 0)));
        }
        let (range, steepness) = (self.range(), self.steepness().max(1));
        layers.slope(Slope { range, steepness, height: Box::new(move |point| self.height(point)) })
    }
}

/// The corners between which heights change.
#[derive(Debug, Clone, Copy)]
struct Ground {
    low: Point,
    high: Point,
    /// Whether both sides count in a rounded corner, so that their heights meet there without a step.
    is_smooth: bool,
}

impl Ground {
    fn new(site: &Site<'_>) -> Self {
        let is_smooth = site.tries == Tries::Second;
        if site.is_upstream() {
            return Self { low: site.low, high: site.high, is_smooth };
        }
        let (x, y) = (&site.plan.axes.x, &site.plan.axes.y);
        let [first_x, first_y] = site.plate.first_cell;
        let (west, south) = (x.start + x.span(0, first_x), y.start + y.span(0, first_y));
        Self {
            low: Point::new(-coordinate(west), -coordinate(south)),
            high: Point::new(coordinate(x.outer() - west), coordinate(y.outer() - south)),
            is_smooth,
        }
    }

    /// Extra height over a point for corners SW, NW, NE, SE.
    fn extra(self, [sw, nw, ne, se]: [i32; 4], point: Point) -> i32 {
        let mix = |from: i32, to: i32, at: i32, low: i32, high: i32| {
            let share = f64::from((at - low).clamp(0, (high - low).max(0))) / f64::from((high - low).max(1));
            #[expect(clippy::cast_possible_truncation, reason = "between two heights")]
            let rise = (f64::from(to - from) * share).round() as i32;
            from + rise
        };
        let along_x = |from, to| mix(from, to, point.x, self.low.x, self.high.x);
        let along_y = |from, to| mix(from, to, point.y, self.low.y, self.high.y);
        let is_inside =
            (self.low.x..self.high.x).contains(&point.x) && (self.low.y..self.high.y).contains(&point.y);
        if self.is_smooth && is_inside {
            let is_west = point.x - self.low.x < self.high.x - point.x;
            let is_south = point.y - self.low.y < self.high.y - point.y;
            let (beside, corner) = match (is_west, is_south) {
                (true, true) => (along_x(sw, se) + along_y(sw, nw), sw),
                (true, false) => (along_x(nw, ne) + along_y(sw, nw), nw),
                (false, false) => (along_x(nw, ne) + along_y(se, ne), ne),
                (false, true) => (along_x(sw, se) + along_y(se, ne), se),
            };
            return beside - corner;
        }
        // Beside the grid a side; inside, at rounded corners, the nearer of both.
        if point.y >= self.high.y {
            along_x(nw, ne)
        } else if point.y <= self.low.y {
            along_x(sw, se)
        } else if point.x >= self.high.x || self.high.x - point.x < point.x - self.low.x {
            along_y(se, ne)
        } else {
            along_y(sw, nw)
        }
    }
}
