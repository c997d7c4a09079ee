//! Binary STL, millimetres.

use crate::solid::Mesh;
use std::io::{self, Write};

/// Eighty bytes; must not begin with "solid", which would mean a text file.
const HEADER: &[u8; 80] = b"binary stl, mm                                                                  ";

/// Writes `mesh` as binary STL with facet normals.
///
/// # Errors
/// Those of `out`, and `InvalidInput` beyond 2^32 triangles.
pub fn write_stl(mesh: &Mesh, out: &mut impl Write) -> io::Result<()> {
    let count =
        u32::try_from(mesh.triangles_n()).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    out.write_all(HEADER)?;
    out.write_all(&count.to_le_bytes())?;
    let mut record = [0; 50];
    for corners in mesh.triangles_mm() {
        let numbers = [normal(corners)].into_iter().chain(corners).flatten();
        for (bytes, number) in record.chunks_exact_mut(4).zip(numbers) {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "STL has single precision; corners stay apart in it"
            )]
            let number = number as f32;
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        out.write_all(&record)?;
    }
    Ok(())
}

fn normal([a, b, c]: [[f64; 3]; 3]) -> [f64; 3] {
    let ([ax, ay, az], [bx, by, bz], [cx, cy, cz]) = (a, b, c);
    let (ux, uy, uz) = (bx - ax, by - ay, bz - az);
    let (vx, vy, vz) = (cx - ax, cy - ay, cz - az);
    let (nx, ny, nz) = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx);
    let length = libm::sqrt(nx * nx + ny * ny + nz * nz);
    if length > 0.0 { [nx / length + 0.0, ny / length + 0.0, nz / length + 0.0] } else { [0.0; 3] }
}
