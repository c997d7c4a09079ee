//! From a plate of a plan to its mesh: which shapes stand where, in which order, between which heights.
//!
//! Heights: z = 0 is the bottom of the bin's seat, as in the original; the mesh is moved so that it stands on z = 0
//! and is centred on x = y = 0, and is turned if the plan says so. Order of the steps: body, pockets, magnets, outline,
//! connectors, number. It matters: a connector is not cut by its own cell's pocket.

use crate::error::{GenerateError, SolidError};
use crate::plan::{Plan, Plate, Slot, Style};
use crate::shape::connector::{Seams, connectors};
use crate::shape::magnet::{MagnetShapes, add_cell};
use crate::shape::number::number;
use crate::shape::outline::outline;
use crate::shape::pocket::{CORE_MM, Cell, LOWER_SLOPE, RIM_MM, TOP, UPPER_SLOPE, WALL_MM};
use crate::shape::{Point, coordinate, rectangle};
use crate::solid::layers::{Action, Height, Layers, Region, Slope};
use crate::solid::{Mesh, build, check, keep_large_parts};
use protocol::grid::{Connector, GridSpec, Magnets, Numbering};

use Height::{Flat, Slope as Sloping};

/// Higher and lower than anything, tenths of a micrometre.
const FAR: i32 = 100_000_000;

/// Makes one plate of `plan`, which must be a plan of `spec`. The same inputs give the same bytes on every machine.
///
/// # Errors
/// `NoSuchPlate`; `FallsApart` if an edge adjustment cuts the plate to pieces; `Solid` for faults of this program
/// (every mesh is proven closed and two-manifold first).
pub fn generate_plate(spec: &GridSpec, plan: &Plan, slot: Slot) -> Result<Mesh, GenerateError> {
    let plate = plan.plate(slot).ok_or(GenerateError::NoSuchPlate { slot })?;
    let fault = |source| GenerateError::Solid { slot, source };
    let grid = Cells::new(plan, plate);
    let layers = layers(spec, plan, plate, &grid);
    let mut mesh = build(&layers).map_err(fault)?;
    let pieces = keep_large_parts(&mut mesh);
    if pieces > 1 && plan.style == Style::Better {
        return Err(GenerateError::FallsApart { slot, pieces });
    }
    place(&mut mesh, plate.rotated);
    check(&mesh).map_err(|broken| fault(SolidError::from(broken)))?;
    Ok(mesh)
}

/// Turns a mesh, centres it and puts it on the bed. Near the middle of its coordinates `f32` keeps every corner of a
/// 2 m bed apart, which STL needs.
fn place(mesh: &mut Mesh, rotated: bool) {
    if rotated {
        mesh.map(|[x, y, z]| [-y, x, z]);
    }
    let [low, high] = mesh.bounds();
    let (x, y) = (low[0] + (high[0] - low[0]) / 2, low[1] + (high[1] - low[1]) / 2);
    mesh.map(|[px, py, pz]| [px - x, py - y, pz - low[2]]);
}

/// The cells of a plate in its own frame.
struct Cells {
    lines_x: Vec<i32>,
    lines_y: Vec<i32>,
    low: Point,
    high: Point,
}

impl Cells {
    fn new(plan: &Plan, plate: &Plate) -> Self {
        let [first_x, first_y] = plate.first_cell;
        let [cells_x, cells_y] = plate.cells;
        let lines = |cells: &[i64], first: usize, count: usize| {
            let mut at = 0;
            let mut lines = vec![0];
            for cell in cells.iter().skip(first).take(count) {
                at += cell;
                lines.push(coordinate(at));
            }
            lines
        };
        let (x, y) = (&plan.axes.x, &plan.axes.y);
        let (lines_x, lines_y) = (lines(&x.cells, first_x, cells_x), lines(&y.cells, first_y, cells_y));
        let sides = plate.neighbours;
        let padding = |neighbour: bool, padding: i64| if neighbour { 0 } else { coordinate(padding) };
        let end = |lines: &[i32]| lines.last().copied().unwrap_or(0);
        Self {
            low: Point::new(-padding(sides.west, x.start), -padding(sides.south, y.start)),
            high: Point::new(
                end(&lines_x) + padding(sides.east, x.end),
                end(&lines_y) + padding(sides.north, y.end),
            ),
            lines_x,
            lines_y,
        }
    }

    fn all(&self) -> Vec<Cell> {
        let spans = |lines: &[i32]| -> Vec<(i32, i32)> {
            lines.iter().copied().zip(lines.iter().copied().skip(1)).collect()
        };
        let (x, y) = (spans(&self.lines_x), spans(&self.lines_y));
        let row = |&(low_y, high_y): &(i32, i32)| {
            let cell = move |&(low_x, high_x): &(i32, i32)| Cell {
                low: Point::new(low_x, low_y),
                high: Point::new(high_x, high_y),
            };
            x.iter().map(cell).collect::<Vec<_>>()
        };
        y.iter().flat_map(row).collect()
    }

    /// The cell at a point; points outside belong to the nearest one.
    fn at(&self, point: Point) -> Cell {
        let span = |lines: &[i32], value: i32| {
            let after =
                lines.partition_point(|&line| line <= value).clamp(1, lines.len().saturating_sub(1).max(1));
            let get = |index: usize| lines.get(index).copied().unwrap_or(0);
            (get(after - 1), get(after))
        };
        let (x, y) = (span(&self.lines_x, point.x), span(&self.lines_y, point.y));
        Cell { low: Point::new(x.0, y.0), high: Point::new(x.1, y.1) }
    }
}

fn layers<'a>(spec: &GridSpec, plan: &Plan, plate: &Plate, grid: &'a Cells) -> Layers<'a> {
    let bottom = -spec.magnets().map_or(0, magnet_level);
    let mut layers = Layers::default();
    let body = Region::of(vec![outline(grid.low, grid.high, spec.corner_radius().mm(), plate.neighbours)]);
    let body = layers.push(body, Action::Add(Flat(bottom), Flat(TOP)));
    let squeezed = plate.cells[0] <= 1;
    let number_top = spec.numbering().map(|numbering| bottom + coordinate(numbering.depth.tenths_um()));
    let split = number_top.filter(|&z| squeezed && z > LOWER_SLOPE[0]);
    pockets(&mut layers, grid, split);
    if let Some(magnets) = spec.magnets() {
        magnet_layers(&mut layers, grid, magnets, bottom);
    }
    layers.steps.push((body, Action::Keep));
    connector_layers(&mut layers, spec, plan, plate, grid, bottom);
    if let (Some(numbering), Some(top)) = (spec.numbering(), number_top) {
        let squares = number_squares(plan, plate, grid, numbering, squeezed);
        layers.push(Region::of(squares), Action::Cut(Flat(-FAR), Flat(top)));
    }
    layers
}

/// Height of the level below the seats that holds the magnets.
fn magnet_level(magnets: Magnets) -> i32 {
    let height = magnets.height.tenths_um() + magnets.top.tenths_um() + magnets.bottom.tenths_um();
    coordinate(height)
}

/// Cuts the seats. `split` is a height at which a number on the lower slope ends: above and below it the slope is a
/// surface of its own, so that no two surfaces cross.
fn pockets(layers: &mut Layers<'_>, grid: &Cells, split: Option<i32>) {
    // Cells are copied into the closures: the grid does not live as long as the layers need it.
    let slope = |layers: &mut Layers<'_>, radius_mm: f64, start: i32, range: [i32; 2]| {
        let grid = Cells {
            lines_x: grid.lines_x.clone(),
            lines_y: grid.lines_y.clone(),
            low: grid.low,
            high: grid.high,
        };
        let height = Box::new(move |point| grid.at(point).slope_height(point, radius_mm, start, range));
        layers.slopes.push(Slope { range, height });
        layers.slopes.len() - 1
    };
    let cells = grid.all();
    let ring = |inner: Option<f64>, outer: f64| Region {
        contours: cells.iter().map(|cell| cell.outline(outer)).collect(),
        folds: inner
            .map(|inner| cells.iter().flat_map(|cell| cell.folds(inner, outer)).collect())
            .unwrap_or_default(),
        outline_is_fold: true,
    };
    let upper = slope(layers, WALL_MM, UPPER_SLOPE[0], UPPER_SLOPE);
    layers.push(ring(Some(WALL_MM), RIM_MM), Action::Cut(Sloping(upper), Flat(FAR)));
    let [low, high] = LOWER_SLOPE;
    let middle = split.unwrap_or(low).clamp(low, high);
    if middle < high {
        let lower = slope(layers, CORE_MM, low, [middle, high]);
        layers.push(ring(Some(CORE_MM), WALL_MM), Action::Cut(Sloping(lower), Flat(FAR)));
    }
    if middle > low {
        let lowest = slope(layers, CORE_MM, low, [low, middle]);
        let radius_mm = CORE_MM + f64::from(middle - low) / 10_000.0;
        layers.push(ring(None, radius_mm), Action::Cut(Sloping(lowest), Flat(FAR)));
    }
    layers.push(ring(None, CORE_MM), Action::Cut(Flat(-FAR), Flat(FAR)));
}

fn magnet_layers(layers: &mut Layers<'_>, grid: &Cells, magnets: Magnets, bottom: i32) {
    let mut shapes = MagnetShapes::default();
    for cell in grid.all() {
        add_cell(&mut shapes, cell, magnets);
    }
    let (ceiling, floor) =
        (-coordinate(magnets.top.tenths_um()), bottom + coordinate(magnets.bottom.tenths_um()));
    layers.push(Region::of(shapes.frames), Action::Add(Flat(bottom), Flat(0)));
    layers.push(Region::of(shapes.slots), Action::Cut(Flat(floor), Flat(ceiling)));
    layers.push(Region::of(shapes.releases), Action::Cut(Flat(bottom), Flat(ceiling)));
}

fn connector_layers(
    layers: &mut Layers<'_>,
    spec: &GridSpec,
    plan: &Plan,
    plate: &Plate,
    grid: &Cells,
    bottom: i32,
) {
    let Connector::IntersectionPuzzle { fit } = spec.connector() else {
        return;
    };
    let seams = Seams {
        lines_x: &grid.lines_x,
        lines_y: &grid.lines_y,
        low: grid.low,
        high: grid.high,
        neighbours: plate.neighbours,
        style: plan.style,
    };
    let shapes = connectors(&seams, fit);
    if shapes.added.is_empty() {
        return;
    }
    layers.push(Region::of(shapes.removed), Action::Cut(Flat(-FAR), Flat(FAR)));
    layers.push(Region::of(shapes.added), Action::Add(Flat(bottom), Flat(TOP)));
    if !shapes.allowed.is_empty() {
        layers.push(Region::of(shapes.allowed), Action::Keep);
    }
}

fn number_squares(
    plan: &Plan,
    plate: &Plate,
    grid: &Cells,
    numbering: Numbering,
    squeezed: bool,
) -> Vec<crate::shape::Contour> {
    // People sort plates by slot; the original counts them.
    let text = match plan.style {
        Style::Better => plate.slot.to_string(),
        Style::UpstreamExact => plate.number.to_string(),
    };
    let size = if squeezed { numbering.squeeze_size } else { numbering.size };
    let line = grid.lines_x.get(1).copied().unwrap_or(0);
    let squares = number(&text, line, coordinate(size.tenths_um()), squeezed);
    // Never over the edge of a short plate.
    let inside = rectangle(grid.low, grid.high);
    let is_inside = |contour: &crate::shape::Contour| {
        let [low, _, high, _] = [0, 1, 2, 3].map(|corner| inside.get(corner).copied().unwrap_or(grid.low));
        contour.iter().all(|p| p.x > low.x && p.x < high.x && p.y > low.y && p.y < high.y)
    };
    squares.into_iter().filter(is_inside).collect()
}
