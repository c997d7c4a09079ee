//! 3MF: one archive with all plates as objects, in exact decimals.
//!
//! Core specification 1.3 (3mf.io): three parts and a thumbnail; unit millimetre. Entries have a fixed date, so that bytes repeat.

use crate::solid::Mesh;
use std::fmt::Write as _;
use std::io::{self, Cursor, Write};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/><Default Extension="png" ContentType="image/png"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rel0" Target="/3D/3dmodel.model" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/><Relationship Id="rel1" Target="/Metadata/thumbnail.png" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail"/></Relationships>"#;
/// Size of the picture of all plates that file managers show, pixels.
const THUMBNAIL: (u32, u32) = (320, 240);
const MODEL_START: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources>
"#;
/// Distance between plates in the file, tenths of a micrometre.
const GAP: i32 = 100_000;
const GRID_PER_MM: u32 = 10_000;

/// One object of a file.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    /// Its name, such as the slot. Letters and digits.
    pub name: &'a str,
    /// Its surface.
    pub mesh: &'a Mesh,
}

/// Writes `objects` side by side, in their order.
///
/// # Errors
/// Those of `out`.
pub fn write_3mf(objects: &[Object<'_>], out: &mut impl Write) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes().to_vec()),
        ("_rels/.rels", RELATIONS.as_bytes().to_vec()),
        ("3D/3dmodel.model", model(objects).into_bytes()),
        ("Metadata/thumbnail.png", thumbnail(objects)?),
    ];
    for (name, bytes) in parts {
        archive.start_file(name, options)?;
        archive.write_all(&bytes)?;
    }
    out.write_all(archive.finish()?.get_ref())
}

/// All objects as they lie in the file.
fn thumbnail(objects: &[Object<'_>]) -> io::Result<Vec<u8>> {
    let mut all = Mesh::default();
    let mut x = 0;
    for object in objects {
        let mut mesh = object.mesh.clone();
        let [low, high] = mesh.bounds();
        mesh.map(|[px, py, pz]| [px - low[0] + x, py, pz]);
        x += high[0] - low[0] + GAP;
        all.append(&mesh);
    }
    let (width, height) = THUMBNAIL;
    let mut bytes = Vec::new();
    super::write_png(&super::render(&all, width, height, super::View::Above), &mut bytes)?;
    Ok(bytes)
}

fn model(objects: &[Object<'_>]) -> String {
    let mut text = String::from(MODEL_START);
    let mut items = String::new();
    let mut x = 0;
    for (id, object) in (1..).zip(objects) {
        mesh_xml(&mut text, id, object);
        let [low, high] = object.mesh.bounds();
        let shift = x - i64::from(low[0]);
        put(&mut items, format_args!("<item objectid=\"{id}\" transform=\"1 0 0 0 1 0 0 0 1 "));
        decimal(&mut items, shift);
        items.push_str(" 0 0\"/>\n");
        x += i64::from(high[0]) - i64::from(low[0]) + i64::from(GAP);
    }
    text.push_str("</resources><build>\n");
    text.push_str(&items);
    text.push_str("</build></model>\n");
    text
}

fn mesh_xml(text: &mut String, id: u32, object: &Object<'_>) {
    let name: String = object.name.chars().filter(char::is_ascii_alphanumeric).collect();
    put(text, format_args!("<object id=\"{id}\" name=\"{name}\" type=\"model\"><mesh><vertices>\n"));
    for corner in &object.mesh.corners {
        let [x, y, z] = corner.map(i64::from);
        for (start, value) in [("<vertex x=\"", x), ("\" y=\"", y), ("\" z=\"", z)] {
            text.push_str(start);
            decimal(text, value);
        }
        text.push_str("\"/>\n");
    }
    text.push_str("</vertices><triangles>\n");
    for [a, b, c] in &object.mesh.triangles {
        put(text, format_args!("<triangle v1=\"{a}\" v2=\"{b}\" v3=\"{c}\"/>\n"));
    }
    text.push_str("</triangles></mesh></object>\n");
}

/// Appends a length of the grid in mm, exactly, without trailing zeros.
fn decimal(text: &mut String, tenths_um: i64) {
    let size = tenths_um.unsigned_abs();
    let (whole, part) = (size / u64::from(GRID_PER_MM), size % u64::from(GRID_PER_MM));
    let sign = if tenths_um < 0 { "-" } else { "" };
    put(text, format_args!("{sign}{whole}"));
    if part != 0 {
        let digits = format!("{part:04}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    #[test]
    fn lengths_are_exact_decimals() {
        for (value, text) in
            [(0, "0"), (10_000, "1"), (-5, "-0.0005"), (123_450, "12.345"), (-1_000_001, "-100.0001")]
        {
            let mut written = String::new();
            super::decimal(&mut written, value);
            assert_eq!(written, text);
        }
    }
}
