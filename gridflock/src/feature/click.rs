//! Latches that hold bins: a bulge of the wall (arc), or a tab on a spring for bins with a groove.
//!
//! Frame of a latch: s along the side from its middle, d inward from the side of the cell. Only sides of exactly one
//! whole cell have one.

use super::site::pitch;
use super::{Detail, FAR, Site};
use crate::shape::pocket::Cell;
use crate::shape::{Contour, Point, coordinate, counter_clockwise, from_mm};
use crate::solid::layers::{Action, Height::Flat, Layers, Region, Slope};
use protocol::grid::{Click, Length};

/// Thickness of the wall at its foot and above the lower slope, mm (gridfinity baseplate profile).
const FOOT_MM: f64 = 2.85;
const WALL_MM: f64 = 2.15;
/// Height of the whole profile and of its upright part, mm.
const PROFILE_MM: f64 = 4.65;
const UPRIGHT_MM: [f64; 2] = [0.7, 2.5];
/// Height of the tip of a groove's tab, and of the highest point of its root, mm.
const TIP_MM: f64 = 1.7;
/// A smaller bulge is none, tenths of a micrometre: surfaces that nearly coincide are no use to anyone.
const MOVED_MIN: i32 = 30;
/// Steps of each half of an arc, as in the original.
const STEPS: i32 = 15;

pub(super) fn add<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(click) = site.spec.click() else { return };
    let latches = latches(site, click);
    if latches.is_empty() || site.detail() >= Detail::Coarse {
        return;
    }
    match click {
        Click::Groove { gap_length, tab_length, strength, wall_strength, depth } => {
            let slot = [wall_strength.mm(), FOOT_MM - strength.mm()];
            let slots = latches.iter().map(|latch| latch.block(gap_length.mm(), slot)).collect();
            layers.push(Region::of(slots), Action::Cut(Flat(0), Flat(FAR)));
            tabs(layers, site, &latches, tab_length, depth);
        }
        Click::Arc { distance, steepness, outer_length, inner_length, height, strength, wall_strength } => {
            let distance = Length::from_tenths_um(distance.tenths_um() + i64::from(site.nudge));
            let arc = Arc::new(distance, steepness, outer_length, inner_length);
            // The bulge is removed with the wall and then put in its place again, further inside.
            let room = [wall_strength.mm(), FOOT_MM];
            let rooms = latches.iter().map(|latch| latch.block(outer_length.mm(), room)).collect();
            layers.push(Region::of(rooms), Action::Cut(Flat(0), Flat(FAR)));
            bulges(layers, site, &latches, &arc, [strength.mm(), height.mm()]);
        }
    }
}

/// One side of a cell.
#[derive(Debug, Clone, Copy)]
struct Latch {
    cell: Cell,
    /// North, east, south, west.
    side: usize,
}

impl Latch {
    fn place(&self, along: i32, inward: i32) -> Point {
        let (low, high) = (self.cell.low, self.cell.high);
        let (x, y) = (low.x + (high.x - low.x) / 2, low.y + (high.y - low.y) / 2);
        match self.side {
            0 => Point::new(x + along, high.y - inward),
            1 => Point::new(high.x - inward, y + along),
            2 => Point::new(x + along, low.y + inward),
            _ => Point::new(low.x + inward, y + along),
        }
    }

    fn read(&self, point: Point) -> (i32, i32) {
        let (low, high) = (self.cell.low, self.cell.high);
        let (x, y) = (low.x + (high.x - low.x) / 2, low.y + (high.y - low.y) / 2);
        match self.side {
            0 => (point.x - x, high.y - point.y),
            1 => (point.y - y, high.x - point.x),
            2 => (point.x - x, point.y - low.y),
            _ => (point.y - y, point.x - low.x),
        }
    }

    /// A block of a length, between two distances from the side.
    fn block(&self, length_mm: f64, [from, to]: [f64; 2]) -> Contour {
        let (half, from, to) = (from_mm(length_mm / 2.0), from_mm(from), from_mm(to));
        let corners = [(-half, from), (half, from), (half, to), (-half, to)];
        counter_clockwise(corners.iter().map(|&(along, inward)| self.place(along, inward)).collect())
    }
}

fn latches(site: &Site<'_>, click: Click) -> Vec<Latch> {
    let mut latches = Vec::new();
    for &cell in site.seats() {
        let (wide, deep) = (cell.high.x - cell.low.x, cell.high.y - cell.low.y);
        for side in 0..4_usize {
            let length = if side.is_multiple_of(2) { wide } else { deep };
            let latch = Latch { cell, side };
            if length == pitch() && is_possible(site, click, &latch) {
                latches.push(latch);
            }
        }
    }
    latches
}

/// A groove's wall must stand: not where a chamfer takes it, nor where sockets of the edge puzzle are.
fn is_possible(site: &Site<'_>, click: Click, latch: &Latch) -> bool {
    let Click::Groove { wall_strength, .. } = click else {
        return true;
    };
    let (cell, sides) = (latch.cell, site.plate.neighbours);
    let last = |lines: &[i32]| lines.last().copied().unwrap_or(0);
    let (is_outer, is_seam, padding) = match latch.side {
        0 => (cell.high.y == last(&site.lines_y), sides.north, site.high.y - cell.high.y),
        1 => (cell.high.x == last(&site.lines_x), sides.east, site.high.x - cell.high.x),
        2 => (cell.low.y == 0, sides.south, cell.low.y - site.low.y),
        _ => (cell.low.x == 0, sides.west, cell.low.x - site.low.x),
    };
    if !is_outer {
        return true;
    }
    let has_socket = site.spec.connectors().edge.is_some() && is_seam && latch.side >= 2;
    let chamfer = site.spec.bottom_chamfer().list().get(latch.side).copied().unwrap_or_default();
    let eaten =
        !is_seam && coordinate(chamfer.tenths_um()) - padding >= coordinate(wall_strength.tenths_um());
    let is_cut = !site.is_upstream() && !is_seam && padding < 0;
    !has_socket && !eaten && !is_cut
}

/// Wedges on the upright part of the wall: 45° from below, and from above as steep as that part is high.
fn tabs<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>, latches: &[Latch], length: Length, depth: Length) {
    let (tip, end) = (from_mm(TIP_MM), from_mm(WALL_MM + depth.mm()));
    let slope = |layers: &mut Layers<'s>, root: i32, share: f64| {
        let range = [tip.min(root), tip.max(root)];
        let height = move |point: Point| {
            let from_tip = f64::from(end - nearest_side(site, point)) * share;
            #[expect(clippy::cast_possible_truncation, reason = "as much as a tab is high")]
            let rise = from_tip.round() as i32;
            tip + rise
        };
        layers.slope(Slope { range, steepness: 1, height: Box::new(height) })
    };
    let below = coordinate(depth.tenths_um());
    let above = below.min(from_mm(UPRIGHT_MM[1] - TIP_MM));
    let lower = slope(layers, tip - below, -1.0);
    let upper = slope(layers, tip + above, f64::from(above) / f64::from(below.max(1)));
    let band = [WALL_MM, WALL_MM + depth.mm()];
    let blocks = latches.iter().map(|latch| latch.block(length.mm(), band)).collect();
    layers.push(Region::of(blocks), Action::Add(lower, upper));
}

/// Distance of a point of a latch from the side of its cell: all others are further away.
fn nearest_side(site: &Site<'_>, point: Point) -> i32 {
    let Cell { low, high } = site.cell_at(point);
    (point.x - low.x).min(high.x - point.x).min(point.y - low.y).min(high.y - point.y)
}

/// How far a bulge is moved inward along its length.
#[derive(Debug, Clone)]
struct Arc {
    /// Places along the side and how far the bulge is moved there.
    points: Vec<(i32, i32)>,
}

impl Arc {
    fn new(distance: Length, steepness: Length, outer: Length, inner: Length) -> Self {
        let length = (outer.mm() - inner.mm()) / 2.0;
        let logistic = |x: f64| 1.0 / (1.0 + libm::exp(-x * steepness.mm()));
        let (first, last) = (logistic(-length / 2.0), logistic(length / 2.0));
        let at = |step: i32| {
            let s = -length / 2.0 + length * f64::from(step) / f64::from(STEPS);
            let moved = from_mm(distance.mm() * (logistic(s) - first) / (last - first));
            let moved = if moved < MOVED_MIN { 0 } else { moved };
            (from_mm(length * f64::from(step) / f64::from(STEPS)), moved)
        };
        let half = from_mm(outer.mm() / 2.0);
        let mut points: Vec<_> = (0..=STEPS).map(at).map(|(s, moved)| (s - half, moved)).collect();
        points.extend(points.clone().into_iter().rev().map(|(s, moved)| (-s, moved)));
        points.dedup();
        Self { points }
    }

    fn moved(&self, along: i32) -> i32 {
        let after = self.points.partition_point(|&(s, _)| s <= along).clamp(1, self.points.len() - 1);
        let (Some(&(from, a)), Some(&(to, b))) = (self.points.get(after - 1), self.points.get(after)) else {
            return 0;
        };
        let share = f64::from((along - from).clamp(0, to - from)) / f64::from((to - from).max(1));
        #[expect(clippy::cast_possible_truncation, reason = "between two distances")]
        let rise = (f64::from(b - a) * share).round() as i32;
        a + rise
    }

    /// The band between two distances from the side of the wall as it was, moved, with a fold at each step.
    fn band(&self, latch: &Latch, [from, to]: [f64; 2]) -> (Contour, Vec<[Point; 2]>) {
        let [from, to] = [from, to].map(from_mm);
        let there = self.points.iter().map(|&(s, moved)| latch.place(s, from + moved));
        let back = self.points.iter().rev().map(|&(s, moved)| latch.place(s, to + moved));
        let folds =
            self.points.iter().map(|&(s, moved)| [latch.place(s, from + moved), latch.place(s, to + moved)]);
        (counter_clockwise(there.chain(back).collect()), folds.collect())
    }
}

/// The part of the wall's profile that bulges: its upper slope up to a height, its upright part, its lower slope.
fn bulges<'s>(
    layers: &mut Layers<'s>,
    site: &'s Site<'s>,
    latches: &[Latch],
    arc: &Arc,
    [strength_mm, height_mm]: [f64; 2],
) {
    // The original's seats over a floor are a trace too deep; the latch stands on that floor all the same.
    let foot = if site.is_upstream() && site.bottom < site.level { -super::seat::UPSTREAM_DEEPER } else { 0 };
    let back = FOOT_MM - strength_mm;
    // Where the upper slope is as high as the bulge may be.
    let cut_off = (PROFILE_MM - height_mm).clamp(back, WALL_MM);
    let bands = [
        ([back, cut_off], None),
        ([cut_off.max(back), WALL_MM], Some(PROFILE_MM)),
        ([WALL_MM, FOOT_MM], Some(UPRIGHT_MM[0] + WALL_MM)),
    ];
    for ([from, to], slope_mm) in bands.into_iter().filter(|([from, to], _)| to - from > 1e-4) {
        let (contours, folds): (Vec<_>, Vec<_>) =
            latches.iter().map(|latch| arc.band(latch, [from, to])).unzip();
        let region = Region { contours, folds: folds.concat(), outline_is_fold: true };
        let top = match slope_mm {
            None => Flat(from_mm(height_mm)),
            Some(sum) => {
                let range = [from_mm(sum - to), from_mm(sum - from)];
                let sum = from_mm(sum);
                let arc = arc.clone();
                let height = move |point: Point| {
                    let (along, inward) = latch_at(site, point).read(point);
                    sum - (inward - arc.moved(along))
                };
                layers.slope(Slope { range, steepness: 3, height: Box::new(height) })
            }
        };
        layers.push(region, Action::Add(Flat(foot), top));
    }
}

/// The latch of the side next to a point.
fn latch_at(site: &Site<'_>, point: Point) -> Latch {
    let cell = site.cell_at(point);
    let distances =
        [cell.high.y - point.y, cell.high.x - point.x, point.y - cell.low.y, point.x - cell.low.x];
    let nearest = (0..4).min_by_key(|&side: &usize| distances.get(side).copied()).unwrap_or(0);
    Latch { cell, side: nearest }
}
