//! One axis of a grid: its cells and the padding at both ends.
//!
//! Invariant: cells + start + end is the wished size plus the edge adjustment, to the tenth of a micrometre.

use protocol::grid::{Filler, GridSpec, Length, PITCH, PerAxis, Share};

/// Cells from west to east (or south to north) and the padding before and after them, in tenths of a micrometre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// Sizes of the cells, each above 8 mm.
    pub cells: Vec<i64>,
    /// Padding before the first cell; negative cuts it.
    pub start: i64,
    /// Padding after the last cell; negative cuts it.
    pub end: i64,
}

impl Axis {
    /// Lays out one axis.
    #[must_use]
    pub fn lay_out(size: Length, filler: Filler, alignment: Share, [start, end]: [Length; 2]) -> Self {
        let (cells, left) = cells(size.tenths_um(), filler);
        // Rounded to the grid once; the other end takes the rest, so the sum stays exact.
        let before = left * alignment.ten_thousandths() / Share::ONE.ten_thousandths();
        Self { cells, start: before + start.tenths_um(), end: left - before + end.tenths_um() }
    }

    /// Outer length of everything.
    #[must_use]
    pub fn outer(&self) -> i64 {
        self.start + self.cells.iter().sum::<i64>() + self.end
    }

    /// Length of the cells from `first` up to and without `after`.
    #[must_use]
    pub fn span(&self, first: usize, after: usize) -> i64 {
        self.cells.get(first..after).unwrap_or_default().iter().sum()
    }
}

/// Both axes of a specification.
#[must_use]
pub fn axes(spec: &GridSpec) -> PerAxis<Axis> {
    let (size, filler, align, edge) =
        (spec.plate_size(), spec.filler(), spec.alignment(), spec.edge_adjust());
    PerAxis {
        x: Axis::lay_out(size.x, filler.x, align.x, [edge.west, edge.east]),
        y: Axis::lay_out(size.y, filler.y, align.y, [edge.south, edge.north]),
    }
}

/// The cells that `size` holds, and what is left as padding.
fn cells(size: i64, filler: Filler) -> (Vec<i64>, i64) {
    let pitch = PITCH.tenths_um();
    let whole = usize::try_from(size / pitch).unwrap_or(0);
    let left = size % pitch;
    let mut cells = vec![pitch; whole];
    match filler {
        Filler::Padding => (cells, left),
        Filler::Fraction { parts } => {
            let fraction = pitch / parts.max(1);
            let count = left / fraction;
            cells.resize(whole + usize::try_from(count).unwrap_or(0), fraction);
            (cells, left - count * fraction)
        }
        Filler::Dynamic { minimum } => {
            match cells.last_mut() {
                _ if left == 0 => {}
                Some(last) if left < minimum.tenths_um() => *last += left,
                _ => cells.push(left),
            }
            (cells, 0)
        }
    }
}
