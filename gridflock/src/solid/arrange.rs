//! All lines of all regions as one planar graph on the integer grid: no two edges cross, and no point lies on an edge.
//!
//! Lines are cut where they cross, crossings are rounded to the grid, and points closer than [`MERGE`] are one; that
//! moves lines a little, so it is repeated until nothing crosses any more (snap rounding). Every contour stays closed,
//! so the windings of the regions stay consistent whatever the rounding does.

#![expect(
    clippy::indexing_slicing,
    reason = "indices are made here and checked by the tests over random plates"
)]

use super::layers::Layers;
use super::windings::{WindingId, Windings, ZERO};
use crate::error::SolidError;
use crate::shape::Point;
use rustc_hash::FxHashMap;

/// Points closer than this many tenths of a micrometre are one point.
const MERGE: i64 = 3;
/// Rounds after which the lines are given up; random plates need at most 5.
const ROUNDS_MAX: usize = 40;
/// Most points of one plate: a full 2 m square of cells with magnets has fewer.
const POINTS_MAX: usize = 8_000_000;
/// Side of a bucket for finding crossings, tenths of a micrometre, and most buckets per side.
const BUCKET: i32 = 12_000;
const BUCKETS_MAX: i32 = 1024;

/// An edge from `u` to `v`, `u < v`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) u: u32,
    pub(super) v: u32,
    /// Change of the regions' winding numbers from the right of the edge to its left.
    pub(super) winding: WindingId,
    /// Whether facets of a slope meet here.
    pub(super) is_fold: bool,
    /// Not yet tested against the others.
    is_fresh: bool,
}

/// A planar graph.
pub(super) struct Arrangement {
    pub(super) points: Points,
    /// Sorted by their points, none twice.
    pub(super) edges: Vec<Edge>,
    pub(super) windings: Windings,
}

pub(super) fn id(index: usize) -> u32 {
    u32::try_from(index).expect("POINTS_MAX and what is made of it stay below 2^32")
}

/// Arranges the lines of `layers`.
pub(super) fn arrange(layers: &Layers<'_>) -> Result<Arrangement, SolidError> {
    let mut points = Points::default();
    let mut windings = Windings::new();
    let mut edges = Vec::new();
    let mut line = |a: Point, b: Point, winding: WindingId, is_fold: bool| {
        let (u, v) = (points.at(a), points.at(b));
        edges.extend(Edge { u, v, winding, is_fold, is_fresh: true }.between(u, v));
    };
    for (index, region) in layers.regions.iter().enumerate() {
        let winding = windings.of_region(index);
        for contour in &region.contours {
            for (a, b) in contour.iter().zip(contour.iter().skip(1).chain(contour.first())) {
                line(*a, *b, winding, region.outline_is_fold);
            }
        }
        for [a, b] in &region.folds {
            line(*a, *b, ZERO, true);
        }
    }
    let edges = merged(edges, &mut windings);
    let mut graph = Arrangement { points, edges, windings };
    graph.settle()?;
    Ok(graph)
}

impl Arrangement {
    /// Cuts edges at given points, adds lines that belong to no region, and arranges all again.
    pub(super) fn refine(&mut self, cuts: &[(u32, Point)], lines: &[[Point; 2]]) -> Result<(), SolidError> {
        let mut at: Vec<(u32, u32)> =
            cuts.iter().map(|&(edge, point)| (edge, self.points.at(point))).collect();
        at.retain(|&(edge, point)| {
            let edge = &self.edges[edge as usize];
            point != edge.u && point != edge.v
        });
        at.sort_unstable();
        at.dedup();
        let mut edges = cut(&self.points.list, &self.edges, &at);
        for &[a, b] in lines {
            let (u, v) = (self.points.at(a), self.points.at(b));
            edges.extend(Edge { u, v, winding: ZERO, is_fold: true, is_fresh: true }.between(u, v));
        }
        self.edges = merged(edges, &mut self.windings);
        self.settle()
    }

    /// Cuts edges where they cross until none do.
    fn settle(&mut self) -> Result<(), SolidError> {
        for _ in 0..ROUNDS_MAX {
            let mut cuts = crossings(&mut self.points, &self.edges);
            let points_n = self.points.list.len();
            if points_n > POINTS_MAX {
                return Err(SolidError::TooLarge { points: points_n, max: POINTS_MAX });
            }
            if cuts.is_empty() {
                return Ok(());
            }
            cuts.sort_unstable();
            cuts.dedup();
            self.edges = merged(cut(&self.points.list, &self.edges, &cuts), &mut self.windings);
        }
        Err(SolidError::DidNotSettle { rounds: ROUNDS_MAX })
    }
}

impl Edge {
    /// An edge like this one, from `from` to `to`, not yet tested; none if both are the same point.
    fn between(&self, from: u32, to: u32) -> Option<Self> {
        match from.cmp(&to) {
            std::cmp::Ordering::Less => Some(Self { u: from, v: to, is_fresh: true, ..*self }),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Self {
                u: to,
                v: from,
                winding: Windings::negated(self.winding),
                is_fresh: true,
                ..*self
            }),
        }
    }
}

/// Sorts, and makes one of equal edges. Edges that change nothing are dropped.
fn merged(mut edges: Vec<Edge>, windings: &mut Windings) -> Vec<Edge> {
    edges.sort_unstable_by_key(|e| u64::from(e.u) << 32 | u64::from(e.v));
    let mut kept: Vec<Edge> = Vec::with_capacity(edges.len());
    for edge in edges {
        match kept.last_mut() {
            Some(last) if (last.u, last.v) == (edge.u, edge.v) => {
                last.winding = windings.sum(last.winding, edge.winding);
                last.is_fold |= edge.is_fold;
                last.is_fresh &= edge.is_fresh;
            }
            _ => kept.push(edge),
        }
    }
    kept.retain(|e| e.is_fold || e.winding != ZERO);
    kept
}

/// All points, with those closer than [`MERGE`] made one.
#[derive(Default)]
pub(super) struct Points {
    pub(super) list: Vec<Point>,
    /// First point of each grid square of 8 × 8.
    squares: FxHashMap<(i32, i32), u32>,
    /// The next point of the same square.
    next: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Points {
    fn at(&mut self, point: Point) -> u32 {
        let square = (point.x >> 3, point.y >> 3);
        let span = |low: i32| match low & 7 {
            0..=2 => -1..=0,
            5..=7 => 0..=1,
            _ => 0..=0,
        };
        for dx in span(point.x) {
            for dy in span(point.y) {
                let mut at = self.squares.get(&(square.0 + dx, square.1 + dy)).copied().unwrap_or(NONE);
                while at != NONE {
                    let other = self.list[at as usize];
                    let (x, y) = (i64::from(other.x - point.x), i64::from(other.y - point.y));
                    if x * x + y * y < MERGE * MERGE {
                        return at;
                    }
                    at = self.next[at as usize];
                }
            }
        }
        let new = id(self.list.len());
        self.list.push(point);
        self.next.push(self.squares.insert(square, new).unwrap_or(NONE));
        new
    }
}

fn cross(o: Point, a: Point, b: Point) -> i64 {
    let (ax, ay) = (i64::from(a.x) - i64::from(o.x), i64::from(a.y) - i64::from(o.y));
    let (bx, by) = (i64::from(b.x) - i64::from(o.x), i64::from(b.y) - i64::from(o.y));
    ax * by - ay * bx
}

/// Where edges must be cut: pairs of edge and point.
fn crossings(points: &mut Points, edges: &[Edge]) -> Vec<(u32, u32)> {
    let buckets = Buckets::new(&points.list, edges);
    let (mut cuts, mut fresh) = (Vec::new(), Vec::new());
    for bucket in 0..buckets.starts.len() - 1 {
        let here = &buckets.edges[buckets.starts[bucket]..buckets.starts[bucket + 1]];
        fresh.clear();
        fresh.extend(here.iter().filter(|&&edge| edges[edge as usize].is_fresh));
        for &first in &fresh {
            let e = &edges[first as usize];
            for &second in here {
                let f = &edges[second as usize];
                // Two fresh ones meet once.
                if !f.is_fresh || second > first {
                    meet(points, (first, e), (second, f), &mut cuts);
                }
            }
        }
    }
    cuts
}

/// Adds the cuts of two edges: at an end of one that lies on the other, or where they cross.
fn meet(points: &mut Points, (e_id, e): (u32, &Edge), (f_id, f): (u32, &Edge), cuts: &mut Vec<(u32, u32)>) {
    let list = &points.list;
    let (a, b, c, d) = (list[e.u as usize], list[e.v as usize], list[f.u as usize], list[f.v as usize]);
    let apart = |p: i32, q: i32, r: i32, s: i32| p.max(q) + 1 < r.min(s) || r.max(s) + 1 < p.min(q);
    if apart(a.x, b.x, c.x, d.x) || apart(a.y, b.y, c.y, d.y) {
        return;
    }
    let before = cuts.len();
    let (c_side, d_side) = (cross(a, b, c), cross(a, b, d));
    let (a_side, b_side) = (cross(c, d, a), cross(c, d, b));
    let shared = e.u == f.u || e.u == f.v || e.v == f.u || e.v == f.v;
    for (point, at, side) in [(f.u, c, c_side), (f.v, d, d_side)] {
        if point != e.u && point != e.v && is_on(a, b, at, side) {
            cuts.push((e_id, point));
        }
    }
    for (point, at, side) in [(e.u, a, a_side), (e.v, b, b_side)] {
        if point != f.u && point != f.v && is_on(c, d, at, side) {
            cuts.push((f_id, point));
        }
    }
    let crosses = (c_side < 0) != (d_side < 0) && (a_side < 0) != (b_side < 0);
    if shared || cuts.len() > before || !crosses {
        return;
    }
    let along = a_side as f64 / (a_side - b_side) as f64;
    let at = |from: i32, to: i32| {
        let value = f64::from(from) + f64::from(to - from) * along;
        #[expect(clippy::cast_possible_truncation, reason = "between two coordinates")]
        let rounded = value.round() as i32;
        rounded
    };
    let point = points.at(Point::new(at(a.x, b.x), at(a.y, b.y)));
    if point != e.u && point != e.v {
        cuts.push((e_id, point));
    }
    if point != f.u && point != f.v {
        cuts.push((f_id, point));
    }
}

/// Whether `point` is within one grid unit of the inside of a line; `side` is its cross product.
fn is_on(a: Point, b: Point, point: Point, side: i64) -> bool {
    let (x, y) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
    let (px, py) = (i64::from(point.x) - i64::from(a.x), i64::from(point.y) - i64::from(a.y));
    let (along, length) = (x * px + y * py, x * x + y * y);
    if along <= 0 || along >= length {
        return false;
    }
    let side = side as f64;
    side * side < length as f64
}

/// Replaces each edge by its pieces.
fn cut(points: &[Point], edges: &[Edge], cuts: &[(u32, u32)]) -> Vec<Edge> {
    let mut pieces = Vec::with_capacity(edges.len() + cuts.len());
    let mut cuts = cuts.iter().peekable();
    let mut on: Vec<(i64, u32)> = Vec::new();
    for (index, whole) in edges.iter().enumerate() {
        on.clear();
        let (a, b) = (points[whole.u as usize], points[whole.v as usize]);
        while let Some(&&(_, point)) = cuts.peek().filter(|(edge, _)| *edge as usize == index) {
            let at = points[point as usize];
            let (x, y) = (i64::from(b.x - a.x), i64::from(b.y - a.y));
            on.push((x * i64::from(at.x - a.x) + y * i64::from(at.y - a.y), point));
            cuts.next();
        }
        if on.is_empty() {
            pieces.push(Edge { is_fresh: false, ..*whole });
            continue;
        }
        on.sort_unstable();
        let mut from = whole.u;
        for to in on.iter().map(|&(_, point)| point).chain([whole.v]) {
            pieces.extend(whole.between(from, to));
            from = to;
        }
    }
    pieces
}

/// Which edges pass through which square of the plane.
struct Buckets {
    starts: Vec<usize>,
    edges: Vec<u32>,
}

impl Buckets {
    fn new(points: &[Point], edges: &[Edge]) -> Self {
        let low_x = points.iter().map(|p| p.x).min().unwrap_or(0);
        let low_y = points.iter().map(|p| p.y).min().unwrap_or(0);
        let high_x = points.iter().map(|p| p.x).max().unwrap_or(0);
        let high_y = points.iter().map(|p| p.y).max().unwrap_or(0);
        let side = BUCKET.max((high_x - low_x).max(high_y - low_y) / BUCKETS_MAX + 1);
        let frame =
            Frame { low: Point::new(low_x - 2, low_y - 2), side, wide: (high_x - low_x + 4) / side + 1 };
        let tall = (high_y - low_y + 4) / side + 1;
        let count = usize::try_from(frame.wide * tall).unwrap_or(0);
        let mut starts = vec![0; count + 1];
        for edge in edges {
            frame.each(points[edge.u as usize], points[edge.v as usize], |bucket| starts[bucket + 1] += 1);
        }
        for bucket in 0..count {
            starts[bucket + 1] += starts[bucket];
        }
        let mut filled = starts.clone();
        let mut list = vec![0; starts[count]];
        for (index, edge) in edges.iter().enumerate() {
            frame.each(points[edge.u as usize], points[edge.v as usize], |bucket| {
                list[filled[bucket]] = id(index);
                filled[bucket] += 1;
            });
        }
        Self { starts, edges: list }
    }
}

struct Frame {
    low: Point,
    side: i32,
    wide: i32,
}

impl Frame {
    /// Every bucket that a line passes, with a margin of two grid units.
    fn each(&self, a: Point, b: Point, mut found: impl FnMut(usize)) {
        let (left, right) = if a.x <= b.x { (a, b) } else { (b, a) };
        let (first, last) = ((left.x - 2 - self.low.x) / self.side, (right.x + 2 - self.low.x) / self.side);
        for column in first..=last {
            // The stretch of the line within this column of buckets.
            let from = (self.low.x + column * self.side - 2).max(left.x);
            let to = (self.low.x + (column + 1) * self.side + 2).min(right.x);
            let (y_from, y_to) = (height_at(left, right, from), height_at(left, right, to));
            let (y_from, y_to) = if left.x == right.x { (left.y, right.y) } else { (y_from, y_to) };
            let (low, high) = (y_from.min(y_to) - 3, y_from.max(y_to) + 3);
            let (low, high) = ((low - self.low.y).max(0) / self.side, (high - self.low.y).max(0) / self.side);
            for row in low..=high {
                if let Ok(bucket) = usize::try_from(row * self.wide + column) {
                    found(bucket);
                }
            }
        }
    }
}

/// Height of a line at `x`.
fn height_at(left: Point, right: Point, x: i32) -> i32 {
    let run = i64::from(right.x) - i64::from(left.x);
    if run == 0 {
        return left.y;
    }
    let rise = (i64::from(right.y) - i64::from(left.y)) * (i64::from(x) - i64::from(left.x)) / run;
    left.y + crate::shape::coordinate(rise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solid::layers::{Action, Height::Flat, Region};

    #[test]
    fn points_that_are_nearly_one_are_one() {
        let mut points = Points::default();
        let first = points.at(Point::new(7, 8));
        for (near, is_one) in
            [((9, 9), true), ((5, 7), true), ((7, 6), true), ((10, 8), false), ((4, 4), false)]
        {
            let mut points = Points::default();
            let known = points.at(Point::new(7, 8));
            assert_eq!(known, first);
            assert_eq!(points.at(Point::new(near.0, near.1)) == known, is_one, "{near:?}");
        }
    }

    #[test]
    fn outlines_that_miss_each_other_by_a_hair_have_one_corner() {
        let mut layers = Layers::default();
        let block =
            |x: i32, y: i32| crate::shape::rectangle(Point::new(x, y), Point::new(x + 1000, y + 1000));
        for (x, y) in [(0, 0), (1002, 1), (2, 1002)] {
            layers.push(Region::of(vec![block(x, y)]), Action::Add(Flat(0), Flat(10)));
        }
        let graph = arrange(&layers).ok().unwrap();
        // Twelve corners, of which each of the two neighbours shares two with the first, and both share one.
        assert_eq!(graph.points.list.len(), 8, "{:?}", graph.points.list);
    }
}
