//! The places where keys go: wherever sockets of two plates meet at the corners of cells.

use super::{Axis, Plan, Plate};
use crate::shape::connector::KEY_ROOM;
use protocol::grid::{CellKind, GridSpec, PerAxis, SeamStyle};

impl Plan {
    /// The places of all keys: the lines between cells in x and y that cross there, counted over the grid, and whether
    /// the seam runs from south to north.
    #[must_use]
    pub fn keys(&self, spec: &GridSpec) -> Vec<([usize; 2], bool)> {
        keys(spec, &self.axes, &self.plates)
    }
}

/// As [`Plan::keys`], for a plan in the making.
pub(super) fn keys(spec: &GridSpec, axes: &PerAxis<Axis>, plates: &[Plate]) -> Vec<([usize; 2], bool)> {
    if spec.connectors().seams != SeamStyle::Keyed {
        return Vec::new();
    }
    let mut all = Vec::new();
    for plate in plates {
        let ([first_x, first_y], [cells_x, cells_y]) = (plate.first_cell, plate.cells);
        let of = |upright: bool| Joints { spec, axes, plate, upright }.lines();
        all.extend(of(true).into_iter().map(|y| ([first_x + cells_x, y], true)));
        all.extend(of(false).into_iter().map(|x| ([x, first_y + cells_y], false)));
    }
    all
}

/// The places for keys along the eastern (upright) or northern seam of a plate.
struct Joints<'a> {
    spec: &'a GridSpec,
    axes: &'a PerAxis<Axis>,
    plate: &'a Plate,
    upright: bool,
}

impl Joints<'_> {
    /// Lines between cells, counted over the grid. Where a seam goes on, its next plate has the line they share.
    fn lines(&self) -> Vec<usize> {
        let sides = self.plate.neighbours;
        let ([first_x, first_y], [cells_x, cells_y]) = (self.plate.first_cell, self.plate.cells);
        let axes = self.axes;
        let (seam, axis, first, cells, goes_on) = if self.upright {
            (sides.east, &axes.y, first_y, cells_y, [false, sides.north])
        } else {
            (sides.north, &axes.x, first_x, cells_x, [sides.west, sides.east])
        };
        if !seam || cells == 0 {
            return Vec::new();
        }
        let has_room = |padding: i64| padding >= i64::from(KEY_ROOM);
        let is_kept = |line: &usize| {
            let ends = [*line == first, *line == first + cells];
            let outer =
                [*line == 0 && !has_room(axis.start), *line == axis.cells.len() && !has_room(axis.end)];
            let taken = (ends[0] && goes_on[0]) || (ends[1] && goes_on[1]);
            !taken && outer == [false, false] && self.holds(*line)
        };
        (first..=first + cells).filter(is_kept).collect()
    }

    /// Whether there is a cell on both sides of the seam at a line, and not only room that is left out.
    fn holds(&self, line: usize) -> bool {
        let (columns, rows) = (self.axes.x.cells.len(), self.axes.y.cells.len());
        let ([first_x, first_y], [cells_x, cells_y]) = (self.plate.first_cell, self.plate.cells);
        let at = if self.upright { first_x + cells_x } else { first_y + cells_y };
        let is_there = |across: usize, along: usize| {
            let (x, y) = if self.upright { (across, along) } else { (along, across) };
            x >= columns || y >= rows || self.spec.cell_kind(y * columns + x) != CellKind::Empty
        };
        let beside = |across: usize| {
            is_there(across, line) || line.checked_sub(1).is_some_and(|along| is_there(across, along))
        };
        at.checked_sub(1).is_none_or(beside) && beside(at)
    }
}
