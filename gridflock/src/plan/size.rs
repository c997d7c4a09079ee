//! How large plates really are: what sticks out of them on each side.

use super::{Axis, Sides, Style};
use crate::shape::pocket::FOOT;
use crate::shape::seam::is_tab;
use crate::shape::{connector, edge};
use protocol::grid::{GridSpec, Length, PerAxis, SeamStyle};
use std::ops::RangeInclusive;

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
    /// Pieces in the middle of sides, into plates.
    side: i64,
    /// The same into strips of padding, where no bin limits them.
    strip: i64,
    /// Whether there are strips.
    has_strips: bool,
}

impl Reach {
    pub(super) fn new(spec: &GridSpec, style: Style) -> Self {
        let seams = spec.connectors().seams;
        let corner = spec.connectors().intersection.map_or(Overhang { start: 0, end: 0 }, |fit| {
            let [end, start] = connector::reach(fit, style);
            match seams {
                SeamStyle::OneWay => Overhang { start, end },
                SeamStyle::Alternating => Overhang { start: start.max(end), end: start.max(end) },
                SeamStyle::Keyed => Overhang { start: 0, end: 0 },
            }
        });
        let has_floor = spec.magnets().is_some() || spec.solid_base() > Length::default();
        // Without a floor the piece ends at the foot of the wall.
        let within = |reach: i64| if has_floor { reach } else { reach.min(i64::from(FOOT)) };
        let side = spec.connectors().edge.map_or(0, |puzzle| within(edge::reach(&puzzle)));
        let strip = spec.connectors().edge.map_or(0, |puzzle| edge::reach(&puzzle));
        Self { corner, side, strip, has_strips: spec.separate_padding() }
    }

    /// The most that sticks out of any plate.
    pub(super) fn most(self) -> Overhang {
        let side = if self.has_strips { self.strip } else { self.side };
        Overhang { start: self.corner.start, end: self.corner.end.max(side) }
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
pub(crate) struct Piece {
    pub(crate) first_cell: [usize; 2],
    pub(crate) cells: [usize; 2],
    pub(crate) neighbours: Sides<bool>,
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
    let corners = corners(spec, axes, reach, piece, style);
    let Sides { north, east, south, west } = neighbours;
    let pieces = |axis: &Axis, first: usize, count: usize| -> i64 {
        let cells = axis.cells.get(first..first + count).unwrap_or_default();
        let has_piece = spec
            .connectors()
            .edge
            .is_some_and(|puzzle| cells.iter().any(|&cell| !edge::places(&puzzle, cell, style).is_empty()));
        if has_piece { reach.side } else { 0 }
    };
    let strips = strips_beyond(spec, axes, piece);
    let into = |is_strip: bool, side: i64| if is_strip && side > 0 { reach.strip } else { side };
    let out = |seam: bool, of_corner: i64, of_side: i64, outside: i64| {
        if seam { of_corner.max(of_side) } else { outside }
    };
    let x = out(west, corners.west, 0, axes.x.start + wall.west.tenths_um())
        + axes.x.span(first_x, first_x + cells_x)
        + out(
            east,
            corners.east,
            into(strips.east, pieces(&axes.y, first_y, cells_y)),
            axes.x.end + wall.east.tenths_um(),
        );
    let y = out(south, corners.south, 0, axes.y.start + wall.south.tenths_um())
        + axes.y.span(first_y, first_y + cells_y)
        + out(
            north,
            corners.north,
            into(strips.north, pieces(&axes.x, first_x, cells_x)),
            axes.y.end + wall.north.tenths_um(),
        );
    PerAxis { x: Length::from_tenths_um(x), y: Length::from_tenths_um(y) }
}

/// On which sides of a plate a strip of padding follows.
pub(crate) fn strips_beyond(spec: &GridSpec, axes: &PerAxis<Axis>, piece: Piece) -> Sides<bool> {
    let Piece { first_cell: [first_x, first_y], cells: [cells_x, cells_y], neighbours } = piece;
    let is = |seam: bool, cells: usize, is_end: bool| spec.separate_padding() && seam && cells > 0 && is_end;
    Sides {
        north: is(neighbours.north, cells_y, first_y + cells_y == axes.y.cells.len()),
        east: is(neighbours.east, cells_x, first_x + cells_x == axes.x.cells.len()),
        south: is(neighbours.south, cells_y, first_y == 0),
        west: is(neighbours.west, cells_x, first_x == 0),
    }
}

/// What sticks out at the cell corners of each side.
fn corners(spec: &GridSpec, axes: &PerAxis<Axis>, reach: Reach, piece: Piece, style: Style) -> Sides<i64> {
    let has = corners_connected(axes, piece, style);
    let of = |has: bool, is_north_or_east: bool, lines: RangeInclusive<usize>| {
        let one_way = if is_north_or_east { reach.corner.end } else { reach.corner.start };
        let kind = spec.connectors().seams;
        let Some(fit) = spec.connectors().intersection.filter(|_| has) else { return 0 };
        if kind != SeamStyle::Alternating {
            return one_way;
        }
        let [tab, lip] = connector::reach(fit, style);
        lines.map(|line| if is_tab(kind, is_north_or_east, line) { tab } else { lip }).max().unwrap_or(0)
    };
    let [x, y] = lines(axes, piece, style);
    Sides {
        north: of(has.north, true, x.clone()),
        east: of(has.east, true, y.clone()),
        south: of(has.south, false, x),
        west: of(has.west, false, y),
    }
}

/// The lines between cells at which seams along x and along y have a connector, counted over the grid.
fn lines(axes: &PerAxis<Axis>, piece: Piece, style: Style) -> [RangeInclusive<usize>; 2] {
    let ([first_x, first_y], [cells_x, cells_y]) = (piece.first_cell, piece.cells);
    let Sides { north, east, south, west } = piece.neighbours;
    let bare = |neighbour: bool, padding: i64| !neighbour && !connector::has_end(style, padding);
    // At a corner with a western or eastern seam, a northern or southern one has no connector of its own.
    let taken = |before: bool, behind: bool, first: usize, cells: usize| {
        first + usize::from(before)..=(first + cells).saturating_sub(usize::from(behind))
    };
    [
        taken(west || bare(west, axes.x.start), east || bare(east, axes.x.end), first_x, cells_x),
        taken(bare(south, axes.y.start), bare(north, axes.y.end), first_y, cells_y),
    ]
}

/// On which sides there really is a connector at a corner: a seam can have all of its corners taken by others, and
/// the short side of a strip has none.
pub(super) fn corners_connected(axes: &PerAxis<Axis>, piece: Piece, style: Style) -> Sides<bool> {
    let [cells_x, cells_y] = piece.cells;
    let Sides { north, east, south, west } = piece.neighbours;
    let [x, y] = lines(axes, piece, style);
    let (along_x, along_y) = (cells_x > 0 && !x.is_empty(), cells_y > 0 && !y.is_empty());
    Sides { north: north && along_x, east: east && along_y, south: south && along_x, west: west && along_y }
}
