//! From a specification to plates that fit the bed.
//!
//! Two planners give one kind of [`Plan`]: the better one (default) and the original's, for comparison only.
//! Plans are exact: a plate's size is the size of its mesh, with all that sticks out (asserted in tests).

mod axis;
mod beds;
mod joints;
mod report;
mod search;
mod size;
mod slot;
mod strips;
mod upstream;

pub use axis::{Axis, axes};
pub use report::{PartReport, PlanReport, PlateReport};
pub use slot::{NotASlot, Slot};
pub use upstream::{UpstreamPlan, plan as plan_of_upstream};

use crate::error::PlanError;
use crate::shape::{connector, edge, from_mm, magnet::frame_mm};
use beds::{Beds, classes};
use protocol::grid::{BedClass, GEOMETRY_VERSION, GridSpec, Length, MagnetFrame, PerAxis, PerSide};
use search::Cuts;
use size::{Overhang, Piece, Reach, corners_connected, real_length};

/// Room the original's planner leaves on a bed for the intersection puzzle, in tenths of a micrometre (3.5 mm).
const UPSTREAM_MARGIN: i64 = 35_000;

/// Whose rules a plan and its plates follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Ours: fits the bed, nothing overhangs the outline of the grid.
    Better,
    /// The original's, quirks included.
    UpstreamExact,
}

/// A value for each side of a plate or grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides<T> {
    /// North side.
    pub north: T,
    /// East side.
    pub east: T,
    /// South side.
    pub south: T,
    /// West side.
    pub west: T,
}

/// One piece of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plate {
    /// Its name.
    pub slot: Slot,
    /// Column from the west, from 0.
    pub column: usize,
    /// Row from the south, from 0.
    pub row: usize,
    /// Its south-west cell, counted over the grid.
    pub first_cell: [usize; 2],
    /// Its cells in x and y; a strip of padding has none in one of them.
    pub cells: [usize; 2],
    /// Its real outer size on the bed, with everything that sticks out, after turning.
    pub size: PerAxis<Length>,
    /// Class of beds it is for: the first of the specification that it fits.
    pub bed: BedClass,
    /// Whether the plate lies turned by 90° counter-clockwise on the bed, as in its mesh and file.
    pub rotated: bool,
    /// On which sides another plate follows.
    pub neighbours: Sides<bool>,
    /// Its number in the original's counting, from 1.
    pub number: usize,
}

/// How a grid is cut into plates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose rules it follows.
    pub style: Style,
    /// Classes of beds it is for, in the order in which they are preferred; plates say which of them is theirs.
    pub beds: Vec<BedClass>,
    /// Cells and padding of both axes.
    pub axes: PerAxis<Axis>,
    /// Thickness of the rim outside of the padding, tenths of a micrometre.
    pub rim: PerSide<i64>,
    /// Cells per column from the west.
    pub columns: Vec<usize>,
    /// Cells per row from the south, of every column.
    pub rows: Vec<Vec<usize>>,
    /// All plates, column by column from the west, each from the south.
    pub plates: Vec<Plate>,
    /// Loose keys that hold them together.
    pub keys_n: usize,
}

impl Plan {
    /// On which sides of a plate a strip of padding follows.
    pub(crate) fn strips_beyond(&self, spec: &GridSpec, plate: &Plate) -> Sides<bool> {
        let &Plate { first_cell, cells, neighbours, .. } = plate;
        size::strips_beyond(spec, &self.axes, Piece { first_cell, cells, neighbours })
    }

    /// The plate of a slot.
    #[must_use]
    pub fn plate(&self, slot: Slot) -> Option<&Plate> {
        self.plates.iter().find(|plate| plate.slot == slot)
    }

    /// Outer size of the assembled grid, rim included.
    #[must_use]
    pub fn outer(&self) -> PerAxis<Length> {
        PerAxis {
            x: Length::from_tenths_um(self.axes.x.outer() + self.rim.west + self.rim.east),
            y: Length::from_tenths_um(self.axes.y.outer() + self.rim.south + self.rim.north),
        }
    }
}

/// The best plan for `spec`.
///
/// # Errors
/// `OtherGeometry` if the specification was made for another version; `OnlyUpstream` if it has wishes to the
/// original's planner; `BedTooSmall` if a single cell does not fit, with the bed that would do.
pub fn plan(spec: &GridSpec) -> Result<Plan, PlanError> {
    check_version(spec)?;
    if !spec.segmentation().is_free() {
        return Err(PlanError::OnlyUpstream);
    }
    let axes = axes(spec);
    let reach = Reach::new(spec, Style::Better);
    let beds = Beds::of(spec);
    let walled = walled(&axes, spec);
    let found = if spec.separate_padding() {
        strips::search(&walled, reach.most(), &beds, strips::least(spec))
    } else {
        search::search(&walled, reach.most(), &beds)
    };
    let Some(cuts) = found else {
        let longest = |axis: &Axis| {
            let pieces = (0..axis.cells.len()).map(|i| real_length(axis, reach.most(), i, i + 1));
            Length::from_tenths_um(pieces.max().unwrap_or(0))
        };
        let (x, y) = (longest(&walled.x), longest(&walled.y));
        return Err(PlanError::BedTooSmall { beds: classes(spec), x, y });
    };
    Ok(finished(spec, axes, cuts, reach, Style::Better))
}

fn finished(spec: &GridSpec, axes: PerAxis<Axis>, cuts: Cuts, reach: Reach, style: Style) -> Plan {
    let plates = plates(spec, &axes, &cuts, reach, style);
    let rim = spec.wall_thickness().map(Length::tenths_um);
    let keys_n = joints::keys(spec, &axes, &plates).len();
    Plan { style, beds: classes(spec), axes, rim, columns: cuts.columns, rows: cuts.rows, plates, keys_n }
}

/// The axes as the planners see them: a rim takes room like padding.
fn walled(axes: &PerAxis<Axis>, spec: &GridSpec) -> PerAxis<Axis> {
    let wall = spec.wall_thickness().map(Length::tenths_um);
    let with = |axis: &Axis, start: i64, end: i64| Axis {
        cells: axis.cells.clone(),
        start: axis.start + start,
        end: axis.end + end,
    };
    PerAxis { x: with(&axes.x, wall.west, wall.east), y: with(&axes.y, wall.south, wall.north) }
}

/// The original's plan for `spec`, for comparison.
///
/// # Errors
/// `OtherGeometry` as in [`plan`]; `UpstreamFails` where the original aborts, loses a cell or makes an empty plate;
/// `BeyondOriginal` for features that it does not have.
pub fn plan_upstream(spec: &GridSpec) -> Result<Plan, PlanError> {
    check_version(spec)?;
    let fields = spec.beyond_original();
    if !fields.is_empty() {
        return Err(PlanError::BeyondOriginal { fields });
    }
    if spec.separate_padding() && spec.connectors().edge.is_some() {
        let reason = "puts pieces of the edge puzzle into strips of padding that do not hold them".to_owned();
        return Err(PlanError::UpstreamFails { reason });
    }
    let axes = axes(spec);
    if let Some(magnets) = spec.magnets().filter(|magnets| magnets.frame == MagnetFrame::Round) {
        let frame = Length::from_tenths_um(i64::from(from_mm(frame_mm(magnets))));
        let mut cells = axes.x.cells.iter().chain(&axes.y.cells);
        if cells.any(|&cell| cell < frame.tenths_um()) {
            return Err(PlanError::UpstreamFrames { frame });
        }
    }
    let corner = spec.connectors().intersection.map_or(0, |_| UPSTREAM_MARGIN);
    let margin = corner.max(spec.connectors().edge.map_or(0, |puzzle| edge::reach(&puzzle)));
    let usable = [spec.bed_size().x.tenths_um() - margin, spec.bed_size().y.tenths_um() - margin];
    let fails = |reason: String| PlanError::UpstreamFails { reason };
    let walled = walled(&axes, spec);
    let (x, y, raw_x) = if spec.separate_padding() {
        (strips::core(&walled.x), strips::core(&walled.y), walled.x.clone())
    } else {
        (walled.x.clone(), walled.y.clone(), walled.x.clone())
    };
    let x = if spec.segmentation().x_incremental { &raw_x } else { &x };
    let found = upstream::plan(x, &y, usable, spec.segmentation())
        .ok_or_else(|| fails("aborts on an assertion".to_owned()))?;
    let [even, odd] = &found.rows;
    for (axis, counts) in [(&axes.x, &found.columns), (&axes.y, even), (&axes.y, odd)] {
        if let Some(reason) = upstream::faults(axis, counts) {
            return Err(fails(reason));
        }
    }
    let cuts = if spec.separate_padding() {
        strips::of_upstream(&walled, &found)
    } else {
        let rows = |i: usize| if i.is_multiple_of(2) { even.clone() } else { odd.clone() };
        Cuts { rows: (0..found.columns.len()).map(rows).collect(), columns: found.columns.clone() }
    };
    let reach = Reach::new(spec, Style::UpstreamExact);
    let mut plan = finished(spec, axes, cuts, reach, Style::UpstreamExact);
    if spec.connectors().intersection.is_some() {
        let axes = plan.axes.clone();
        let ended = |plate| with_seam_ends(plate, &axes, reach.corner());
        plan.plates = plan.plates.into_iter().map(ended).collect();
    }
    Ok(plan)
}

fn check_version(spec: &GridSpec) -> Result<(), PlanError> {
    if spec.geometry_version() == GEOMETRY_VERSION {
        Ok(())
    } else {
        Err(PlanError::OtherGeometry { wanted: spec.geometry_version(), made: GEOMETRY_VERSION })
    }
}

/// The plates of a cut grid. In the original's plan a plate may be larger than the bed; then it is not turned. Plates
/// of which nothing is left are left out.
fn plates(spec: &GridSpec, axes: &PerAxis<Axis>, cuts: &Cuts, reach: Reach, style: Style) -> Vec<Plate> {
    let (beds, names) = (Beds::of(spec), classes(spec));
    let mut plates = Vec::new();
    let (mut first_x, mut number) = (0, 0);
    let rows_max = [0, 1].map(|odd| cuts.rows.iter().skip(odd).step_by(2).map(Vec::len).max().unwrap_or(0));
    for (column, (&cells_x, counts)) in cuts.columns.iter().zip(&cuts.rows).enumerate() {
        let mut first_y = 0;
        for (row, &cells_y) in counts.iter().enumerate() {
            let neighbours = Sides {
                north: row + 1 < counts.len(),
                east: column + 1 < cuts.columns.len(),
                south: row > 0,
                west: column > 0,
            };
            let (first_cell, cells) = ([first_x, first_y], [cells_x, cells_y]);
            first_y += cells_y;
            if is_empty(spec, axes, first_cell, cells) {
                continue;
            }
            let size = size::size(spec, axes, reach, Piece { first_cell, cells, neighbours }, style);
            let found = beds.place(size.x.tenths_um(), size.y.tenths_um());
            let (bed, rotated) = found.filter(|_| style == Style::Better).unwrap_or((0, false));
            plates.push(Plate {
                slot: Slot::new(column, row),
                column,
                row,
                first_cell,
                cells,
                size: if rotated { PerAxis { x: size.y, y: size.x } } else { size },
                bed: names.get(bed).cloned().unwrap_or_else(|| spec.bed_class()),
                rotated,
                neighbours,
                number: number + row + 1,
            });
        }
        // The original counts with the longer of its row plans.
        let [even, odd] = rows_max;
        number += if column.is_multiple_of(2) { even } else { odd };
        first_x += cells_x;
    }
    plates
}

/// Whether all of a plate's cells are left out and it has no padding either.
fn is_empty(
    spec: &GridSpec,
    axes: &PerAxis<Axis>,
    first: [usize; 2],
    [cells_x, cells_y]: [usize; 2],
) -> bool {
    let columns = axes.x.cells.len();
    let rows = first[1]..first[1] + cells_y;
    let mut cells = rows.flat_map(|y| (first[0]..first[0] + cells_x).map(move |x| y * columns + x));
    let is_at_an_end = (first[0] == 0 && axes.x.start > 0)
        || (first[1] == 0 && axes.y.start > 0)
        || (first[0] + cells_x == columns && axes.x.end > 0)
        || (first[1] + cells_y == axes.y.cells.len() && axes.y.end > 0);
    cells_x > 0
        && cells_y > 0
        && !is_at_an_end
        && cells.all(|index| spec.cell_kind(index) == protocol::grid::CellKind::Empty)
}

/// The original's connectors reach past the ends of a seam where there is no padding (corrections to the facts:
/// measured 0.3 mm at padding 0, and more with negative padding); its plates are not turned.
fn with_seam_ends(mut plate: Plate, axes: &PerAxis<Axis>, overhang: Overhang) -> Plate {
    let sides = plate.neighbours;
    let piece = Piece { first_cell: plate.first_cell, cells: plate.cells, neighbours: sides };
    let connected = corners_connected(axes, piece, Style::UpstreamExact);
    let past = |padding: i64| (connector::SEAM_END - padding).max(0);
    let mut x = plate.size.x.tenths_um();
    let mut y = plate.size.y.tenths_um();
    // Only tabs reach past a seam's end; lips end at it. Tabs are on northern and eastern seams.
    if connected.north {
        x += if sides.west { 0 } else { past(axes.x.start) };
        x += if sides.east { 0 } else { past(axes.x.end) };
    }
    if connected.east {
        let reach = |connected: bool, reach: i64| past(if connected { reach } else { 0 });
        y += if sides.south { reach(connected.south, overhang.start) } else { past(axes.y.start) };
        y += if sides.north { reach(connected.north, overhang.end) } else { past(axes.y.end) };
    }
    plate.size = PerAxis { x: Length::from_tenths_um(x), y: Length::from_tenths_um(y) };
    plate
}
