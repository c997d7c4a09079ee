//! Where a plate stands in its grid: what every feature needs to know.

use crate::plan::{Plan, Plate, Style};
use crate::shape::pocket::{Cell, TOP};
use crate::shape::{Point, coordinate};
use protocol::grid::{CellKind, GridSpec, Magnets, PITCH, PerSide, SeamStyle};

/// How much of a plate is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// All of it, to print.
    Full,
    /// All but its number, to look at: equal plates are the same then.
    Unnumbered,
    /// What can be seen of a large grid: no numbers, latches or magnet holes, corners of two chords.
    Coarse,
    /// What can be seen of a very large grid: its outline, rim and cells, seats with one slope and cut corners.
    Plain,
}

/// What is done about surfaces that meet too closely for a proper solid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tries {
    /// Holes are moved and larger by the nudge.
    First,
    /// Lying holes are moved twice as far up, which also lifts a lowest line that moving and growing alike left where
    /// it was; and a rim's heights go on without a step in the rounded corners of the plate. Only where all of the
    /// first tries failed, so that plates which came out before stay as they were.
    Second,
}

/// What decides the mesh of a plate, apart from its specification.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Likeness {
    lines: [Vec<i32>; 2],
    corners: [Point; 2],
    neighbours: [bool; 4],
    /// First line of the seams in x and y where tabs and sockets take turns: odd or even.
    turn: Option<[bool; 2]>,
    /// Whether strips of padding follow in the north and east.
    strips: [bool; 2],
    seats: Vec<Point>,
    empty: Vec<Point>,
    /// Where it is in the grid, if that makes a difference.
    place: Option<[usize; 2]>,
}

/// One plate, with its cells in its own frame: origin at the south-west corner of its first cell.
pub(crate) struct Site<'a> {
    pub(crate) spec: &'a GridSpec,
    pub(crate) plan: &'a Plan,
    pub(crate) plate: &'a Plate,
    /// Ends of the cells in x, first to last; a strip of padding has one.
    pub(crate) lines_x: Vec<i32>,
    /// Ends of the cells in y.
    pub(crate) lines_y: Vec<i32>,
    /// South-west corner without connectors and rim.
    pub(crate) low: Point,
    /// North-east corner.
    pub(crate) high: Point,
    /// Lowest point without rim.
    pub(crate) bottom: i32,
    /// Bottom of the level of the magnets, above the solid base; 0 without magnets.
    pub(crate) level: i32,
    /// Highest point without rim.
    pub(crate) top: i32,
    /// By how much holes are moved and larger, to be clear of other surfaces.
    pub(crate) nudge: i32,
    /// Which other ways to clear them are taken.
    pub(crate) tries: Tries,
    seats: Vec<Cell>,
    empty: Vec<Cell>,
    detail: Detail,
}

impl<'a> Site<'a> {
    pub(crate) fn new(spec: &'a GridSpec, plan: &'a Plan, plate: &'a Plate, detail: Detail) -> Self {
        let (x, y) = (&plan.axes.x, &plan.axes.y);
        let lines_x = lines(&x.cells, plate.first_cell[0], plate.cells[0]);
        let lines_y = lines(&y.cells, plate.first_cell[1], plate.cells[1]);
        let sides = plate.neighbours;
        let padding = |neighbour: bool, padding: i64| if neighbour { 0 } else { coordinate(padding) };
        let end = |lines: &[i32]| lines.last().copied().unwrap_or(0);
        let level = -coordinate(spec.magnets().map_or(0, |magnets: Magnets| magnets.level().tenths_um()));
        let mut site = Self {
            spec,
            plan,
            plate,
            low: Point::new(-padding(sides.west, x.start), -padding(sides.south, y.start)),
            high: Point::new(
                end(&lines_x) + padding(sides.east, x.end),
                end(&lines_y) + padding(sides.north, y.end),
            ),
            lines_x,
            lines_y,
            bottom: level - coordinate(spec.solid_base().tenths_um()),
            level,
            top: TOP - coordinate(spec.slice().tenths_um()),
            seats: Vec::new(),
            empty: Vec::new(),
            detail,
            nudge: 0,
            tries: Tries::First,
        };
        site.sort_cells();
        site
    }

    fn sort_cells(&mut self) {
        let columns = self.plan.axes.x.cells.len();
        let [first_x, first_y] = self.plate.first_cell;
        for (row, (low_y, high_y)) in (first_y..).zip(spans(&self.lines_y)) {
            for (column, (low_x, high_x)) in (first_x..).zip(spans(&self.lines_x)) {
                let cell = Cell { low: Point::new(low_x, low_y), high: Point::new(high_x, high_y) };
                match self.spec.cell_kind(row * columns + column) {
                    CellKind::Seat => self.seats.push(cell),
                    CellKind::Empty => self.empty.push(cell),
                    CellKind::Solid => {}
                }
            }
        }
    }

    /// Whether quirks of the original are imitated.
    pub(crate) fn is_upstream(&self) -> bool {
        self.plan.style == Style::UpstreamExact
    }

    /// Where floors below the bins are; without relief the foot of a bin, 0.
    pub(crate) fn floor(&self) -> i32 {
        -coordinate(self.spec.seat_relief().tenths_um())
    }

    /// Cells for bins that are whole in both directions.
    pub(crate) fn whole_seats(&self) -> impl Iterator<Item = Cell> + '_ {
        let is_whole =
            |cell: &Cell| cell.high.x - cell.low.x == pitch() && cell.high.y - cell.low.y == pitch();
        self.seats.iter().copied().filter(is_whole)
    }

    /// A diameter of a hole, mm, as much larger as holes are.
    pub(crate) fn hole_mm(&self, diameter: protocol::grid::Length) -> f64 {
        diameter.mm() + 2.0 * f64::from(self.nudge) / 10_000.0
    }

    pub(crate) fn detail(&self) -> Detail {
        self.detail
    }

    /// Steps of 9° that one chord of a seat's corner spans.
    pub(crate) fn stride(&self) -> usize {
        match self.detail {
            Detail::Full | Detail::Unnumbered => 1,
            Detail::Coarse => 5,
            Detail::Plain => 10,
        }
    }

    /// Plates of one specification that are alike have the same mesh.
    pub(crate) fn likeness(&self) -> Likeness {
        let sides = self.plate.neighbours;
        let strips = self.plan.strips_beyond(self.spec, self.plate);
        let is_alternating = self.spec.connectors().seams == SeamStyle::Alternating;
        let has_screws = self.spec.vertical_screws().is_some() && self.detail != Detail::Plain;
        let is_placed = has_screws || self.spec.wall().is_some();
        Likeness {
            lines: [self.lines_x.clone(), self.lines_y.clone()],
            corners: [self.low, self.high],
            neighbours: [sides.north, sides.east, sides.south, sides.west],
            turn: is_alternating.then(|| self.plate.first_cell.map(|first| first % 2 == 1)),
            strips: [strips.north, strips.east],
            seats: self.seats.iter().map(|cell| cell.low).collect(),
            empty: self.empty.iter().map(|cell| cell.low).collect(),
            place: is_placed.then_some(self.plate.first_cell),
        }
    }

    /// Cells for bins.
    pub(crate) fn seats(&self) -> &[Cell] {
        &self.seats
    }

    /// Cells that are left out.
    pub(crate) fn empty(&self) -> &[Cell] {
        &self.empty
    }

    /// The cell at a point; points outside belong to the nearest one.
    pub(crate) fn cell_at(&self, point: Point) -> Cell {
        let span = |lines: &[i32], value: i32| {
            let after =
                lines.partition_point(|&line| line <= value).clamp(1, lines.len().saturating_sub(1).max(1));
            let get = |index: usize| lines.get(index).copied().unwrap_or(0);
            (get(after - 1), get(after))
        };
        let (x, y) = (span(&self.lines_x, point.x), span(&self.lines_y, point.y));
        Cell { low: Point::new(x.0, y.0), high: Point::new(x.1, y.1) }
    }

    /// Thickness of the rim per side of this plate: there is none along seams.
    pub(crate) fn rim(&self) -> PerSide<i32> {
        let wall = self.spec.wall_thickness();
        let sides = self.plate.neighbours;
        let thickness = |neighbour: bool, length: protocol::grid::Length| {
            if neighbour { 0 } else { coordinate(length.tenths_um()) }
        };
        PerSide {
            north: thickness(sides.north, wall.north),
            east: thickness(sides.east, wall.east),
            south: thickness(sides.south, wall.south),
            west: thickness(sides.west, wall.west),
        }
    }
}

/// Side of a whole cell.
pub(crate) fn pitch() -> i32 {
    coordinate(PITCH.tenths_um())
}

/// From each line to the next: the cells between them.
pub(crate) fn spans(lines: &[i32]) -> impl Iterator<Item = (i32, i32)> + '_ {
    lines.iter().copied().zip(lines.iter().copied().skip(1))
}

fn lines(cells: &[i64], first: usize, count: usize) -> Vec<i32> {
    let mut at = 0;
    let mut lines = vec![0];
    for cell in cells.iter().skip(first).take(count) {
        at += cell;
        lines.push(coordinate(at));
    }
    lines
}
