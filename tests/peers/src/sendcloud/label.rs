//! A small real PDF as label: one A6 page with the tracking number.

use std::fmt::Write as _;

/// The label of `tracking`, as PDF bytes; the same number gives the same bytes.
pub(super) fn pdf(tracking: &str) -> Vec<u8> {
    let text = format!("BT /F1 18 Tf 30 300 Td (Stand-in label) Tj 0 -30 Td ({tracking}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 298 420] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (object, number) in objects.iter().zip(1..) {
        offsets.push(out.len());
        let _infallible = write!(out, "{number} 0 obj\n{object}\nendobj\n");
    }
    let start = out.len();
    let _infallible = write!(out, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _infallible = writeln!(out, "{offset:010} 00000 n ");
    }
    let _infallible =
        write!(out, "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    out.into_bytes()
}
