//! Edge puzzle: pieces on north and east seams, sockets in south and west ones.
//!
//! A piece lies in the neighbour's wall, so it is as low as that wall where a bin stands: it is cut by the seat, and by
//! the magnets, of a cell beyond the seam that is as wide as its own and a whole cell deep.

use super::site::{pitch, spans};
use super::{FAR, Site};
use crate::shape::boolean::intersection;
use crate::shape::edge::{places, socket, tab};
use crate::shape::magnet::{MagnetShapes, add_cell};
use crate::shape::pocket::{CORE_MM, Cell, LOWER_SLOPE, WALL_MM};
use crate::shape::{Contour, Point, coordinate, counter_clockwise, rectangle};
use crate::solid::layers::{Action, Height::Flat, Layers, Region, Slope};
use protocol::grid::EdgePuzzle;

/// Connectors reach less far, tenths of a micrometre.
const BEYOND: i32 = 200_000;

pub(super) fn add_magnet_border<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(puzzle) = site.spec.connectors().edge else { return };
    let Some(border) = puzzle.magnet_border else { return };
    let width = coordinate(border.tenths_um() + crate::shape::edge::reach(&puzzle));
    let sides = site.plate.neighbours;
    let cells = site.seats().iter();
    let mut bars = Vec::new();
    for cell in cells {
        let (low, high) = (cell.low, cell.high);
        if sides.south && low.y == 0 {
            bars.push(rectangle(low, Point::new(high.x, high.y.min(low.y + width))));
        }
        if sides.west && low.x == 0 {
            bars.push(rectangle(low, Point::new(high.x.min(low.x + width), high.y)));
        }
    }
    if !bars.is_empty() {
        layers.push(Region::of(bars), Action::Add(Flat(site.level), Flat(0)));
    }
}

pub(super) fn add_tabs<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(puzzle) = site.spec.connectors().edge else { return };
    let sides = site.plate.neighbours;
    let strips = site.plan.strips_beyond(site.spec, site.plate);
    let mut cells = Vec::new();
    if let Some((seam, spans)) = beyond(&site.lines_y, &site.lines_x, sides.north) {
        cells.extend(spans.map(|(low, high)| {
            (
                Side::across_y(seam),
                strips.north,
                Cell { low: Point::new(low, seam), high: Point::new(high, seam + pitch()) },
            )
        }));
    }
    if let Some((seam, spans)) = beyond(&site.lines_x, &site.lines_y, sides.east) {
        cells.extend(spans.map(|(low, high)| {
            (
                Side::across_x(seam),
                strips.east,
                Cell { low: Point::new(seam, low), high: Point::new(seam + pitch(), high) },
            )
        }));
    }
    let shape = tab(&puzzle);
    let has_floor = site.bottom < 0;
    let mut masks = Masks::default();
    for (side, is_strip, cell) in &cells {
        let mut pieces = side.pieces(&puzzle, &shape, *cell, site);
        if !site.is_upstream() {
            let within = [side.within(site)];
            pieces = intersection(&pieces, &within);
        }
        if *is_strip {
            masks.into_strips.extend(pieces);
            continue;
        }
        let foot = intersection(&pieces, &[cell.outline(WALL_MM)]);
        let core = intersection(&foot, &[cell.outline(CORE_MM)]);
        if let Some(magnets) = site.spec.magnets() {
            let mut shapes = MagnetShapes::default();
            add_cell(&mut shapes, *cell, magnets, Some(magnets.diameter.mm() / 2.0));
            masks.slots.extend(intersection(&pieces, &shapes.slots));
            masks.releases.extend(intersection(&pieces, &shapes.releases));
        }
        masks.pieces.extend(pieces);
        masks.foot.extend(foot);
        masks.core.extend(core);
    }
    let into_strips = std::mem::take(&mut masks.into_strips);
    if !masks.pieces.is_empty() {
        masks.push(layers, site, &puzzle, has_floor, cells.into_iter().map(|(.., cell)| cell).collect());
    }
    if !into_strips.is_empty() {
        let top = coordinate(puzzle.height.tenths_um() - puzzle.male_delta.tenths_um());
        layers.push(Region::of(into_strips), Action::Add(Flat(site.bottom), Flat(top)));
    }
}

/// The seam at the end of `across` and the cells along it, if there is one.
fn beyond<'l>(
    across: &[i32],
    along: &'l [i32],
    is_seam: bool,
) -> Option<(i32, impl Iterator<Item = (i32, i32)> + 'l)> {
    let seam = *across.last().filter(|_| is_seam)?;
    Some((seam, spans(along)))
}

/// Pieces and what limits them.
#[derive(Default)]
struct Masks {
    pieces: Vec<Contour>,
    /// Those that nothing limits: there is no bin over a strip of padding.
    into_strips: Vec<Contour>,
    /// Over the lower slope of the neighbour's seat and its floor.
    foot: Vec<Contour>,
    /// Over its floor.
    core: Vec<Contour>,
    slots: Vec<Contour>,
    releases: Vec<Contour>,
}

impl Masks {
    fn push<'s>(
        self,
        layers: &mut Layers<'s>,
        site: &'s Site<'s>,
        puzzle: &EdgePuzzle,
        has_floor: bool,
        cells: Vec<Cell>,
    ) {
        let top = coordinate(puzzle.height.tenths_um() - puzzle.male_delta.tenths_um());
        let height = move |point: Point| {
            let near = |cell: &&Cell| {
                (cell.low.x..=cell.high.x).contains(&point.x) && (cell.low.y..=cell.high.y).contains(&point.y)
            };
            cells.iter().find(near).map_or(0, |cell| cell.slope_height(point, CORE_MM, LOWER_SLOPE))
        };
        let slope = layers.slope(Slope { range: LOWER_SLOPE, steepness: 1, height: Box::new(height) });
        layers.push(Region::of(self.pieces), Action::Add(Flat(site.bottom), Flat(top)));
        let foot = Region { contours: self.foot, folds: Vec::new(), outline_is_fold: true };
        layers.push(foot, Action::Cut(slope, Flat(FAR)));
        let floor = if has_floor { site.floor() } else { -FAR };
        layers.push(Region::of(self.core), Action::Cut(Flat(floor), Flat(FAR)));
        if let Some(magnets) = site.spec.magnets() {
            let heights = super::magnets::hole_heights(site, magnets);
            for (region, [low, high]) in [self.slots, self.releases].into_iter().zip(heights) {
                if !region.is_empty() {
                    layers.push(Region::of(region), Action::Cut(Flat(low), Flat(high)));
                }
            }
        }
    }
}

pub(super) fn cut_sockets<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(puzzle) = site.spec.connectors().edge else { return };
    let sides = site.plate.neighbours;
    let shape = socket(&puzzle, site.plan.style);
    let mut sockets = Vec::new();
    if sides.south {
        for (low, high) in spans(&site.lines_x) {
            let cell = Cell { low: Point::new(low, 0), high: Point::new(high, pitch()) };
            sockets.extend(Side::across_y(0).pieces(&puzzle, &shape, cell, site));
        }
    }
    if sides.west {
        for (low, high) in spans(&site.lines_y) {
            let cell = Cell { low: Point::new(0, low), high: Point::new(pitch(), high) };
            sockets.extend(Side::across_x(0).pieces(&puzzle, &shape, cell, site));
        }
    }
    if !sockets.is_empty() {
        let top = coordinate(puzzle.height.tenths_um());
        layers.push(Region::of(sockets), Action::Cut(Flat(-FAR), Flat(top)));
    }
}

/// A seam.
#[derive(Debug, Clone, Copy)]
struct Side {
    /// Where it is, in x or in y.
    at: i32,
    /// Whether it runs along y.
    is_upright: bool,
}

impl Side {
    const fn across_y(at: i32) -> Self {
        Self { at, is_upright: false }
    }

    const fn across_x(at: i32) -> Self {
        Self { at, is_upright: true }
    }

    /// The pieces of one cell side.
    fn pieces(self, puzzle: &EdgePuzzle, shape: &[Contour], cell: Cell, site: &Site<'_>) -> Vec<Contour> {
        let (low, high) = if self.is_upright { (cell.low.y, cell.high.y) } else { (cell.low.x, cell.high.x) };
        let middle = low + (high - low) / 2;
        let places = places(puzzle, i64::from(high - low), site.plan.style);
        places.iter().flat_map(|place| shape.iter().map(move |c| self.moved(c, middle + place))).collect()
    }

    fn moved(self, contour: &Contour, along: i32) -> Contour {
        let place = |p: &Point| {
            if self.is_upright {
                Point::new(self.at + p.y, along + p.x)
            } else {
                Point::new(along + p.x, self.at + p.y)
            }
        };
        let moved: Contour = contour.iter().map(place).collect();
        counter_clockwise(moved)
    }

    /// The plate, as long as it is along the seam and endless across it: nothing ours overhangs the grid.
    fn within(self, site: &Site<'_>) -> Contour {
        let (x, y) = if self.is_upright { (BEYOND, 0) } else { (0, BEYOND) };
        let (low, high) =
            (Point::new(site.low.x - x, site.low.y - y), Point::new(site.high.x + x, site.high.y + y));
        rectangle(low, high)
    }
}
