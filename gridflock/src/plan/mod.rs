//! From a specification to plates that fit the bed.
//!
//! Two planners give one kind of [`Plan`]: the better one (default) and the original's, for comparison only.
//! Plans are exact: a plate's size is the size of its mesh, with all that sticks out (asserted in tests).

mod axis;
mod report;
mod search;
mod slot;
mod upstream;

pub use axis::{Axis, axes};
pub use report::{PlanReport, PlateReport};
pub use slot::{NotASlot, Slot};
pub use upstream::{UpstreamPlan, plan as plan_of_upstream};

use crate::error::PlanError;
use crate::shape::connector;
use protocol::grid::{BedClass, Connector, GEOMETRY_VERSION, GridSpec, Length, PerAxis};
use search::{Overhang, real_length};

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
    /// Its cells in x and y.
    pub cells: [usize; 2],
    /// Its real outer size on the bed, with everything that sticks out, after turning.
    pub size: PerAxis<Length>,
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
    /// Class of beds it is for.
    pub bed: BedClass,
    /// Cells and padding of both axes.
    pub axes: PerAxis<Axis>,
    /// Cells per column from the west.
    pub columns: Vec<usize>,
    /// Cells per row from the south, of every column.
    pub rows: Vec<Vec<usize>>,
    /// All plates, column by column from the west, each from the south.
    pub plates: Vec<Plate>,
}

impl Plan {
    /// The plate of a slot.
    #[must_use]
    pub fn plate(&self, slot: Slot) -> Option<&Plate> {
        self.plates.iter().find(|plate| plate.slot == slot)
    }

    /// Outer size of the assembled grid.
    #[must_use]
    pub fn outer(&self) -> PerAxis<Length> {
        PerAxis {
            x: Length::from_tenths_um(self.axes.x.outer()),
            y: Length::from_tenths_um(self.axes.y.outer()),
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
    let overhang = overhang(spec);
    let bed = PerAxis { x: spec.bed_size().x.tenths_um(), y: spec.bed_size().y.tenths_um() };
    let Some(cuts) = search::search(&axes, overhang, bed) else {
        let longest = |axis: &Axis| {
            let pieces = (0..axis.cells.len()).map(|i| real_length(axis, overhang, i, i + 1));
            Length::from_tenths_um(pieces.max().unwrap_or(0))
        };
        let (x, y) = (longest(&axes.x), longest(&axes.y));
        return Err(PlanError::BedTooSmall { bed: spec.bed_class(), x, y });
    };
    let plates = plates(&axes, &cuts.columns, &cuts.rows, overhang, bed);
    let (columns, rows) = (cuts.columns, cuts.rows);
    Ok(Plan { style: Style::Better, bed: spec.bed_class(), axes, columns, rows, plates })
}

/// The original's plan for `spec`, for comparison.
///
/// # Errors
/// `OtherGeometry` as in [`plan`]; `UpstreamFails` where the original aborts, loses a cell or makes an empty plate.
pub fn plan_upstream(spec: &GridSpec) -> Result<Plan, PlanError> {
    check_version(spec)?;
    let axes = axes(spec);
    let margin = match spec.connector() {
        Connector::None => 0,
        Connector::IntersectionPuzzle { .. } => UPSTREAM_MARGIN,
    };
    let bed = PerAxis { x: spec.bed_size().x.tenths_um(), y: spec.bed_size().y.tenths_um() };
    let fails = |reason: String| PlanError::UpstreamFails { reason };
    let found = upstream::plan(&axes.x, &axes.y, [bed.x - margin, bed.y - margin], spec.segmentation())
        .ok_or_else(|| fails("aborts on an assertion".to_owned()))?;
    let [even, odd] = &found.rows;
    for (axis, counts) in [(&axes.x, &found.columns), (&axes.y, even), (&axes.y, odd)] {
        if let Some(reason) = upstream::faults(axis, counts) {
            return Err(fails(reason));
        }
    }
    let columns = found.columns;
    let rows: Vec<_> =
        (0..columns.len()).map(|i| if i % 2 == 0 { even.clone() } else { odd.clone() }).collect();
    let plates = plates(&axes, &columns, &rows, overhang(spec), bed);
    let plates = plates.into_iter().map(|plate| with_seam_ends(plate, &axes, spec)).collect();
    Ok(Plan { style: Style::UpstreamExact, bed: spec.bed_class(), axes, columns, rows, plates })
}

fn check_version(spec: &GridSpec) -> Result<(), PlanError> {
    if spec.geometry_version() == GEOMETRY_VERSION {
        Ok(())
    } else {
        Err(PlanError::OtherGeometry { wanted: spec.geometry_version(), made: GEOMETRY_VERSION })
    }
}

fn overhang(spec: &GridSpec) -> Overhang {
    match spec.connector() {
        Connector::None => Overhang { start: 0, end: 0 },
        Connector::IntersectionPuzzle { fit } => {
            Overhang { start: connector::female_reach(fit), end: connector::male_reach(fit) }
        }
    }
}

/// The plates of a cut grid. In the original's plan a plate may be larger than the bed; then it is not turned.
fn plates(
    axes: &PerAxis<Axis>,
    columns: &[usize],
    rows: &[Vec<usize>],
    overhang: Overhang,
    bed: PerAxis<i64>,
) -> Vec<Plate> {
    let mut plates = Vec::new();
    let mut first_x = 0;
    for (column, (&cells_x, counts)) in columns.iter().zip(rows).enumerate() {
        let mut first_y = 0;
        for (row, &cells_y) in counts.iter().enumerate() {
            let x = real_length(&axes.x, overhang, first_x, first_x + cells_x);
            let y = real_length(&axes.y, overhang, first_y, first_y + cells_y);
            let rotated = (x > bed.x || y > bed.y) && x <= bed.y && y <= bed.x;
            let (size_x, size_y) = if rotated { (y, x) } else { (x, y) };
            plates.push(Plate {
                slot: Slot::new(column, row),
                column,
                row,
                first_cell: [first_x, first_y],
                cells: [cells_x, cells_y],
                size: PerAxis { x: Length::from_tenths_um(size_x), y: Length::from_tenths_um(size_y) },
                rotated,
                neighbours: Sides {
                    north: first_y + cells_y < axes.y.cells.len(),
                    east: first_x + cells_x < axes.x.cells.len(),
                    south: first_y > 0,
                    west: first_x > 0,
                },
                number: plates.len() + 1,
            });
            first_y += cells_y;
        }
        first_x += cells_x;
    }
    plates
}

/// The original's connectors reach past the ends of a seam where there is no padding (corrections to the facts:
/// measured 0.3 mm at padding 0, and more with negative padding); its plates are not turned.
fn with_seam_ends(mut plate: Plate, axes: &PerAxis<Axis>, spec: &GridSpec) -> Plate {
    if plate.rotated {
        plate.size = PerAxis { x: plate.size.y, y: plate.size.x };
        plate.rotated = false;
    }
    if spec.connector() == Connector::None {
        return plate;
    }
    let sides = plate.neighbours;
    let past = |padding: i64| (connector::SEAM_END - padding).max(0);
    let mut x = plate.size.x.tenths_um();
    let mut y = plate.size.y.tenths_um();
    // Only tabs reach past a seam's end; lips end at it. Tabs are on northern and eastern seams.
    if sides.north {
        x += if sides.west { 0 } else { past(axes.x.start) };
        x += if sides.east { 0 } else { past(axes.x.end) };
    }
    if sides.east {
        y += if sides.south { past(overhang(spec).start) } else { past(axes.y.start) };
        y += if sides.north { 0 } else { past(axes.y.end) };
    }
    plate.size = PerAxis { x: Length::from_tenths_um(x), y: Length::from_tenths_um(y) };
    plate
}
