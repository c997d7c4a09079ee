//! From layers to triangles: a closed surface without any three-dimensional boolean.
//!
//! First `arrange`: all outlines become one planar graph on the 0.1 µm grid. Then `faces`: each face lies inside of a
//! fixed set of regions, so its column of solid intervals is fixed (`layers`). Where two surfaces cross, the line along
//! which they do joins the graph and both steps are repeated (`split`). Then `corners`: the height of every surface over
//! every point. Then `caps`: tops and bottoms of the intervals, merged across faces and triangulated. Last `walls`:
//! where the columns left and right of an edge differ.
//!
//! Every height that is used at a point is a corner of every wall at that point, so the surface is closed by
//! construction; `check` proves it for every mesh all the same. Same bytes on every machine: integers, ordered lists,
//! `libm`.

mod arrange;
mod caps;
mod check;
mod corners;
mod faces;
pub(crate) mod layers;
mod mend;
mod mesh;
mod parts;
mod split;
mod walls;
mod windings;

pub use check::NotManifold;
pub(crate) use check::check;
pub(crate) use mend::{mend, touching_edges};
pub use mesh::Mesh;
pub(crate) use parts::keep_large_parts;

use crate::error::SolidError;
use arrange::{Arrangement, id};
use corners::Corners;
use faces::{Faces, Fans};
use layers::{Height, Interval, Layers};
use mesh::Builder;
use rustc_hash::FxHashMap;
use split::{Comparer, Splits};

/// Times that crossing surfaces are cut; plates with every feature need at most 5.
const PASSES_MAX: usize = 16;

fn mm_text(tenths_um: i32) -> String {
    format!("{:.4}", f64::from(tenths_um) / 10_000.0)
}

/// Everything that caps and walls are made from.
struct Columns {
    graph: Arrangement,
    fans: Fans,
    faces: Faces,
    /// Distinct columns.
    columns: Vec<Vec<Interval>>,
    /// Column of each face.
    of_face: Vec<u32>,
    corners: Corners,
}

impl Columns {
    /// Column on the left of a half-edge.
    #[expect(clippy::indexing_slicing, reason = "every half-edge has a face and every face a column")]
    fn left_of(&self, half: u32) -> u32 {
        self.of_face[self.faces.of[half as usize] as usize]
    }

    fn height(&self, height: Height, point: u32) -> i32 {
        self.corners.z(height, point)
    }
}

/// The surface of a solid.
///
/// # Errors
/// [`SolidError`] if the outlines do not settle, are not closed, or surfaces cross: faults of the caller's layers.
pub(crate) fn build(mut layers: Layers<'_>) -> Result<Mesh, SolidError> {
    layers.settle_flats();
    let all = columns(&layers)?;
    let mut builder = Builder::new(all.graph.points.list.clone());
    caps::caps(&all, &mut builder)?;
    walls::walls(&all, &mut builder)?;
    Ok(builder.finish())
}

/// Arranges the outlines and finds the column of every face, cutting faces until no surfaces cross.
fn columns(layers: &Layers<'_>) -> Result<Columns, SolidError> {
    let mut graph = arrange::arrange(layers)?;
    for _ in 0..PASSES_MAX {
        let fans = Fans::new(&graph);
        let faces = faces::faces(&mut graph, &fans)?;
        let (columns, of_face, splits) = fold(layers, &graph, &faces);
        if splits.cuts.is_empty() && splits.lines.is_empty() {
            let corners = Corners::new(layers, &graph, &fans, &faces, &columns, &of_face);
            return Ok(Columns { graph, fans, faces, columns, of_face, corners });
        }
        graph.refine(&splits.cuts, &splits.lines)?;
    }
    Err(SolidError::DidNotSettle { rounds: PASSES_MAX })
}

/// The distinct columns, which face has which, and what must be cut further.
fn fold(layers: &Layers<'_>, graph: &Arrangement, faces: &Faces) -> (Vec<Vec<Interval>>, Vec<u32>, Splits) {
    let mut comparer = Comparer::new(layers, graph, faces);
    // Combinations of regions in which no faces had to be looked at have one column everywhere.
    let mut by_winding: FxHashMap<u32, u32> = FxHashMap::default();
    let mut known: FxHashMap<Vec<Interval>, u32> = FxHashMap::default();
    let mut columns: Vec<Vec<Interval>> = Vec::new();
    let mut of_face = Vec::with_capacity(faces.windings.len());
    for (face, &winding) in faces.windings.iter().enumerate() {
        if let Some(&column) = by_winding.get(&winding) {
            of_face.push(column);
            continue;
        }
        let mut looked = false;
        let column = layers.column(graph.windings.regions(winding), &mut |a, b| {
            looked = true;
            comparer.order(face, a, b)
        });
        // Equal columns share a number: then nothing separates their faces.
        let index = *known.entry(column).or_insert_with_key(|column| {
            columns.push(column.clone());
            id(columns.len() - 1)
        });
        if !looked {
            by_winding.insert(winding, index);
        }
        of_face.push(index);
    }
    if comparer.splits.cuts.is_empty() && comparer.splits.lines.is_empty() {
        compare_sides(&mut comparer, graph, faces, &columns, &of_face);
    }
    (columns, of_face, comparer.splits)
}

#[expect(clippy::indexing_slicing, reason = "every half-edge has a face and every face a column")]
fn compare_sides(
    comparer: &mut Comparer<'_>,
    graph: &Arrangement,
    faces: &Faces,
    columns: &[Vec<Interval>],
    of_face: &[u32],
) {
    let slopes = |column: &Vec<Interval>| column.iter().flatten().any(|h| matches!(h, Height::Slope(_)));
    let sloping: Vec<bool> = columns.iter().map(slopes).collect();
    for edge in 0..id(graph.edges.len()) {
        let column = |half: u32| of_face[faces.of[half as usize] as usize] as usize;
        let (left, right) = (column(2 * edge), column(2 * edge + 1));
        if left != right && (sloping[left] || sloping[right]) {
            comparer.compare_sides(edge, &columns[left], &columns[right]);
        }
    }
}
