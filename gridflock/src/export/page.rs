//! A printable page of lines, boxes and text, written as SVG or PDF.
//!
//! Lengths in mm from the upper left corner of an A4 page. The PDF is version 1.4 with its built-in Helvetica, so it
//! needs no font; what Latin-1 does not have is written as a question mark.

use std::fmt::Write as _;

/// A4, mm.
pub(super) const WIDTH: f64 = 210.0;
/// A4, mm.
pub(super) const HEIGHT: f64 = 297.0;
const POINTS_PER_MM: f64 = 72.0 / 25.4;
/// Width of a letter of Helvetica on average, as a share of its size; only for centring.
const LETTER: f64 = 0.5;

/// Where a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
}

enum Item {
    /// x, y, width, height, shade of grey inside (1 is white).
    Box([f64; 4], f64),
    Line([f64; 4], f64),
    Text {
        at: [f64; 2],
        size: f64,
        align: Align,
        text: String,
    },
}

/// A page under construction.
#[derive(Default)]
pub(super) struct Page {
    items: Vec<Item>,
}

impl Page {
    pub(super) fn block(&mut self, at: [f64; 4], grey: f64) {
        self.items.push(Item::Box(at, grey));
    }

    pub(super) fn line(&mut self, from_to: [f64; 4], width: f64) {
        self.items.push(Item::Line(from_to, width));
    }

    /// A line of text; `size` is its height in mm, `at` its base line.
    pub(super) fn text(&mut self, at: [f64; 2], size: f64, align: Align, text: impl Into<String>) {
        self.items.push(Item::Text { at, size, align, text: text.into() });
    }

    /// The page as SVG.
    pub(super) fn svg(&self) -> String {
        let mut svg = String::new();
        put(
            &mut svg,
            format_args!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}mm\" height=\"{HEIGHT}mm\" \
                 viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"Helvetica, Arial, sans-serif\">\n\
                 <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
            ),
        );
        for item in &self.items {
            match item {
                Item::Box([x, y, w, h], grey) => {
                    let percent = grey * 100.0;
                    put(
                        &mut svg,
                        format_args!(
                            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" \
                             fill=\"rgb({percent:.0}% {percent:.0}% {percent:.0}%)\" stroke=\"#000\" stroke-width=\"0.3\"/>\n"
                        ),
                    );
                }
                Item::Line([x0, y0, x1, y1], width) => put(
                    &mut svg,
                    format_args!(
                        "<line x1=\"{x0:.2}\" y1=\"{y0:.2}\" x2=\"{x1:.2}\" y2=\"{y1:.2}\" stroke=\"#000\" \
                         stroke-width=\"{width}\"/>\n"
                    ),
                ),
                Item::Text { at: [x, y], size, align, text } => {
                    let anchor = match align {
                        Align::Left => "start",
                        Align::Centre => "middle",
                    };
                    let text = text.replace('&', "&amp;").replace('<', "&lt;");
                    put(
                        &mut svg,
                        format_args!(
                            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size:.2}\" text-anchor=\"{anchor}\">{text}</text>\n"
                        ),
                    );
                }
            }
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// The page as PDF.
    pub(super) fn pdf(&self) -> Vec<u8> {
        let (wide, high) = (WIDTH * POINTS_PER_MM, HEIGHT * POINTS_PER_MM);
        let content = self.content();
        let objects: Vec<Vec<u8>> = vec![
            b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
            format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {wide:.2} {high:.2}]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
            )
            .into_bytes(),
            [format!("<</Length {}>>stream\n", content.len()).as_bytes(), &content, b"\nendstream"].concat(),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec(),
        ];
        let mut pdf = b"%PDF-1.4\n".to_vec();
        let mut places = Vec::new();
        for (number, object) in (1..).zip(&objects) {
            places.push(pdf.len());
            let number: i32 = number;
            pdf.extend(format!("{number} 0 obj\n").bytes());
            pdf.extend(object);
            pdf.extend(b"\nendobj\n");
        }
        let table = pdf.len();
        let count = objects.len() + 1;
        let mut end = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for place in places {
            put(&mut end, format_args!("{place:010} 00000 n \n"));
        }
        put(&mut end, format_args!("trailer<</Size {count}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n"));
        pdf.extend(end.bytes());
        pdf
    }

    fn content(&self) -> Vec<u8> {
        let k = POINTS_PER_MM;
        let mut content = Vec::new();
        for item in &self.items {
            match item {
                Item::Box([x, y, w, h], grey) => {
                    let (x, y, w, h) = (x * k, (HEIGHT - y - h) * k, w * k, h * k);
                    content.extend(format!("{grey:.2} g 0.85 w {x:.2} {y:.2} {w:.2} {h:.2} re B\n").bytes());
                }
                Item::Line([x0, y0, x1, y1], width) => {
                    let (x0, y0, x1, y1) = (x0 * k, (HEIGHT - y0) * k, x1 * k, (HEIGHT - y1) * k);
                    let line = format!("{:.2} w {x0:.2} {y0:.2} m {x1:.2} {y1:.2} l S\n", width * k);
                    content.extend(line.bytes());
                }
                Item::Text { at: [x, y], size, align, text } => {
                    let letters = text.chars().count() as f64;
                    let shift = if *align == Align::Centre { letters * LETTER * size / 2.0 } else { 0.0 };
                    let (x, y, size) = ((x - shift) * k, (HEIGHT - y) * k, size * k);
                    content.extend(format!("0 g BT /F {size:.2} Tf {x:.2} {y:.2} Td (").bytes());
                    for letter in text.chars() {
                        if matches!(letter, '(' | ')' | '\\') {
                            content.push(b'\\');
                        }
                        content.push(u8::try_from(u32::from(letter)).unwrap_or(b'?'));
                    }
                    content.extend(b") Tj ET\n");
                }
            }
        }
        content
    }
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}
