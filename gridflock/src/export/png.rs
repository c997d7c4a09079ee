//! PNG pictures: eight bits of red, green and blue.
//!
//! The format is that of the PNG specification (W3C, third edition): signature, IHDR, one IDAT of zlib data with a
//! filter byte per row, IEND.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::{self, Write};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];
/// Bit depth 8, colour type RGB, deflate, standard filters, not interlaced.
const FORMAT: [u8; 5] = [8, 2, 0, 0, 0];
/// Each row is stored as the difference to the row above.
const FILTER_UP: u8 = 2;
/// Bytes of a pixel.
const PIXEL: usize = 3;

/// A picture, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels of a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// Red, green and blue of each pixel.
    pub pixels: Vec<[u8; PIXEL]>,
}

/// Writes `picture` as PNG; the same picture gives the same bytes.
///
/// # Errors
/// Those of `out`.
pub fn write_png(picture: &Picture, out: &mut impl Write) -> io::Result<()> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    let row = usize::try_from(picture.width).unwrap_or(0).max(1);
    let mut above = vec![[0; PIXEL]; row];
    let mut line = Vec::with_capacity(1 + PIXEL * row);
    for pixels in picture.pixels.chunks(row) {
        line.clear();
        line.push(FILTER_UP);
        let differences = pixels.iter().flatten().zip(above.iter().flatten());
        line.extend(differences.map(|(here, there)| here.wrapping_sub(*there)));
        encoder.write_all(&line)?;
        above.clear();
        above.extend_from_slice(pixels);
    }
    out.write_all(&SIGNATURE)?;
    let mut header = [picture.width.to_be_bytes(), picture.height.to_be_bytes()].concat();
    header.extend(FORMAT);
    chunk(*b"IHDR", &header, out)?;
    chunk(*b"IDAT", &encoder.finish()?, out)?;
    chunk(*b"IEND", &[], out)
}

fn chunk(kind: [u8; 4], data: &[u8], out: &mut impl Write) -> io::Result<()> {
    let length = u32::try_from(data.len()).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&kind)?;
    out.write_all(data)?;
    let mut sum = crc32fast::Hasher::new();
    sum.update(&kind);
    sum.update(data);
    out.write_all(&sum.finalize().to_be_bytes())
}
