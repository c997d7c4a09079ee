//! Upright walls: along each edge, where only one of its two sides is solid.

#![expect(
    clippy::indexing_slicing,
    reason = "indices are made here and checked by the tests over random plates"
)]

use super::Columns;
use super::arrange::id;
use super::mesh::Builder;
use crate::error::SolidError;

/// Adds all walls.
pub(super) fn walls(all: &Columns, builder: &mut Builder) -> Result<(), SolidError> {
    let levels = Levels::new(all);
    let mut ends = Vec::new();
    for edge in 0..id(all.graph.edges.len()) {
        let (left, right) = (all.left_of(2 * edge), all.left_of(2 * edge + 1));
        if left == right {
            continue;
        }
        ends.clear();
        let (u, v) = (all.graph.edges[edge as usize].u, all.graph.edges[edge as usize].v);
        for (column, side) in [(left, 0_usize), (right, 1)] {
            for interval in &all.columns[column as usize] {
                ends.extend(interval.map(|height| ([all.height(height, u), all.height(height, v)], side)));
            }
        }
        ends.sort_unstable();
        let mut solid = [false; 2];
        for pair in ends.windows(2) {
            let ((low, side), (high, _)) = (pair[0], pair[1]);
            solid[side] = !solid[side];
            if low[1] > high[1] {
                let at = all.graph.points.list[u as usize];
                return Err(SolidError::SurfacesCross {
                    x_mm: super::mm_text(at.x),
                    y_mm: super::mm_text(at.y),
                });
            }
            if solid[0] != solid[1] && low != high {
                // Seen from outside the wall runs from `u` to `v` if its solid is on the left.
                let (from, to) = if solid[0] { (0, 1) } else { (1, 0) };
                let points = [u, v];
                wall(
                    &levels,
                    [points[from], points[to]],
                    [low[from], low[to]],
                    [high[from], high[to]],
                    builder,
                );
            }
        }
    }
    Ok(())
}

/// One wall from the point `from` to the point `to`, outside on its right.
fn wall(levels: &Levels, [from, to]: [u32; 2], low: [i32; 2], high: [i32; 2], builder: &mut Builder) {
    let (a, b) = (levels.between(from, low[0], high[0]), levels.between(to, low[1], high[1]));
    let height = |chain: &Chain<'_>, place: usize| match place {
        0 => chain.low,
        _ => chain.inner.get(place - 1).map_or(chain.high, |level| level.1),
    };
    let (a_last, b_last) = (a.steps(), b.steps());
    let (mut i, mut j) = (0, 0);
    while i < a_last || j < b_last {
        let (a_now, b_now) = (height(&a, i), height(&b, j));
        // Up the side whose next corner is lower, so that triangles stay compact.
        let up_a = j == b_last || (i < a_last && height(&a, i + 1) <= height(&b, j + 1));
        let (here, there) = (builder.corner(from, a_now), builder.corner(to, b_now));
        if up_a {
            i += 1;
            let above = builder.corner(from, height(&a, i));
            builder.triangle([here, there, above]);
        } else {
            j += 1;
            let above = builder.corner(to, height(&b, j));
            builder.triangle([here, there, above]);
        }
    }
}

/// Every height that is a corner at each point, sorted.
struct Levels {
    list: Vec<(u32, i32)>,
    starts: Vec<usize>,
}

/// Corners of a wall over one point, upwards.
struct Chain<'a> {
    low: i32,
    inner: &'a [(u32, i32)],
    high: i32,
}

impl Chain<'_> {
    /// Stretches between corners; none if both ends are the same.
    fn steps(&self) -> usize {
        if self.low == self.high { 0 } else { self.inner.len() + 1 }
    }
}

impl Levels {
    fn new(all: &Columns) -> Self {
        let mut list = Vec::new();
        for (index, edge) in all.graph.edges.iter().enumerate() {
            let sides = [all.left_of(2 * id(index)), all.left_of(2 * id(index) + 1)];
            if sides[0] == sides[1] {
                continue;
            }
            for column in sides {
                for height in all.columns[column as usize].iter().flatten() {
                    list.push((edge.u, all.height(*height, edge.u)));
                    list.push((edge.v, all.height(*height, edge.v)));
                }
            }
        }
        list.sort_unstable();
        list.dedup();
        let mut starts = vec![0; all.graph.points.list.len() + 1];
        for (point, _) in &list {
            starts[*point as usize + 1] += 1;
        }
        for point in 0..all.graph.points.list.len() {
            starts[point + 1] += starts[point];
        }
        Self { list, starts }
    }

    /// The corners over a point from `low` to `high`.
    fn between(&self, point: u32, low: i32, high: i32) -> Chain<'_> {
        let here = &self.list[self.starts[point as usize]..self.starts[point as usize + 1]];
        let first = here.partition_point(|&(_, z)| z <= low);
        let after = here.partition_point(|&(_, z)| z < high);
        Chain { low, inner: here.get(first..after).unwrap_or_default(), high }
    }
}
