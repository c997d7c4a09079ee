//! What an uploaded file is: a model with its outer size, or G-code. Reads nothing but the bytes it is given.

/// Triangles of the largest model that is taken.
const TRIANGLES_MAX: usize = 5_000_000;
/// Bytes of a binary STL before its triangles: a header of 80, and their number.
const STL_HEAD: usize = 84;
/// Bytes of one triangle: a normal and three corners as 32-bit floats, and two bytes of nothing.
const STL_TRIANGLE: usize = 50;
/// Bytes at the start of G-code that must be text.
const TEXT_LOOK: usize = 4096;

/// A file that can be printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Model {
    /// A mesh; its outer size in x and y, millimetres.
    Mesh {
        /// Width and depth.
        size_mm: [f64; 2],
    },
    /// Finished G-code: audited by the agent for the printer that it meets.
    Gcode,
}

/// Looks at a file.
///
/// # Errors
/// A sentence: what is wrong, and what would be right.
pub fn look(name: &str, bytes: &[u8]) -> Result<Model, String> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "stl" => stl(name, bytes),
        "gcode" | "gco" | "g" => gcode(name, bytes),
        _ => Err(format!(
            "{name} is neither a model (.stl) nor G-code (.gcode): save it as one of these in your program."
        )),
    }
}

fn gcode(name: &str, bytes: &[u8]) -> Result<Model, String> {
    let head = bytes.get(..TEXT_LOOK.min(bytes.len())).unwrap_or_default();
    let is_text = !head.is_empty() && !head.contains(&0);
    if is_text {
        Ok(Model::Gcode)
    } else {
        Err(format!("{name} is empty or is no text, so it is no G-code."))
    }
}

fn stl(name: &str, bytes: &[u8]) -> Result<Model, String> {
    let cut_off = || format!("{name} is cut off or is no STL file: export it again.");
    let count = bytes.get(80..STL_HEAD).and_then(|b| <[u8; 4]>::try_from(b).ok()).map(u32::from_le_bytes);
    let whole = count.and_then(|n| usize::try_from(n).ok()?.checked_mul(STL_TRIANGLE)?.checked_add(STL_HEAD));
    // Some programs begin a binary file with the word "solid": only the length tells.
    let corners: Vec<[f64; 3]> = if whole == Some(bytes.len()) {
        binary(bytes.get(STL_HEAD..).unwrap_or_default())
    } else if bytes.starts_with(b"solid") {
        ascii(std::str::from_utf8(bytes).map_err(|_not_text| cut_off())?).ok_or_else(cut_off)?
    } else {
        return Err(cut_off());
    };
    if corners.len() > TRIANGLES_MAX * 3 {
        return Err(format!("{name} has more than {TRIANGLES_MAX} triangles: export it a little coarser."));
    }
    let size_mm = [0, 1].map(|axis| span(&corners, axis));
    let is_sound = !corners.is_empty() && size_mm.iter().all(|mm| mm.is_finite() && *mm > 0.0);
    if is_sound {
        Ok(Model::Mesh { size_mm })
    } else {
        Err(format!("{name} holds no body: export it again."))
    }
}

fn binary(triangles: &[u8]) -> Vec<[f64; 3]> {
    let number = |b: &[u8]| b.try_into().map_or(f64::NAN, |b| f64::from(f32::from_le_bytes(b)));
    let mut corners = Vec::with_capacity(triangles.len() / STL_TRIANGLE * 3);
    for triangle in triangles.chunks_exact(STL_TRIANGLE) {
        for corner in triangle.get(12..48).unwrap_or_default().chunks_exact(12) {
            let mut at = corner.chunks_exact(4).map(number);
            corners.push(std::array::from_fn(|_axis| at.next().unwrap_or(f64::NAN)));
        }
    }
    corners
}

fn ascii(text: &str) -> Option<Vec<[f64; 3]>> {
    if !text.trim_end().rsplit('\n').next()?.trim().starts_with("endsolid") {
        return None;
    }
    let mut corners = Vec::new();
    for line in text.lines() {
        let Some(numbers) = line.trim().strip_prefix("vertex") else { continue };
        let mut at = numbers.split_whitespace().map(|n| n.parse().ok());
        corners.push([at.next()??, at.next()??, at.next()??]);
    }
    Some(corners)
}

fn span(corners: &[[f64; 3]], axis: usize) -> f64 {
    let at = || corners.iter().filter_map(|c| c.get(axis).copied());
    at().fold(f64::NEG_INFINITY, f64::max) - at().fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::{Model, look};

    fn binary(corners: [[f32; 3]; 3]) -> Vec<u8> {
        let mut out = b"solid but binary".to_vec();
        out.resize(80, 0);
        out.extend(1_u32.to_le_bytes());
        out.extend([0; 12]);
        out.extend(corners.iter().flatten().flat_map(|n| n.to_le_bytes()));
        out.extend([0; 2]);
        out
    }

    #[test]
    fn a_model_has_its_outer_size_and_everything_else_is_refused_in_words() {
        let size_mm = [30.0, 20.0];
        let corners = [[-10.0, 0.0, 0.0], [20.0, 0.0, 5.0], [0.0, 20.0, 0.0]];
        assert_eq!(look("lid.STL", &binary(corners)), Ok(Model::Mesh { size_mm }));
        let text = "solid x\nfacet\nouter loop\nvertex -10 0 0\nvertex 20 0 5e0\n vertex 0 20 0\nendloop\nendsolid x\n";
        assert_eq!(look("lid.stl", text.as_bytes()), Ok(Model::Mesh { size_mm }));
        assert_eq!(look("lid.gcode", b"G28\n"), Ok(Model::Gcode));
        let cut = binary(corners);
        let rows: [(&str, &[u8], &str); 8] = [
            (
                "lid.step",
                b"x",
                "lid.step is neither a model (.stl) nor G-code (.gcode): save it as one of these in your program.",
            ),
            (
                "lid",
                b"x",
                "lid is neither a model (.stl) nor G-code (.gcode): save it as one of these in your program.",
            ),
            ("lid.stl", b"", "lid.stl is cut off or is no STL file: export it again."),
            ("lid.stl", &cut[..100], "lid.stl is cut off or is no STL file: export it again."),
            ("lid.stl", &text.as_bytes()[..60], "lid.stl is cut off or is no STL file: export it again."),
            ("lid.stl", &binary([[0.0; 3]; 3]), "lid.stl holds no body: export it again."),
            ("lid.stl", &binary([[f32::NAN; 3]; 3]), "lid.stl holds no body: export it again."),
            ("lid.gcode", b"\0", "lid.gcode is empty or is no text, so it is no G-code."),
        ];
        for (name, bytes, why) in rows {
            assert_eq!(look(name, bytes), Err(why.to_owned()), "{name}");
        }
    }
}
