//! Proves that a mesh bounds a solid. Called on every mesh before it leaves this crate.

use super::Mesh;

/// Why a mesh is not the surface of a solid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotManifold {
    /// No triangles at all.
    #[error("it is empty")]
    Empty,
    /// Triangles without area.
    #[error("{count} triangles have no area")]
    Degenerate {
        /// Their number.
        count: usize,
    },
    /// Edges that are not shared by exactly two triangles with opposite directions.
    #[error("{count} edges are not shared by exactly two triangles")]
    Edges {
        /// Their number.
        count: usize,
    },
    /// Inside out.
    #[error("its volume is not positive")]
    Volume,
}

/// Proves that `mesh` is closed, strictly two-manifold along every edge, without degenerate triangles, and not inside
/// out.
///
/// # Errors
/// [`NotManifold`], the first of these that fails, with how often.
pub(crate) fn check(mesh: &Mesh) -> Result<(), NotManifold> {
    if mesh.triangles.is_empty() {
        return Err(NotManifold::Empty);
    }
    let degenerate = mesh.triangles.iter().filter(|triangle| is_degenerate(mesh, **triangle)).count();
    if degenerate > 0 {
        return Err(NotManifold::Degenerate { count: degenerate });
    }
    // Directed edges; an edge and its opposite sort next to each other, the direction being the last bit.
    let mut edges: Vec<u64> = Vec::with_capacity(3 * mesh.triangles.len());
    for &[a, b, c] in &mesh.triangles {
        for (from, to) in [(a, b), (b, c), (c, a)] {
            edges.push(u64::from(from.min(to)) << 33 | u64::from(from.max(to)) << 1 | u64::from(from > to));
        }
    }
    edges.sort_unstable();
    let mut wrong = 0;
    for same in edges.chunk_by(|a, b| a >> 1 == b >> 1) {
        if !matches!(same, [a, b] if a & 1 == 0 && b & 1 == 1) {
            wrong += 1;
        }
    }
    if wrong > 0 {
        return Err(NotManifold::Edges { count: wrong });
    }
    if mesh.volume_mm3() <= 0.0 { Err(NotManifold::Volume) } else { Ok(()) }
}

fn is_degenerate(mesh: &Mesh, triangle: [u32; 3]) -> bool {
    let [a, b, c] = triangle.map(|corner| mesh.corner(corner).map(i64::from));
    let ([ax, ay, az], [bx, by, bz], [cx, cy, cz]) = (a, b, c);
    let (ux, uy, uz) = (bx - ax, by - ay, bz - az);
    let (vx, vy, vz) = (cx - ax, cy - ay, cz - az);
    uy * vz == uz * vy && uz * vx == ux * vz && ux * vy == uy * vx
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tetrahedron() -> Mesh {
        Mesh {
            corners: vec![[0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]],
            triangles: vec![[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]],
        }
    }

    #[test]
    fn a_proper_solid_passes_and_each_kind_of_damage_is_found() {
        assert_eq!(check(&tetrahedron()), Ok(()));
        assert_eq!(check(&Mesh::default()), Err(NotManifold::Empty));
        let mut open = tetrahedron();
        open.triangles.pop();
        assert_eq!(check(&open), Err(NotManifold::Edges { count: 3 }));
        let mut flipped = tetrahedron();
        flipped.triangles[1].swap(0, 1);
        assert_eq!(check(&flipped), Err(NotManifold::Edges { count: 3 }));
        let mut inside_out = tetrahedron();
        inside_out.triangles.iter_mut().for_each(|t| t.swap(0, 1));
        assert_eq!(check(&inside_out), Err(NotManifold::Volume));
        let mut flat = tetrahedron();
        flat.corners[3] = [5, 0, 0];
        assert_eq!(check(&flat), Err(NotManifold::Degenerate { count: 1 }));
        let mut doubled = tetrahedron();
        doubled.triangles.extend(tetrahedron().triangles);
        assert_eq!(check(&doubled), Err(NotManifold::Edges { count: 6 }));
    }
}
