//! What must hold for every plate, proven on the bytes that a slicer reads.

use gridflock::{Mesh, Plate, write_stl};

/// Parts that only touched are joined by bars that may stick out so far on both sides together, mm: the last of the
/// rounds of mending makes bars of 2 × 0.0105 mm.
const MENDED_MM: f64 = 0.021;

pub(crate) fn stl(mesh: &Mesh) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_stl(mesh, &mut bytes).unwrap();
    bytes
}

fn triangles(stl: &[u8]) -> Vec<[[f32; 3]; 3]> {
    let count = u32::from_le_bytes(stl[80..84].try_into().unwrap()) as usize;
    assert_eq!(stl.len(), 84 + 50 * count);
    let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
    let record =
        |bytes: &[u8]| [0, 1, 2].map(|c| [0, 1, 2].map(|a| number(&bytes[12 + 12 * c + 4 * a..][..4])));
    stl[84..].chunks_exact(50).map(record).collect()
}

/// Panics unless the bytes are one or more proper solids that stand on the bed and are as large as planned, or smaller
/// if not all of the plate `is_whole`.
pub(crate) fn check(stl: &[u8], plate: &Plate, is_whole: bool) {
    let size = check_solid(stl, &plate.slot.to_string());
    for (real, planned) in size.into_iter().zip([plate.size.x.mm(), plate.size.y.mm()]) {
        let fits = real < planned + MENDED_MM && (!is_whole || real > planned - MENDED_MM);
        assert!(fits, "{}: {real} mm instead of {planned}", plate.slot);
    }
}

/// Panics unless the bytes are closed, two-manifold, without degenerate triangles and not inside out; the outer size.
pub(crate) fn check_solid(stl: &[u8], what: &str) -> [f64; 3] {
    let triangles = triangles(stl);
    let (mut low, mut high, mut volume) = ([f32::MAX; 3], [f32::MIN; 3], 0.0);
    let mut edges: Vec<([[u32; 3]; 2], bool)> = Vec::with_capacity(3 * triangles.len());
    for triangle in &triangles {
        // -0.0 and 0.0 are the same place.
        let corners = triangle.map(|corner| corner.map(|v| (v + 0.0).to_bits()));
        for (from, to) in [(0, 1), (1, 2), (2, 0)] {
            let (a, b) = (corners[from], corners[to]);
            edges.push(([a.min(b), a.max(b)], a < b));
        }
        let [a, b, c] = triangle.map(|corner| corner.map(f64::from));
        let (u, v) = ([0, 1, 2].map(|i| b[i] - a[i]), [0, 1, 2].map(|i| c[i] - a[i]));
        let normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
        let area = normal.iter().map(|n| n * n).sum::<f64>();
        assert!(area > 1e-20, "{what}: a triangle without area: {triangle:?}");
        volume += (a[0] * normal[0] + a[1] * normal[1] + a[2] * normal[2]) / 6.0;
        for corner in triangle {
            for axis in 0..3 {
                (low[axis], high[axis]) = (low[axis].min(corner[axis]), high[axis].max(corner[axis]));
            }
        }
    }
    edges.sort_unstable();
    for same in edges.chunk_by(|a, b| a.0 == b.0) {
        let forth = same.iter().filter(|(_, forth)| *forth).count();
        assert!(same.len() == 2 && forth == 1, "{what}: an edge has {} triangles", same.len());
    }
    let size = [0, 1, 2].map(|axis| f64::from(high[axis]) - f64::from(low[axis]));
    let box_mm3: f64 = size.iter().product();
    assert!(
        volume > 1.0 && volume < box_mm3 * (1.0 + 1e-9),
        "{what}: volume {volume} in a box of {box_mm3} mm³"
    );
    assert!(low[2].abs() < 1e-6, "{what}: does not stand on the bed");
    size
}
