//! The faces of a planar graph: what lies on either side of each edge.
//!
//! Half-edge `2 e` runs along edge `e` from `u` to `v`, half-edge `2 e + 1` back; the face of a half-edge is on its
//! left. Invariant: crossing an edge changes the windings of a face by exactly the edge's, which is checked.

#![expect(
    clippy::indexing_slicing,
    reason = "indices are made here and checked by the tests over random plates"
)]

use super::arrange::{Arrangement, id};
use super::windings::{WindingId, Windings, ZERO};
use crate::error::SolidError;
use crate::shape::Point;
use std::cmp::Ordering;

/// What is outside of everything.
const OUTSIDE: u32 = 0;
const NONE: u32 = u32::MAX;

/// Faces of an arrangement.
pub(super) struct Faces {
    /// Face on the left of each half-edge.
    pub(super) of: Vec<u32>,
    /// Winding of each face.
    pub(super) windings: Vec<WindingId>,
}

pub(super) fn tail(graph: &Arrangement, half: u32) -> u32 {
    let edge = &graph.edges[(half >> 1) as usize];
    if half & 1 == 0 { edge.u } else { edge.v }
}

pub(super) fn head(graph: &Arrangement, half: u32) -> u32 {
    tail(graph, half ^ 1)
}

/// Half-edges that leave each point, counter-clockwise.
pub(super) struct Fans {
    pub(super) starts: Vec<usize>,
    pub(super) halves: Vec<u32>,
    /// Place of each half-edge in `halves`.
    pub(super) places: Vec<usize>,
}

impl Fans {
    pub(super) fn new(graph: &Arrangement) -> Self {
        let count = 2 * graph.edges.len();
        let mut starts = vec![0; graph.points.list.len() + 1];
        for half in 0..id(count) {
            starts[tail(graph, half) as usize + 1] += 1;
        }
        for point in 0..graph.points.list.len() {
            starts[point + 1] += starts[point];
        }
        let mut filled = starts.clone();
        let mut halves = vec![0; count];
        for half in 0..id(count) {
            let point = tail(graph, half) as usize;
            halves[filled[point]] = half;
            filled[point] += 1;
        }
        for point in 0..graph.points.list.len() {
            let origin = graph.points.list[point];
            let fan = &mut halves[starts[point]..starts[point + 1]];
            fan.sort_by(|&a, &b| {
                let (a, b) =
                    (graph.points.list[head(graph, a) as usize], graph.points.list[head(graph, b) as usize]);
                by_angle(origin, a, b)
            });
        }
        let mut places = vec![0; count];
        for (place, half) in halves.iter().enumerate() {
            places[*half as usize] = place;
        }
        Self { starts, halves, places }
    }

    /// The half-edge that leaves the same point next clockwise.
    pub(super) fn clockwise(&self, point: u32, half: u32) -> u32 {
        let (start, end) = (self.starts[point as usize], self.starts[point as usize + 1]);
        let place = self.places[half as usize];
        self.halves[if place == start { end - 1 } else { place - 1 }]
    }
}

fn by_angle(origin: Point, a: Point, b: Point) -> Ordering {
    let (ax, ay) = (i64::from(a.x) - i64::from(origin.x), i64::from(a.y) - i64::from(origin.y));
    let (bx, by) = (i64::from(b.x) - i64::from(origin.x), i64::from(b.y) - i64::from(origin.y));
    let below = |x: i64, y: i64| y < 0 || (y == 0 && x < 0);
    below(ax, ay).cmp(&below(bx, by)).then((ay * bx).cmp(&(ax * by)))
}

struct Loop {
    first: u32,
    twice_area: i64,
    leftmost: Point,
}

/// Finds all faces.
pub(super) fn faces(graph: &mut Arrangement, fans: &Fans) -> Result<Faces, SolidError> {
    let (loops, loop_of, next) = loops(graph, fans);
    let mut face_of_loop = vec![NONE; loops.len()];
    let mut faces_n: u32 = OUTSIDE + 1;
    for (index, found) in loops.iter().enumerate() {
        if found.twice_area > 0 {
            face_of_loop[index] = faces_n;
            faces_n += 1;
        }
    }
    // The outer rim of each connected part lies in the face that is found to its left; parts to the left come first.
    let mut rims: Vec<usize> = (0..loops.len()).filter(|&index| loops[index].twice_area <= 0).collect();
    rims.sort_by_key(|&index| loops[index].leftmost);
    let strips = Strips::new(graph);
    for rim in rims {
        let around = strips.left_of(graph, loops[rim].leftmost);
        face_of_loop[rim] = around.map_or(OUTSIDE, |half| face_of_loop[loop_of[half as usize] as usize]);
    }
    let of: Vec<u32> = loop_of.iter().map(|&index| face_of_loop[index as usize]).collect();
    if let Some(half) = of.iter().position(|&face| face == NONE) {
        return Err(open_at(graph, id(half)));
    }
    let windings = windings(graph, &of, &loops, &face_of_loop, &next, faces_n)?;
    Ok(Faces { of, windings })
}

/// The half-edges around each face.
pub(super) struct Outlines {
    starts: Vec<usize>,
    halves: Vec<u32>,
}

impl Outlines {
    pub(super) fn new(faces: &Faces) -> Self {
        let mut starts = vec![0; faces.windings.len() + 1];
        for face in &faces.of {
            starts[*face as usize + 1] += 1;
        }
        for face in 0..faces.windings.len() {
            starts[face + 1] += starts[face];
        }
        let (mut filled, mut halves) = (starts.clone(), vec![0; faces.of.len()]);
        for (half, face) in faces.of.iter().enumerate() {
            halves[filled[*face as usize]] = id(half);
            filled[*face as usize] += 1;
        }
        Self { starts, halves }
    }

    pub(super) fn of(&self, face: usize) -> &[u32] {
        &self.halves[self.starts[face]..self.starts[face + 1]]
    }
}

fn open_at(graph: &Arrangement, half: u32) -> SolidError {
    let point = graph.points.list[tail(graph, half) as usize];
    SolidError::Open { x_mm: super::mm_text(point.x), y_mm: super::mm_text(point.y) }
}

fn loops(graph: &Arrangement, fans: &Fans) -> (Vec<Loop>, Vec<u32>, Vec<u32>) {
    let count = 2 * graph.edges.len();
    let next: Vec<u32> = (0..id(count)).map(|half| fans.clockwise(head(graph, half), half ^ 1)).collect();
    let mut loop_of = vec![NONE; count];
    let mut loops = Vec::new();
    for start in 0..id(count) {
        if loop_of[start as usize] != NONE {
            continue;
        }
        let mut found =
            Loop { first: start, twice_area: 0, leftmost: graph.points.list[tail(graph, start) as usize] };
        let mut half = start;
        while loop_of[half as usize] == NONE {
            loop_of[half as usize] = id(loops.len());
            let (a, b) = (
                graph.points.list[tail(graph, half) as usize],
                graph.points.list[head(graph, half) as usize],
            );
            found.twice_area += i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y);
            found.leftmost = found.leftmost.min(a);
            half = next[half as usize];
        }
        loops.push(found);
    }
    (loops, loop_of, next)
}

/// Height of a strip of [`Strips`], tenths of a micrometre, and most strips.
const STRIP: i32 = 12_000;
const STRIPS_MAX: i32 = 4096;

/// Which edges pass through which horizontal strip of the plane.
struct Strips {
    low: i32,
    height: i32,
    edges: Vec<Vec<u32>>,
}

impl Strips {
    fn new(graph: &Arrangement) -> Self {
        let points = &graph.points.list;
        let low = points.iter().map(|p| p.y).min().unwrap_or(0);
        let high = points.iter().map(|p| p.y).max().unwrap_or(0);
        let height = STRIP.max((high - low) / STRIPS_MAX + 1);
        let count = usize::try_from((high - low) / height + 1).unwrap_or(1);
        let mut strips = Self { low, height, edges: vec![Vec::new(); count] };
        for (index, edge) in graph.edges.iter().enumerate() {
            let (a, b) = (points[edge.u as usize].y, points[edge.v as usize].y);
            // Horizontal edges are never to the left of anything.
            if a != b {
                for strip in strips.at(a.min(b))..=strips.at(a.max(b)) {
                    strips.edges[strip].push(id(index));
                }
            }
        }
        strips
    }

    fn at(&self, y: i32) -> usize {
        usize::try_from((y - self.low) / self.height).unwrap_or(0).min(self.edges.len() - 1)
    }

    /// The half-edge whose left side is seen from `point` to the west, half a grid unit up, where no point can be.
    fn left_of(&self, graph: &Arrangement, point: Point) -> Option<u32> {
        let mut nearest: Option<(f64, u32)> = None;
        for &index in &self.edges[self.at(point.y)] {
            let edge = &graph.edges[index as usize];
            let (a, b) = (graph.points.list[edge.u as usize], graph.points.list[edge.v as usize]);
            if (a.y <= point.y) == (b.y <= point.y) {
                continue;
            }
            let along = (f64::from(point.y) + 0.5 - f64::from(a.y)) / f64::from(b.y - a.y);
            let x = f64::from(a.x) + f64::from(b.x - a.x) * along;
            if x < f64::from(point.x) && nearest.is_none_or(|(best, _)| x > best) {
                // The half-edge that runs down has the east on its left.
                nearest = Some((x, 2 * index + u32::from(b.y > a.y)));
            }
        }
        nearest.map(|(_, half)| half)
    }
}

/// Windings of all faces, spread from the outside across the edges.
fn windings(
    graph: &mut Arrangement,
    of: &[u32],
    loops: &[Loop],
    face_of_loop: &[u32],
    next: &[u32],
    faces_n: u32,
) -> Result<Vec<WindingId>, SolidError> {
    let mut rims: Vec<(u32, u32)> =
        loops.iter().zip(face_of_loop).map(|(found, &face)| (face, found.first)).collect();
    rims.sort_unstable();
    let mut known: Vec<Option<WindingId>> = vec![None; faces_n as usize];
    known[OUTSIDE as usize] = Some(ZERO);
    let mut to_visit = vec![OUTSIDE];
    while let Some(face) = to_visit.pop() {
        let Some(here) = known[face as usize] else {
            continue;
        };
        let first = rims.partition_point(|&(of, _)| of < face);
        for &(_, start) in rims[first..].iter().take_while(|&&(of, _)| of == face) {
            let mut half = start;
            loop {
                let change = graph.edges[(half >> 1) as usize].winding;
                let step = if half & 1 == 0 { Windings::negated(change) } else { change };
                let there = graph.windings.sum(here, step);
                let other = of[(half ^ 1) as usize];
                match known[other as usize] {
                    None => {
                        known[other as usize] = Some(there);
                        to_visit.push(other);
                    }
                    Some(found) if found != there => return Err(open_at(graph, half)),
                    Some(_) => {}
                }
                half = next[half as usize];
                if half == start {
                    break;
                }
            }
        }
    }
    Ok(known.into_iter().map(|winding| winding.unwrap_or(ZERO)).collect())
}
