//! Names of plates: letters for the column from the west, numbers for the row from the south.

use std::{fmt, str::FromStr};

const LETTERS: usize = 26;
/// Far above any grid: 2,000 mm hold 48 whole cells.
const POSITIONS_MAX: usize = 1000;

/// Place of a plate in its grid: `A1` is the south-west corner, `B1` is east of it, column 27 is `AA`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    column: usize,
    row: usize,
}

impl Slot {
    /// The slot of a column and row, both counted from 0.
    #[must_use]
    pub const fn new(column: usize, row: usize) -> Self {
        Self { column, row }
    }
}

/// A text that names no slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a slot is written like A1: capital letters for the column, then the row from 1")]
pub struct NotASlot;

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = Vec::new();
        let mut left = self.column + 1;
        while left > 0 {
            let digit = u8::try_from((left - 1) % LETTERS).unwrap_or(0);
            letters.push(char::from(b'A' + digit));
            left = (left - 1) / LETTERS;
        }
        let name: String = letters.iter().rev().collect();
        write!(f, "{name}{}", self.row + 1)
    }
}

impl FromStr for Slot {
    type Err = NotASlot;

    fn from_str(text: &str) -> Result<Self, NotASlot> {
        let digits_at = text.find(|c: char| !c.is_ascii_uppercase()).ok_or(NotASlot)?;
        let (letters, digits) = text.split_at_checked(digits_at).ok_or(NotASlot)?;
        if letters.is_empty() || letters.len() > 2 || digits.len() > 3 || digits.starts_with('0') {
            return Err(NotASlot);
        }
        let column = letters.bytes().fold(0, |n, b| n * LETTERS + usize::from(b - b'A') + 1);
        let row: usize = digits.parse().map_err(|_not_a_number| NotASlot)?;
        if digits.starts_with('+') || row == 0 || row > POSITIONS_MAX {
            return Err(NotASlot);
        }
        Ok(Self { column: column - 1, row: row - 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_written_and_read_back() {
        for (column, row, text) in
            [(0, 0, "A1"), (1, 2, "B3"), (25, 9, "Z10"), (26, 0, "AA1"), (701, 0, "ZZ1")]
        {
            assert_eq!(Slot::new(column, row).to_string(), text);
            assert_eq!(text.parse(), Ok(Slot::new(column, row)));
        }
        for bad in ["", "A", "1", "A0", "a1", "A+1", "A01", "AAA1", "A1B", "Ä1"] {
            assert_eq!(bad.parse::<Slot>(), Err(NotASlot), "{bad}");
        }
    }
}
