//! From layers to triangles: a closed surface without any three-dimensional boolean.
//!
//! First `arrange`: all outlines become one planar graph on the 0.1 µm grid. Then `faces`: each face lies inside of a
//! fixed set of regions, so its column of solid intervals is fixed (`layers`). Then `caps`: tops and bottoms of the
//! intervals, merged across faces and triangulated. Last `walls`: where the columns left and right of an edge differ.
//!
//! Every height that is used at a point is a corner of every wall at that point, so the surface is closed by
//! construction; `check` proves it for every mesh all the same. Same bytes on every machine: integers, ordered lists,
//! `libm`.

mod arrange;
mod caps;
mod check;
mod faces;
pub(crate) mod layers;
mod mesh;
mod parts;
mod walls;

pub use check::NotManifold;
pub(crate) use check::check;
pub use mesh::Mesh;
pub(crate) use parts::keep_large_parts;

use crate::error::SolidError;
use crate::shape::Point;
use arrange::{Arrangement, id};
use faces::{Faces, Fans};
use layers::{Height, Interval, Layers};
use mesh::Builder;
use rustc_hash::FxHashMap;

fn mm_text(tenths_um: i32) -> String {
    format!("{:.4}", f64::from(tenths_um) / 10_000.0)
}

/// Everything that caps and walls are made from.
struct Columns<'a> {
    layers: &'a Layers<'a>,
    graph: Arrangement,
    fans: Fans,
    faces: Faces,
    /// Distinct columns.
    columns: Vec<Vec<Interval>>,
    /// Column of each face.
    of_face: Vec<u32>,
}

impl Columns<'_> {
    /// Column on the left of a half-edge.
    #[expect(clippy::indexing_slicing, reason = "every half-edge has a face and every face a column")]
    fn left_of(&self, half: u32) -> u32 {
        self.of_face[self.faces.of[half as usize] as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "indices of points come from the graph itself")]
    fn height(&self, height: Height, point: u32) -> i32 {
        self.layers.height(height, self.graph.points[point as usize])
    }
}

/// The surface of a solid.
///
/// # Errors
/// [`SolidError`] if the outlines do not settle, are not closed, or surfaces cross: faults of the caller's layers.
pub(crate) fn build(layers: &Layers<'_>) -> Result<Mesh, SolidError> {
    let graph = arrange::arrange(layers)?;
    let fans = Fans::new(&graph);
    let faces = faces::faces(&graph, &fans)?;
    let (columns, of_face) = columns(layers, &graph, &faces)?;
    let all = Columns { layers, graph, fans, faces, columns, of_face };
    let mut builder = Builder::new(all.graph.points.clone());
    caps::caps(&all, &mut builder)?;
    walls::walls(&all, &mut builder)?;
    Ok(builder.finish())
}

/// The distinct columns, and which face has which.
fn columns(
    layers: &Layers<'_>,
    graph: &Arrangement,
    faces: &Faces,
) -> Result<(Vec<Vec<Interval>>, Vec<u32>), SolidError> {
    let mut by_regions: FxHashMap<u32, u32> = FxHashMap::default();
    let mut columns: Vec<Vec<Interval>> = Vec::new();
    let mut of_face = Vec::with_capacity(faces.windings.len());
    for (face, winding) in faces.windings.iter().enumerate() {
        let inside = winding.iter().enumerate().filter(|(_, n)| **n != 0);
        let regions = inside.fold(0_u32, |bits, (region, _)| bits | 1 << region);
        if let Some(&known) = by_regions.get(&regions) {
            of_face.push(known);
            continue;
        }
        let column = layers.column(&|region| regions >> region & 1 == 1).map_err(|_crossing| {
            let half = faces.of.iter().position(|&of| of as usize == face).unwrap_or(0);
            let point = graph.points.get(faces::tail(graph, id(half)) as usize);
            let point = point.copied().unwrap_or(Point::new(0, 0));
            SolidError::SurfacesCross { x_mm: mm_text(point.x), y_mm: mm_text(point.y) }
        })?;
        // Equal columns share a number: then nothing separates their faces.
        let index = columns.iter().position(|known| *known == column).unwrap_or_else(|| {
            columns.push(column);
            columns.len() - 1
        });
        by_regions.insert(regions, id(index));
        of_face.push(id(index));
    }
    Ok((columns, of_face))
}
