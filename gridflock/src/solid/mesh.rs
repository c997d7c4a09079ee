//! A triangle mesh on the integer grid.

#![expect(clippy::indexing_slicing, reason = "arrays of three coordinates")]

use super::arrange::id;
use crate::shape::Point;
use rustc_hash::FxHashMap;

/// A closed surface: corners in tenths of a micrometre, triangles counter-clockwise seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mesh {
    pub(crate) corners: Vec<[i32; 3]>,
    pub(crate) triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// Number of triangles.
    #[must_use]
    pub fn triangles_n(&self) -> usize {
        self.triangles.len()
    }

    /// Corners of all triangles, mm.
    pub fn triangles_mm(&self) -> impl ExactSizeIterator<Item = [[f64; 3]; 3]> + '_ {
        self.triangles
            .iter()
            .map(|triangle| triangle.map(|corner| self.corner(corner).map(|v| f64::from(v) / 10_000.0)))
    }

    /// Smallest and largest coordinates, tenths of a micrometre.
    #[must_use]
    pub fn bounds(&self) -> [[i32; 3]; 2] {
        let mut low = [i32::MAX; 3];
        let mut high = [i32::MIN; 3];
        for corner in &self.corners {
            for ((value, low), high) in corner.iter().zip(&mut low).zip(&mut high) {
                *low = (*low).min(*value);
                *high = (*high).max(*value);
            }
        }
        if self.corners.is_empty() { [[0; 3]; 2] } else { [low, high] }
    }

    /// Outer size, tenths of a micrometre.
    #[must_use]
    pub fn size(&self) -> [i32; 3] {
        let [low, high] = self.bounds();
        [high[0] - low[0], high[1] - low[1], high[2] - low[2]]
    }

    /// Volume in mm³; exact up to the last rounding.
    #[must_use]
    pub fn volume_mm3(&self) -> f64 {
        self.volume_of(&self.triangles)
    }

    pub(crate) fn volume_of(&self, triangles: &[[u32; 3]]) -> f64 {
        let [origin, _] = self.bounds();
        let six_times: i128 = triangles
            .iter()
            .map(|triangle| {
                let [a, b, c] = triangle.map(|corner| {
                    let at = self.corner(corner);
                    [0, 1, 2].map(|axis: usize| i64::from(at[axis]) - i64::from(origin[axis]))
                });
                i128::from(a[0] * b[1] - a[1] * b[0]) * i128::from(c[2])
                    + i128::from(b[0] * c[1] - b[1] * c[0]) * i128::from(a[2])
                    + i128::from(c[0] * a[1] - c[1] * a[0]) * i128::from(b[2])
            })
            .sum();
        six_times as f64 / 6.0e12
    }

    pub(crate) fn corner(&self, corner: u32) -> [i32; 3] {
        self.corners.get(corner as usize).copied().unwrap_or_default()
    }

    /// Moves every corner.
    pub(crate) fn map(&mut self, change: impl Fn([i32; 3]) -> [i32; 3]) {
        for corner in &mut self.corners {
            *corner = change(*corner);
        }
    }
}

/// Collects triangles over the points of a planar graph.
pub(super) struct Builder {
    points: Vec<Point>,
    known: FxHashMap<(u32, i32), u32>,
    mesh: Mesh,
}

impl Builder {
    pub(super) fn new(points: Vec<Point>) -> Self {
        let known = FxHashMap::with_capacity_and_hasher(2 * points.len(), rustc_hash::FxBuildHasher);
        Self { points, known, mesh: Mesh::default() }
    }

    /// The corner over a point at a height.
    pub(super) fn corner(&mut self, point: u32, z: i32) -> u32 {
        let Self { points, known, mesh } = self;
        *known.entry((point, z)).or_insert_with(|| {
            let at = points.get(point as usize).copied().unwrap_or(Point::new(0, 0));
            mesh.corners.push([at.x, at.y, z]);
            id(mesh.corners.len() - 1)
        })
    }

    pub(super) fn triangle(&mut self, corners: [u32; 3]) {
        self.mesh.triangles.push(corners);
    }

    pub(super) fn finish(self) -> Mesh {
        self.mesh
    }
}
