//! Tops and bottoms of the solid intervals.
//!
//! Surfaces of neighbouring faces with the same height are one surface, cut along folds only; each is triangulated
//! over all points of its rim, so that it fits its neighbours corner by corner.

#![expect(
    clippy::indexing_slicing,
    reason = "indices are made here and checked by the tests over random plates"
)]

use super::Columns;
use super::arrange::id;
use super::faces::{head, tail};
use super::layers::{Height, Interval};
use super::mesh::Builder;
use crate::error::SolidError;
use crate::shape::Point;
use i_triangle::i_overlay::i_float::int::point::IntPoint;
use i_triangle::int::unchecked::IntUncheckedTriangulatable;
use rustc_hash::FxHashMap;

/// A piece of rim: the surface it belongs to, and the half-edge with the surface on its left.
type Rim = (u32, u32);

/// Adds all caps.
pub(super) fn caps(all: &Columns, builder: &mut Builder) -> Result<(), SolidError> {
    let surfaces = Surfaces::new(all);
    let mut rims = surfaces.rims(all);
    rims.sort_unstable();
    let ids: FxHashMap<Point, u32> =
        all.graph.points.list.iter().enumerate().map(|(index, point)| (*point, id(index))).collect();
    let mut scratch = Scratch { at: vec![NONE; 2 * all.graph.edges.len()], ..Scratch::default() };
    let mut rest = rims.as_slice();
    while let Some(&(surface, _)) = rest.first() {
        let (own, others) = rest.split_at(rest.partition_point(|&(of, _)| of == surface));
        rest = others;
        let (height, is_top) = surfaces.kind(all, surface);
        let contours = contours(all, own, &mut scratch)?;
        cap(all, contours, height, is_top, &ids, builder);
    }
    Ok(())
}

const NONE: u32 = u32::MAX;

/// All surfaces before merging: two per interval of each face, bottom and top.
struct Surfaces {
    /// First surface of each face.
    starts: Vec<u32>,
    /// Where each surface was merged into.
    merged: Vec<u32>,
    faces: Vec<u32>,
}

impl Surfaces {
    fn new(all: &Columns) -> Self {
        let mut starts = Vec::with_capacity(all.of_face.len());
        let mut faces = Vec::new();
        for (face, column) in all.of_face.iter().enumerate() {
            starts.push(id(faces.len()));
            faces.resize(faces.len() + 2 * all.columns[*column as usize].len(), id(face));
        }
        let mut surfaces = Self { starts, merged: (0..id(faces.len())).collect(), faces };
        for edge in 0..id(all.graph.edges.len()) {
            surfaces.each_pair(all, 2 * edge, |surfaces, left, right| {
                if let Beyond::Same(right) = right {
                    let (a, b) = (surfaces.root(left), surfaces.root(right));
                    surfaces.merged[a.max(b) as usize] = a.min(b);
                }
            });
        }
        surfaces
    }

    fn root(&mut self, surface: u32) -> u32 {
        let mut at = surface;
        while self.merged[at as usize] != at {
            let up = self.merged[at as usize];
            self.merged[at as usize] = self.merged[up as usize];
            at = up;
        }
        at
    }

    /// Calls `found` for each surface left of a half-edge with what continues it on the right.
    fn each_pair(&mut self, all: &Columns, half: u32, mut found: impl FnMut(&mut Self, u32, Beyond)) {
        let (left, right) = (all.faces.of[half as usize], all.faces.of[(half ^ 1) as usize]);
        let is_fold = all.graph.edges[(half >> 1) as usize].is_fold;
        let here = &all.columns[all.of_face[left as usize] as usize];
        let there = &all.columns[all.of_face[right as usize] as usize];
        for (index, interval) in here.iter().enumerate() {
            for end in [0, 1] {
                let height = interval[end];
                let surface =
                    |face: u32, index: usize, starts: &[u32]| starts[face as usize] + id(2 * index + end);
                let own = surface(left, index, &self.starts);
                let other = position(there, end, height).map(|other| surface(right, other, &self.starts));
                let beyond = match other {
                    None => Beyond::Nothing,
                    Some(other) if is_fold && matches!(height, Height::Slope(_)) => Beyond::Folded(other),
                    Some(other) => Beyond::Same(other),
                };
                found(self, own, beyond);
            }
        }
    }

    fn rims(&self, all: &Columns) -> Vec<Rim> {
        let mut surfaces =
            Self { starts: self.starts.clone(), merged: self.merged.clone(), faces: Vec::new() };
        let mut rims = Vec::new();
        for half in 0..id(2 * all.graph.edges.len()) {
            surfaces.each_pair(all, half, |surfaces, left, right| {
                let own = surfaces.root(left);
                // A fold of another slope can end within this facet; then both of its sides are one surface.
                let goes_on = match right {
                    Beyond::Nothing => false,
                    Beyond::Same(_) => true,
                    Beyond::Folded(right) => surfaces.root(right) == own,
                };
                if !goes_on {
                    rims.push((own, half));
                }
            });
        }
        rims
    }

    fn kind(&self, all: &Columns, surface: u32) -> (Height, bool) {
        let face = self.faces[surface as usize];
        let within = (surface - self.starts[face as usize]) as usize;
        let interval = all.columns[all.of_face[face as usize] as usize][within / 2];
        (interval[within % 2], within % 2 == 1)
    }
}

/// What continues a surface across an edge.
enum Beyond {
    Nothing,
    Same(u32),
    /// The same height, but perhaps another facet of it.
    Folded(u32),
}

fn position(column: &[Interval], end: usize, height: Height) -> Option<usize> {
    column.iter().position(|interval| interval[end] == height)
}

#[derive(Default)]
struct Scratch {
    /// Place of a half-edge in the rim at hand.
    at: Vec<u32>,
    used: Vec<bool>,
}

/// Joins pieces of rim to closed outlines of points, the outer one first.
fn contours(all: &Columns, rim: &[Rim], scratch: &mut Scratch) -> Result<Vec<Vec<u32>>, SolidError> {
    let graph = &all.graph;
    for (place, &(_, half)) in rim.iter().enumerate() {
        scratch.at[half as usize] = id(place);
    }
    scratch.used.clear();
    scratch.used.resize(rim.len(), false);
    let mut contours: Vec<(i64, Vec<u32>)> = Vec::new();
    let mut result = Ok(());
    for (place, &(_, start)) in rim.iter().enumerate() {
        if scratch.used[place] {
            continue;
        }
        let (mut half, mut place) = (start, place);
        let mut contour = Vec::new();
        let mut twice_area = 0;
        while !scratch.used[place] {
            scratch.used[place] = true;
            contour.push(tail(graph, half));
            let (a, b) = (
                graph.points.list[tail(graph, half) as usize],
                graph.points.list[head(graph, half) as usize],
            );
            twice_area += i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y);
            // The surface is on the left: the next piece is the first one clockwise from where we came.
            let corner = head(graph, half);
            let mut turn = half ^ 1;
            loop {
                turn = all.fans.clockwise(corner, turn);
                if scratch.at[turn as usize] != NONE || turn == half ^ 1 {
                    break;
                }
            }
            if scratch.at[turn as usize] == NONE {
                let at = graph.points.list[corner as usize];
                result = Err(SolidError::Open { x_mm: super::mm_text(at.x), y_mm: super::mm_text(at.y) });
                break;
            }
            half = turn;
            place = scratch.at[half as usize] as usize;
        }
        contours.push((twice_area, contour));
    }
    for &(_, half) in rim {
        scratch.at[half as usize] = NONE;
    }
    // One outline is counter-clockwise, around all holes.
    contours.sort_by_key(|(twice_area, _)| -*twice_area);
    result.map(|()| contours.into_iter().map(|(_, contour)| contour).collect())
}

/// Triangulates one surface.
fn cap(
    all: &Columns,
    contours: Vec<Vec<u32>>,
    height: Height,
    is_top: bool,
    ids: &FxHashMap<Point, u32>,
    builder: &mut Builder,
) {
    let mut add = |[a, b, c]: [u32; 3]| {
        let [a, b, c] = [a, b, c].map(|point| builder.corner(point, all.height(height, point)));
        builder.triangle(if is_top { [a, b, c] } else { [a, c, b] });
    };
    if let [single] = contours.as_slice() {
        match *single.as_slice() {
            [a, b, c] => return add([a, b, c]),
            [a, b, c, d] => {
                let point = |at: u32| all.graph.points.list[at as usize];
                // A diagonal that leaves a proper triangle on both sides.
                let (first, second) = (area([a, b, c].map(point)), area([a, c, d].map(point)));
                let (third, fourth) = (area([a, b, d].map(point)), area([b, c, d].map(point)));
                if first.min(second) > 0 && first.min(second) >= third.min(fourth) {
                    add([a, b, c]);
                    return add([a, c, d]);
                } else if third.min(fourth) > 0 {
                    add([a, b, d]);
                    return add([b, c, d]);
                }
            }
            _ => {}
        }
    }
    let shape: Vec<Vec<IntPoint<i32>>> = contours
        .into_iter()
        .map(|contour| {
            let points = contour.into_iter().map(|at| all.graph.points.list[at as usize]);
            points.map(|point| IntPoint::new(point.x, point.y)).collect()
        })
        .collect();
    let net = shape.uncheck_triangulate();
    let points: Vec<u32> =
        net.points().iter().map(|p| ids.get(&Point::new(p.x, p.y)).copied().unwrap_or(NONE)).collect();
    for triangle in net.triangle_indices::<u32>().chunks_exact(3) {
        let [a, b, c] = [0, 1, 2].map(|i| points[triangle[i] as usize]);
        let point = |at: u32| all.graph.points.list[at as usize];
        let is_left = area([a, b, c].map(point)) > 0;
        add(if is_left { [a, b, c] } else { [a, c, b] });
    }
}

fn area([a, b, c]: [Point; 3]) -> i64 {
    let (abx, aby) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
    let (acx, acy) = (i64::from(c.x) - i64::from(a.x), i64::from(c.y) - i64::from(a.y));
    abx * acy - aby * acx
}
