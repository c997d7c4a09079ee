//! The name engraved into the underside of a plate, in letters of 3 × 5 squares that a nozzle can leave out.
//!
//! Read from below: seen through the plate from above it is mirrored. It stands where the wall is widest: on the
//! line between the first and the second column, 4 mm above the plate's first row; on plates of one column, on the
//! eastern wall.

use super::{Contour, Point, counter_clockwise, rectangle};

const COLUMNS: i32 = 3;
const ROWS: i32 = 5;
/// Distance from the first cell's southern side, tenths of a micrometre.
const START: i32 = 40_000;
/// Squares overlap by this much, so that two that touch at a corner are joined (a shared line is no solid).
const OVERLAP: i32 = 150;
/// Half the width of the wall of an outermost cell, where a number on a single column stands, tenths of a micrometre.
const SQUEEZED: i32 = 14_250;

/// Rows from the top, three bits each.
const GLYPHS: &[(char, [u8; 5])] = &[
    ('0', [7, 5, 5, 5, 7]),
    ('1', [2, 6, 2, 2, 7]),
    ('2', [7, 1, 7, 4, 7]),
    ('3', [7, 1, 7, 1, 7]),
    ('4', [5, 5, 7, 1, 1]),
    ('5', [7, 4, 7, 1, 7]),
    ('6', [7, 4, 7, 5, 7]),
    ('7', [7, 1, 1, 1, 1]),
    ('8', [7, 5, 7, 5, 7]),
    ('9', [7, 5, 7, 1, 7]),
    ('A', [2, 5, 7, 5, 5]),
    ('B', [6, 5, 6, 5, 6]),
    ('C', [3, 4, 4, 4, 3]),
    ('D', [6, 5, 5, 5, 6]),
    ('E', [7, 4, 6, 4, 7]),
    ('F', [7, 4, 6, 4, 4]),
    ('G', [3, 4, 5, 5, 3]),
    ('H', [5, 5, 7, 5, 5]),
    ('I', [7, 2, 2, 2, 7]),
    ('J', [1, 1, 1, 5, 2]),
    ('K', [5, 5, 6, 5, 5]),
    ('L', [4, 4, 4, 4, 7]),
    ('M', [5, 7, 7, 5, 5]),
    ('N', [6, 5, 5, 5, 5]),
    ('O', [2, 5, 5, 5, 2]),
    ('P', [6, 5, 6, 4, 4]),
    ('Q', [2, 5, 5, 6, 3]),
    ('R', [6, 5, 6, 5, 5]),
    ('S', [3, 4, 2, 1, 6]),
    ('T', [7, 2, 2, 2, 2]),
    ('U', [5, 5, 5, 5, 7]),
    ('V', [5, 5, 5, 5, 2]),
    ('W', [5, 5, 7, 7, 5]),
    ('X', [5, 5, 2, 5, 5]),
    ('Y', [5, 5, 2, 2, 2]),
    ('Z', [7, 1, 2, 4, 7]),
];

/// Where and how large a text is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// East side of the first column.
    pub(crate) first_column_end: i32,
    /// Height of a letter.
    pub(crate) size: i32,
    /// Whether it stands on the wall of a plate of one column.
    pub(crate) is_squeezed: bool,
}

/// The squares of `text`.
pub(crate) fn number(text: &str, line: Line) -> Vec<Contour> {
    let Line { first_column_end, size, is_squeezed } = line;
    let (square, overlap) = (size / ROWS, OVERLAP);
    let centre_x = if is_squeezed { first_column_end - SQUEEZED } else { first_column_end };
    let mut squares = Vec::new();
    for (place, letter) in (0..).zip(text.chars()) {
        let Some((_, rows)) = GLYPHS.iter().find(|(glyph, _)| *glyph == letter) else {
            continue;
        };
        for (row, bits) in (0..).zip(rows) {
            for column in (0..COLUMNS).filter(|column| bits >> (COLUMNS - 1 - column) & 1 == 1) {
                // Along the text is north, up in the text is east: upright to a reader below, head to the west wall.
                let along = START + (place * (COLUMNS + 1) + column) * square;
                let up = centre_x - size / 2 + (ROWS - 1 - row) * square;
                squares.push(rectangle(
                    Point::new(up - overlap, along - overlap),
                    Point::new(up + square + overlap, along + square + overlap),
                ));
            }
        }
    }
    squares
}

/// The squares of a text that is read from above, its middle at `centre`, upright to the north.
pub(crate) fn label(text: &str, centre: Point, size: i32) -> Vec<Contour> {
    // The name below a plate runs north, head to the west, and is read from below.
    let line = Line { first_column_end: 0, size, is_squeezed: false };
    let letters = i32::try_from(text.len()).unwrap_or(0);
    let half = (letters * (COLUMNS + 1) - 1) * (size / ROWS) / 2;
    let upright = |p: Point| Point::new(p.y - START - half, p.x);
    let placed =
        |square: &Contour| counter_clockwise(square.iter().map(|&p| centre.plus(upright(p))).collect());
    number(text, line).iter().map(placed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_a_slot_has_a_shape_of_its_own() {
        let mut seen = std::collections::BTreeSet::new();
        for letter in ('0'..='9').chain('A'..='Z') {
            let line = Line { first_column_end: 420_000, size: 30_000, is_squeezed: false };
            let squares = number(&letter.to_string(), line);
            assert!(!squares.is_empty() && seen.insert(squares), "{letter}");
        }
    }
}
