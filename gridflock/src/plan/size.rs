//! How large plates really are: what sticks out of them on each side.

use super::{Axis, Sides, Style};
use crate::shape::pocket::FOOT;
use crate::shape::{connector, edge};
use protocol::grid::{GridSpec, Length, PerAxis};

/// What sticks out of a plate on a side with a neighbour, in tenths of a micrometre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overhang {
    /// On the west and south side.
    pub(super) start: i64,
    /// On the east and north side.
    pub(super) end: i64,
}

/// Reach of both kinds of connectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Lips and tabs at cell corners.
    corner: Overhang,
    /// Pieces in the middle of sides.
    side: i64,
}

impl Reach {
    pub(super) fn new(spec: &GridSpec, style: Style) -> Self {
        let corner = spec.connectors().intersection.map_or(Overhang { start: 0, end: 0 }, |fit| {
            let [end, start] = connector::reach(fit, style);
            Overhang { start, end }
        });
        let has_floor = spec.magnets().is_some() || spec.solid_base() > Length::default();
        // Without a floor the piece ends at the foot of the wall.
        let within = |reach: i64| if has_floor { reach } else { reach.min(i64::from(FOOT)) };
        let side = spec.connectors().edge.map_or(0, |puzzle| within(edge::reach(&puzzle)));
        Self { corner, side }
    }

    /// The most that sticks out of any plate.
    pub(super) fn most(self) -> Overhang {
        Overhang { start: self.corner.start, end: self.corner.end.max(self.side) }
    }

    pub(super) const fn corner(self) -> Overhang {
        self.corner
    }
}

/// Real length of a piece of an axis with all that sticks out.
pub(super) fn real_length(axis: &Axis, overhang: Overhang, first: usize, after: usize) -> i64 {
    let before = if first == 0 { axis.start } else { overhang.start };
    let behind = if after == axis.cells.len() { axis.end } else { overhang.end };
    before + axis.span(first, after) + behind
}

/// A plate as far as its size depends on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) first_cell: [usize; 2],
    pub(super) cells: [usize; 2],
    pub(super) neighbours: Sides<bool>,
}

/// Real outer size of a piece.
pub(super) fn size(
    spec: &GridSpec,
    axes: &PerAxis<Axis>,
    reach: Reach,
    piece: Piece,
    style: Style,
) -> PerAxis<Length> {
    let Piece { first_cell: [first_x, first_y], cells: [cells_x, cells_y], neighbours } = piece;
    let wall = spec.wall_thickness();
    let corners = corners_connected(axes, piece, style);
    let Sides { north, east, south, west } = neighbours;
    let pieces = |axis: &Axis, first: usize, count: usize| -> i64 {
        let cells = axis.cells.get(first..first + count).unwrap_or_default();
        let has_piece = spec
            .connectors()
            .edge
            .is_some_and(|puzzle| cells.iter().any(|&cell| !edge::places(&puzzle, cell, style).is_empty()));
        if has_piece { reach.side } else { 0 }
    };
    let out = |seam: bool, corner: bool, of_corner: i64, of_side: i64, outside: i64| {
        let at_corner = if corner { of_corner } else { 0 };
        if seam { at_corner.max(of_side) } else { outside }
    };
    let (start, end) = (reach.corner.start, reach.corner.end);
    let x = out(west, corners.west, start, 0, axes.x.start + wall.west.tenths_um())
        + axes.x.span(first_x, first_x + cells_x)
        + out(east, corners.east, end, pieces(&axes.y, first_y, cells_y), axes.x.end + wall.east.tenths_um());
    let y = out(south, corners.south, start, 0, axes.y.start + wall.south.tenths_um())
        + axes.y.span(first_y, first_y + cells_y)
        + out(
            north,
            corners.north,
            end,
            pieces(&axes.x, first_x, cells_x),
            axes.y.end + wall.north.tenths_um(),
        );
    PerAxis { x: Length::from_tenths_um(x), y: Length::from_tenths_um(y) }
}

/// On which sides there really is a connector at a corner: a seam can have all of its corners taken by others, and
/// the short side of a strip has none.
pub(super) fn corners_connected(axes: &PerAxis<Axis>, piece: Piece, style: Style) -> Sides<bool> {
    let [cells_x, cells_y] = piece.cells;
    let Sides { north, east, south, west } = piece.neighbours;
    let bare = |neighbour: bool, padding: i64| !neighbour && !connector::has_end(style, padding);
    // At a corner with a western or eastern seam, a northern or southern one has no connector of its own.
    let taken_x = usize::from(west || bare(west, axes.x.start)) + usize::from(east || bare(east, axes.x.end));
    let taken_y = usize::from(bare(south, axes.y.start)) + usize::from(bare(north, axes.y.end));
    let (along_x, along_y) = (cells_x > 0 && cells_x + 1 > taken_x, cells_y > 0 && cells_y + 1 > taken_y);
    Sides { north: north && along_x, east: east && along_y, south: south && along_x, west: west && along_y }
}
