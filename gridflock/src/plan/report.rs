//! `plan.json`: the plan as other programs and people's scripts read it.

use super::{Plan, Sides};
use protocol::grid::PITCH;
use serde::Serialize;

/// The whole plan. Lengths in mm; cell sizes in units of 42 mm, from the west and from the south.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanReport {
    /// Outer size of the assembled grid.
    pub outer_mm: [f64; 2],
    /// Padding per side, edge adjustment included.
    pub padding_mm: Padding,
    /// Cell sizes from west to east.
    pub cells_x: Vec<f64>,
    /// Cell sizes from south to north.
    pub cells_y: Vec<f64>,
    /// Cells per column.
    pub columns: Vec<usize>,
    /// Cells per row, by column; a list shorter than the columns repeats.
    pub rows: Vec<Vec<usize>>,
    /// All plates.
    pub plates: Vec<PlateReport>,
    /// Parts that are not plates; only there if there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartReport>,
}

/// Parts of one kind; the last four are only known after they were generated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartReport {
    /// What it is: `key`.
    pub name: &'static str,
    /// How many the grid needs.
    pub count: usize,
    /// Volume of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_mm3: Option<f64>,
    /// Triangles of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triangles: Option<usize>,
    /// SHA-256 of the files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sha256: Vec<String>,
    /// Names of the files, which have all copies; one per bed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// Padding of the four sides, mm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Padding {
    north: f64,
    east: f64,
    south: f64,
    west: f64,
}

/// One plate; the last four are only known after it was generated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlateReport {
    /// Its name.
    pub slot: String,
    /// Column from the west, from 0.
    pub column: usize,
    /// Row from the south, from 0.
    pub row: usize,
    /// South-west cell.
    pub first_cell: [usize; 2],
    /// Cells in x and y.
    pub cells: [usize; 2],
    /// Real outer size on the bed, with everything that sticks out.
    pub size_mm: [f64; 2],
    /// Bed class it was cut for.
    pub bed: String,
    /// Whether it lies turned by 90° counter-clockwise in its file.
    pub rotated: bool,
    /// Volume of the mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_mm3: Option<f64>,
    /// Triangles of the mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triangles: Option<usize>,
    /// SHA-256 of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Name of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl PartReport {
    fn of(name: &'static str, count: usize) -> Self {
        Self { name, count, volume_mm3: None, triangles: None, sha256: Vec::new(), files: Vec::new() }
    }
}

impl Plan {
    /// The plan for `plan.json`.
    #[must_use]
    pub fn report(&self) -> PlanReport {
        let mm = |tenths: i64| protocol::grid::Length::from_tenths_um(tenths).mm();
        let padding = Sides {
            north: mm(self.axes.y.end),
            east: mm(self.axes.x.end),
            south: mm(self.axes.y.start),
            west: mm(self.axes.x.start),
        };
        let units = |cells: &[i64]| cells.iter().map(|&cell| mm(cell) / PITCH.mm()).collect();
        PlanReport {
            outer_mm: [self.outer().x.mm(), self.outer().y.mm()],
            padding_mm: Padding {
                north: padding.north,
                east: padding.east,
                south: padding.south,
                west: padding.west,
            },
            cells_x: units(&self.axes.x.cells),
            cells_y: units(&self.axes.y.cells),
            columns: self.columns.clone(),
            rows: shortest_period(&self.rows),
            plates: self
                .plates
                .iter()
                .map(|plate| PlateReport {
                    slot: plate.slot.to_string(),
                    column: plate.column,
                    row: plate.row,
                    first_cell: plate.first_cell,
                    cells: plate.cells,
                    size_mm: [plate.size.x.mm(), plate.size.y.mm()],
                    bed: plate.bed.to_string(),
                    rotated: plate.rotated,
                    volume_mm3: None,
                    triangles: None,
                    sha256: None,
                    file: None,
                })
                .collect(),
            parts: (self.keys_n > 0).then(|| PartReport::of("key", self.keys_n)).into_iter().collect(),
        }
    }
}

/// The shortest list that, repeated, gives `rows`.
fn shortest_period(rows: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let fits = |period: usize| rows.iter().zip(rows.iter().skip(period)).all(|(a, b)| a == b);
    let period = (1..=rows.len()).find(|&period| fits(period)).unwrap_or(0);
    rows.iter().take(period).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::shortest_period;

    #[test]
    fn equal_rows_are_written_once() {
        let (a, b) = (vec![5, 3], vec![3, 5]);
        assert_eq!(shortest_period(&[a.clone(), b.clone(), a.clone()]), [a.clone(), b.clone()]);
        assert_eq!(shortest_period(&[a.clone(), a.clone()]), std::slice::from_ref(&a));
        assert_eq!(shortest_period(&[a.clone(), a.clone(), b.clone()]), [a.clone(), a, b]);
    }
}
