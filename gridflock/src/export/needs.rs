//! What a grid takes besides its plates: counted from the very features that make the holes.

use crate::feature::{Detail, Site, boss, horizontal, thumbscrew, vertical, weight};
use crate::plan::{Plan, Plate};
use crate::shape::magnet::{MagnetShapes, add_cell};
use crate::shape::pocket::Cell;
use crate::shape::{Point, coordinate};
use protocol::grid::{CellKind, GridSpec, Length, ScrewHole};
use std::collections::BTreeSet;

/// Density of PLA, and the cross-section of 1.75 mm filament.
const GRAMS_PER_MM3: f64 = 0.001_24;
const FILAMENT_MM2: f64 = 2.405_3;

/// What a grid takes, counted from its finished plates.
#[derive(Debug, Clone, PartialEq)]
pub struct Needs {
    /// Magnets, screws, keys and weights, by kind; only what the grid has.
    pub parts: Vec<Part>,
    /// All plates printed solid, of PLA.
    pub weight_g: f64,
    /// Filament of 1.75 mm for that.
    pub filament_m: f64,
    /// All plates packed as one pile: length, width and height.
    pub packed_mm: [f64; 3],
}

/// Parts of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is: `magnet`, `screw through a plate`, `screw through the rim`, `mounting screw`, `thumbscrew`, `key`,
    /// `weight`.
    pub kind: &'static str,
    /// How many.
    pub count: usize,
    /// The count and what to look for, as a line of a list.
    pub line: String,
}

/// What the plates of `plan` take, given the volume and height of each in the plan's order.
#[must_use]
pub fn needs(spec: &GridSpec, plan: &Plan, made: &[(f64, f64)]) -> Needs {
    let volume: f64 = made.iter().map(|(volume, _)| volume).sum();
    let height: f64 = made.iter().map(|(_, height)| height).sum();
    let longest = |plate: &Plate| plate.size.x.max(plate.size.y);
    let shortest = |plate: &Plate| plate.size.x.min(plate.size.y);
    let most = |side: fn(&Plate) -> Length| plan.plates.iter().map(side).max().unwrap_or_default().mm();
    Needs {
        parts: parts(spec, plan),
        weight_g: volume * GRAMS_PER_MM3,
        filament_m: volume / FILAMENT_MM2 / 1000.0,
        packed_mm: [most(longest), most(shortest), height],
    }
}

fn magnets(spec: &GridSpec, plan: &Plan) -> usize {
    let Some(magnets) = spec.magnets() else { return 0 };
    let (x, y) = (&plan.axes.x.cells, &plan.axes.y.cells);
    let mut count = 0;
    for (row, &deep) in y.iter().enumerate() {
        for (column, &wide) in x.iter().enumerate() {
            if spec.cell_kind(row * x.len() + column) == CellKind::Seat {
                let cell =
                    Cell { low: Point::new(0, 0), high: Point::new(coordinate(wide), coordinate(deep)) };
                let mut shapes = MagnetShapes::default();
                add_cell(&mut shapes, cell, magnets, None);
                count += shapes.slots.len();
            }
        }
    }
    count
}

/// Every kind of part that the grid has a place for.
fn parts(spec: &GridSpec, plan: &Plan) -> Vec<Part> {
    let sites: Vec<Site<'_>> =
        plan.plates.iter().map(|plate| Site::new(spec, plan, plate, Detail::Full)).collect();
    let total = |count: fn(&Site<'_>) -> usize| sites.iter().map(count).sum::<usize>();
    let mut all = Vec::new();
    let mut add = |kind: &'static str, count: usize, what: &dyn Fn() -> String| {
        if count > 0 {
            all.push(Part { kind, count, line: format!("{count} {}", what()) });
        }
    };
    if let Some(magnets) = spec.magnets() {
        let (diameter, height) = (magnets.diameter, magnets.height);
        add("magnet", self::magnets(spec, plan), &|| {
            format!("magnets for holes of {diameter} x {height} mm")
        });
    }
    if let Some(screws) = spec.vertical_screws() {
        // Plates on both sides of a seam have the same hole there.
        let places: BTreeSet<[i64; 2]> = sites.iter().flat_map(vertical::places).collect();
        let what = || format!("screws through the plates, for {}", hole(screws.hole));
        add("screw through a plate", places.len(), &what);
    }
    if let Some(screws) = spec.horizontal_screws() {
        let what = || format!("screws through the rim, for {}", hole(screws.hole));
        add("screw through the rim", total(horizontal::holes_n), &what);
    }
    if let Some(screws) = spec.mount_screws() {
        let (diameter, head) = (screws.diameter, screws.head);
        let what =
            || format!("screws to hold plates down, for holes of {diameter} mm, heads up to {head} mm");
        add("mounting screw", total(|site| boss::bosses(site).len()), &what);
    }
    if let Some(diameter) = spec.thumbscrew() {
        let count = total(|site| thumbscrew::centres(site).len());
        add("thumbscrew", count, &|| format!("thumbscrews for holes of {diameter} mm"));
    }
    add("key", plan.keys_n, &|| "loose keys, printed, for the places where sockets meet".to_owned());
    if let Some(pockets) = spec.weight_pockets() {
        let (size, depth) = (pockets.size, pockets.depth);
        let count = total(|site| weight::squares(site).len());
        add("weight", count, &|| format!("weights of up to {size} x {size} x {depth} mm"));
    }
    all
}

fn hole(hole: ScrewHole) -> String {
    let head = hole.countersink[0].max(hole.counterbore[0]);
    let diameter = hole.diameter;
    if head > diameter {
        format!("holes of {diameter} mm, heads up to {head} mm")
    } else {
        format!("holes of {diameter} mm")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::grid::GridParams;

    fn counted(json: &str) -> Vec<(&'static str, usize)> {
        let spec = GridSpec::check(&GridParams::from_json(json).unwrap()).unwrap();
        let plan = crate::plan(&spec).unwrap();
        let needs = needs(&spec, &plan, &vec![(1000.0, 5.0); plan.plates.len()]);
        needs.parts.iter().map(|part| (part.kind, part.count)).collect()
    }

    #[test]
    fn parts_are_counted_by_kind() {
        // 4 x 4 cells in four plates of 2 x 2.
        let grid = r#""plate_size":[168,168],"bed_size":[110,110]"#;
        let rows: &[(&str, &[(&str, usize)])] = &[
            ("", &[]),
            // The inner 9 of 25 crossings; those on seams belong to two plates and are one screw.
            (
                r#","vertical_screw_segment_edges":true,"vertical_screw_other":true"#,
                &[("screw through a plate", 9)],
            ),
            (r#","vertical_screw_plate_corners":true"#, &[("screw through a plate", 4)]),
            (
                r#","plate_wall_thickness":[3,3,0,0],"plate_wall_height":[6,0],"horizontal_screw_wall_north":true"#,
                &[("screw through the rim", 4)],
            ),
            (r#","solid_base":3,"thumbscrews":true,"cell_override":"cs""#, &[("thumbscrew", 15)]),
            (r#","solid_base":3,"mount_screws":true"#, &[("mounting screw", 16)]),
            (
                r#","magnets":true,"solid_base":5,"weight_pockets":true,"seam_style":2"#,
                // Three joints on each half of both seams, of which the crossing is one.
                &[("magnet", 64), ("key", 5), ("weight", 16)],
            ),
        ];
        for (more, expected) in rows {
            assert_eq!(counted(&format!("{{{grid}{more}}}")), *expected, "{more}");
        }
    }
}
