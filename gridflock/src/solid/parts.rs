//! The connected parts of a mesh; loose crumbs are dropped.

#![expect(clippy::indexing_slicing, reason = "corners of triangles are indices of the same mesh")]

use super::Mesh;
use super::arrange::id;

/// Smaller parts are crumbs that no printer should draw, mm³.
const CRUMB_MM3: f64 = 1.0;

/// Drops parts below 1 mm³ and returns how many parts are left. Hollows (inside-out surfaces) stay and do not count.
pub(crate) fn keep_large_parts(mesh: &mut Mesh) -> usize {
    let mut merged: Vec<u32> = (0..id(mesh.corners.len())).collect();
    for &[a, b, c] in &mesh.triangles {
        for (p, q) in [(a, b), (b, c)] {
            let (p, q) = (root(&mut merged, p), root(&mut merged, q));
            merged[p.max(q) as usize] = p.min(q);
        }
    }
    let mut triangles: Vec<(u32, [u32; 3])> =
        mesh.triangles.iter().map(|&triangle| (root(&mut merged, triangle[0]), triangle)).collect();
    if triangles.windows(2).all(|pair| pair[0].0 == pair[1].0) {
        return usize::from(!triangles.is_empty());
    }
    triangles.sort_by_key(|&(part, _)| part);
    let mut parts_n = 0;
    let mut kept = Vec::with_capacity(triangles.len());
    for part in triangles.chunk_by(|a, b| a.0 == b.0) {
        let part: Vec<[u32; 3]> = part.iter().map(|&(_, triangle)| triangle).collect();
        let volume = mesh.volume_of(&part);
        if volume >= CRUMB_MM3 {
            parts_n += 1;
        }
        let is_crumb = (0.0..CRUMB_MM3).contains(&volume);
        if !is_crumb {
            kept.extend(part);
        }
    }
    mesh.triangles = kept;
    drop_unused_corners(mesh);
    parts_n
}

fn root(merged: &mut [u32], corner: u32) -> u32 {
    let mut at = corner;
    while merged[at as usize] != at {
        merged[at as usize] = merged[merged[at as usize] as usize];
        at = merged[at as usize];
    }
    at
}

fn drop_unused_corners(mesh: &mut Mesh) {
    let mut renamed = vec![u32::MAX; mesh.corners.len()];
    let mut corners = Vec::with_capacity(mesh.corners.len());
    for corner in mesh.triangles.iter_mut().flatten() {
        let new = &mut renamed[*corner as usize];
        if *new == u32::MAX {
            *new = id(corners.len());
            corners.push(mesh.corners[*corner as usize]);
        }
        *corner = *new;
    }
    mesh.corners = corners;
}
