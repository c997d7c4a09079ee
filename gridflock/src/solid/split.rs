//! Where the graph must be finer, so that no two heights cross inside of a face or along an edge.
//!
//! Within a face every height is flat or a plane, so two of them cross along a straight line. The line is found from
//! the corners of the face and from its edges alone, so that both sides of an edge find the same point on it.

#![expect(
    clippy::indexing_slicing,
    reason = "indices are made here and checked by the tests over random plates"
)]

use super::arrange::Arrangement;
use super::faces::{Faces, Outlines};
use super::layers::{Height, Interval, Layers};
use crate::shape::Point;
use std::cmp::Ordering;

/// Cuts and lines that are missing.
#[derive(Default)]
pub(super) struct Splits {
    /// Points at which edges must be cut.
    pub(super) cuts: Vec<(u32, Point)>,
    /// Lines through faces.
    pub(super) lines: Vec<[Point; 2]>,
}

/// Compares heights face by face.
pub(super) struct Comparer<'a> {
    layers: &'a Layers<'a>,
    graph: &'a Arrangement,
    faces: &'a Faces,
    outlines: Outlines,
    pub(super) splits: Splits,
}

impl<'a> Comparer<'a> {
    pub(super) fn new(layers: &'a Layers<'a>, graph: &'a Arrangement, faces: &'a Faces) -> Self {
        Self { layers, graph, faces, outlines: Outlines::new(faces), splits: Splits::default() }
    }

    /// Which of two heights is higher on a face. Where they cross the face is to be split, and the answer is that of
    /// the larger part.
    pub(super) fn order(&mut self, face: usize, a: Height, b: Height) -> Ordering {
        let tolerance = self.layers.tolerance([a, b]);
        let (mut below, mut above) = (0, 0);
        for &half in self.outlines.of(face) {
            let difference = self.difference(super::faces::tail(self.graph, half), a, b);
            (below, above) = (below.min(difference), above.max(difference));
        }
        if -below <= tolerance && above <= tolerance {
            return Ordering::Equal;
        }
        if -below > tolerance && above > tolerance {
            self.split(face, a, b, tolerance);
        }
        if above > -below { Ordering::Greater } else { Ordering::Less }
    }

    fn difference(&self, point: u32, a: Height, b: Height) -> i32 {
        let at = self.graph.points.list[point as usize];
        self.layers.height(a, at) - self.layers.height(b, at)
    }

    fn split(&mut self, face: usize, a: Height, b: Height, tolerance: i32) {
        let mut on_line: Vec<Point> = Vec::new();
        for &half in self.outlines.of(face) {
            let edge = half >> 1;
            // Once per edge, also where both of its sides are this face.
            if half & 1 == 1 && self.faces.of[half as usize] == self.faces.of[(half ^ 1) as usize] {
                continue;
            }
            let (u, v) = (self.graph.edges[edge as usize].u, self.graph.edges[edge as usize].v);
            let (at_u, at_v) = (self.difference(u, a, b), self.difference(v, a, b));
            for (point, difference) in [(u, at_u), (v, at_v)] {
                if difference.abs() <= tolerance {
                    on_line.push(self.graph.points.list[point as usize]);
                }
            }
            if let Some(point) = self.crossing(edge, [at_u, at_v], tolerance) {
                self.splits.cuts.push((edge, point));
                on_line.push(point);
            }
        }
        on_line.sort_unstable();
        on_line.dedup();
        let extent = |value: fn(&Point) -> i32| {
            let values = on_line.iter().map(value);
            values.clone().max().unwrap_or(0) - values.min().unwrap_or(0)
        };
        if extent(|p| p.y) > extent(|p| p.x) {
            on_line.sort_by_key(|p| (p.y, p.x));
        }
        self.splits.lines.extend(on_line.windows(2).map(|pair| [pair[0], pair[1]]));
    }

    /// Where two heights cross along an edge, if they do.
    fn crossing(&self, edge: u32, [at_u, at_v]: [i32; 2], tolerance: i32) -> Option<Point> {
        let crosses = at_u.min(at_v) < -tolerance && at_u.max(at_v) > tolerance;
        let edge = &self.graph.edges[edge as usize];
        let (u, v) = (self.graph.points.list[edge.u as usize], self.graph.points.list[edge.v as usize]);
        let along = f64::from(at_u) / (f64::from(at_u) - f64::from(at_v));
        let at = |from: i32, to: i32| {
            let value = f64::from(from) + f64::from(to - from) * along;
            #[expect(clippy::cast_possible_truncation, reason = "between two coordinates")]
            let rounded = value.round() as i32;
            rounded
        };
        crosses.then(|| Point::new(at(u.x, v.x), at(u.y, v.y)))
    }

    /// Cuts an edge where heights of its two sides cross.
    pub(super) fn compare_sides(&mut self, edge: u32, left: &[Interval], right: &[Interval]) {
        let (u, v) = (self.graph.edges[edge as usize].u, self.graph.edges[edge as usize].v);
        for &a in left.iter().flatten() {
            for &b in right.iter().flatten() {
                if self.layers.order(a, b).is_some() {
                    continue;
                }
                let differences = [self.difference(u, a, b), self.difference(v, a, b)];
                let tolerance = self.layers.tolerance([a, b]);
                if let Some(point) = self.crossing(edge, differences, tolerance) {
                    self.splits.cuts.push((edge, point));
                }
            }
        }
    }
}
