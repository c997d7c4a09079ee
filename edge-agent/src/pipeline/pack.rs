//! A `.gcode.3mf` for Bambu-like printers: a zip with the G-code, its MD5 and the facts that the display shows.
//!
//! Layout as in files of Bambu Studio 02.05; over LAN the printer reads far less of it (public examples start prints
//! from a zip with the G-code alone), so this is the small set that is right rather than the large one that is copied.

use std::io::{Cursor, Write as _};

use md5::Digest as _;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::audit::Audited;

/// The member that a start names.
pub const PLATE_MEMBER: &str = "Metadata/plate_1.gcode";

/// A file that could not be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The zip writer refused.
    #[error("cannot pack the G-code")]
    Zip(#[from] zip::result::ZipError),
    /// Writing into memory failed.
    #[error("cannot pack the G-code")]
    Io(#[from] std::io::Error),
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/><Default Extension="gcode" ContentType="text/x.gcode"/></Types>
"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Target="/3D/3dmodel.model" Id="rel-1" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>
"#;
const MODEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><metadata name="Application">Platewright</metadata><resources/><build/></model>
"#;

/// Packs plain G-code. The same input gives the same bytes.
///
/// # Errors
/// [`PackError`].
pub fn gcode_3mf(gcode: &str, facts: &Audited, material: &str) -> Result<Vec<u8>, PackError> {
    let plate = with_layers(gcode, facts);
    let md5 = hex::encode_upper(md5::Md5::digest(plate.as_bytes()));
    let info = slice_info(facts, material);
    let settings = r#"{"from":"project","name":"project_settings","version":"02.00.00.00"}"#;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    for (name, bytes) in [
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("3D/3dmodel.model", MODEL.as_bytes()),
        (PLATE_MEMBER, plate.as_bytes()),
        ("Metadata/plate_1.gcode.md5", md5.as_bytes()),
        ("Metadata/slice_info.config", info.as_bytes()),
        ("Metadata/project_settings.config", settings.as_bytes()),
    ] {
        zip.start_file(name, options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Adds the header block and, at each layer, the commands that drive the printer's layer display.
fn with_layers(gcode: &str, facts: &Audited) -> String {
    let (hours, minutes, seconds) = (facts.time_s / 3600, facts.time_s / 60 % 60, facts.time_s % 60);
    let mut packed = format!(
        "; HEADER_BLOCK_START\n; total estimated time: {hours}h {minutes}m {seconds}s\n; total layer number: {}\n\
         ; total filament length [mm] : {:.2}\n; total filament weight [g] : {:.2}\n; max_z_height: {:.2}\n; HEADER_BLOCK_END\n",
        facts.layers, facts.filament_mm, facts.mass_g, facts.max_z_mm,
    );
    let mut layer = 0_u32;
    for line in gcode.lines() {
        packed.push_str(line);
        packed.push('\n');
        if line == ";LAYER_CHANGE" {
            layer = layer.saturating_add(1);
            packed.push_str(&format!("M73 L{layer}\nM991 S0 P{}\n", layer - 1));
        }
    }
    packed
}

fn slice_info(facts: &Audited, material: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<config><header><header_item key="X-BBL-Client-Type" value="slicer"/><header_item key="X-BBL-Client-Version" value="02.00.00.00"/></header><plate><metadata key="index" value="1"/><metadata key="prediction" value="{}"/><metadata key="weight" value="{:.2}"/><metadata key="outside" value="false"/><metadata key="support_used" value="false"/><filament id="1" type="{}" used_m="{:.2}" used_g="{:.2}"/></plate></config>
"#,
        facts.time_s,
        facts.mass_g,
        quick_xml::escape::escape(material),
        facts.filament_mm / 1000.0,
        facts.mass_g,
    )
}
