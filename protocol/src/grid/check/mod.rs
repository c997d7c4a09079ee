//! Raw parameters ↔ checked specification. With the table of parameters the only place that knows what is legal.

mod beyond;
mod features;
mod reader;
mod write;

use super::{Filler, GridParams, GridSpec, Length, PITCH, PerAxis, Segmentation, SpecFault, SpecFaults};
use reader::{Filled, Reader};
use serde_json::Value;
pub(super) use write::to_params;

/// Shortest side of a plate, mm: less cannot hold one cell.
pub const PLATE_MM_MIN: f64 = 10.0;
/// Longest side of a grid, mm.
pub const PLATE_MM_MAX: f64 = 2000.0;
/// Smallest side of a bed, mm.
pub const BED_MM_MIN: f64 = 30.0;
/// Largest side of a bed, mm.
pub const BED_MM_MAX: f64 = 2000.0;
/// A cell must be larger than this: its corners alone take 2 × 4 mm (gridfinity's baseplate profile).
pub const CELL_MM_MIN: f64 = 8.0;
/// What a negative edge adjustment must leave of the outermost cell, mm.
const CELL_LEFT_MM_MIN: f64 = 4.0;
/// Most letters of a list of cells.
const CELLS_MAX: usize = 10_000;
/// Widest cone of a thumbscrew below a cell of 42 mm, mm.
const THUMBSCREW_MM_MAX: f64 = 40.0;

/// A parameter that is unknown or of the wrong kind, in words.
pub(super) fn misread(name: &str, value: &Value, error: &serde_json::Error) -> SpecFault {
    let Some(default) = GridParams::upstream_defaults().by_name().remove(name) else {
        return SpecFault::new(name, "not a parameter", "see `gridflock schema` for all names");
    };
    let wanted = match &default {
        Value::Bool(_) => "true or false is wanted".to_owned(),
        Value::Number(n) if n.is_f64() => "a number is wanted".to_owned(),
        Value::Number(_) => "a whole number is wanted".to_owned(),
        Value::String(_) => "a text is wanted".to_owned(),
        Value::Array(list) if list.is_empty() => {
            "a list of pairs of numbers is wanted, such as [[180.0,180.0]]".to_owned()
        }
        Value::Array(list) => format!("a list of {} numbers is wanted, such as {default}", list.len()),
        Value::Null | Value::Object(_) => error.to_string(),
    };
    SpecFault::new(name, value, wanted)
}

/// All checks; every fault is reported.
pub(super) fn check(params: &GridParams, geometry_version: u32) -> Result<GridSpec, SpecFaults> {
    let mut read = Reader::default();
    read.refuse_unavailable(params);
    let with_defaults = Filled { given: params, default: GridParams::upstream_defaults() };
    let spec = read.spec(&with_defaults, geometry_version);
    read.cells(&spec);
    read.levels(&spec);
    read.floors(&spec);
    SpecFaults::none_of(read.faults)?;
    Ok(spec)
}

impl Reader {
    fn refuse_unavailable(&mut self, params: &GridParams) {
        let defaults = GridParams::upstream_defaults().by_name();
        for (name, value) in params.by_name() {
            let is_default = defaults.get(&name) == Some(&value);
            let is_available = GridParams::AVAILABLE.iter().any(|parameter| parameter.name == name);
            if !is_default && !is_available {
                let default = defaults.get(&name).map(ToString::to_string).unwrap_or_default();
                let wanted = format!("this program does not make that: leave it out or at {default}");
                self.fault(&name, &value, wanted);
            }
        }
    }

    fn spec(&mut self, p: &Filled<'_>, geometry_version: u32) -> GridSpec {
        let [align_x, align_y] = p.get(|p| &p.alignment);
        let [y_even, y_odd] = p.get(|p| &p.y_row_count_first);
        let [plate_x, plate_y] = self.pair("plate_size", p.get(|p| &p.plate_size));
        let [bed_x, bed_y] = self.pair("bed_size", p.get(|p| &p.bed_size));
        GridSpec {
            geometry_version,
            plate_size: PerAxis { x: plate_x, y: plate_y },
            bed_size: PerAxis { x: bed_x, y: bed_y },
            more_beds: self.more_beds(p, PerAxis { x: bed_x, y: bed_y }),
            filler: self.filler(p),
            alignment: PerAxis {
                x: self.share("alignment[0]", align_x),
                y: self.share("alignment[1]", align_y),
            },
            edge_adjust: self.sides("edge_adjust", p.get(|p| &p.edge_adjust)),
            corner_radius: self.length("plate_corner_radius", p.get(|p| &p.plate_corner_radius)),
            segmentation: Segmentation {
                x_incremental: self.whole("x_segment_algorithm", p.get(|p| &p.x_segment_algorithm)) == 1,
                x_first: self.whole("x_column_count_first", p.get(|p| &p.x_column_count_first)),
                y_first: [
                    self.whole("y_row_count_first[0]", y_even),
                    self.whole("y_row_count_first[1]", y_odd),
                ],
            },
            separate_padding: p.get(|p| &p.separate_edge_padding),
            cell_override: self.cell_override(p),
            top_slice: self.length("top_slice", p.get(|p| &p.top_slice)),
            solid_base: self.length("solid_base", p.get(|p| &p.solid_base)),
            connectors: self.connectors(p),
            magnets: self.magnets(p),
            click: self.click(p),
            numbering: self.numbering(p),
            bottom_chamfer: self.sides("bottom_chamfer", p.get(|p| &p.bottom_chamfer)),
            top_chamfer: self.sides("top_chamfer", p.get(|p| &p.top_chamfer)),
            wall: self.wall(p),
            vertical_screws: self.vertical_screws(p),
            horizontal_screws: self.horizontal_screws(p),
            thumbscrew: self.thumbscrew(p),
            stack: self.stack(p),
            mount_screws: self.mount_screws(p),
            weight_pockets: self.weight_pockets(p),
            seat_relief: self.seat_relief(p),
        }
    }

    fn cell_override(&mut self, p: &Filled<'_>) -> String {
        let cells = p.get(|p| &p.cell_override);
        if cells.len() > CELLS_MAX {
            let wanted = format!("at most {CELLS_MAX} letters are wanted, one per cell");
            self.fault("cell_override", format!("{} bytes long", cells.len()), wanted);
        } else if let Some(wrong) = cells.chars().find(|letter| !matches!(letter, 'c' | 's' | 'e')) {
            self.fault(
                "cell_override",
                wrong,
                "only the letters c (seat), s (solid) and e (empty) are wanted",
            );
        }
        // Seats at the end are what is there anyway.
        cells.trim_end_matches('c').to_owned()
    }

    fn filler(&mut self, p: &Filled<'_>) -> PerAxis<Filler> {
        let [parts_x, parts_y] = p.get(|p| &p.filler_fraction);
        let [minimum_x, minimum_y] = p.get(|p| &p.filler_minimum_size);
        PerAxis {
            x: self.filler_axis(["filler_x", "0"], p.get(|p| &p.filler_x), parts_x, minimum_x),
            y: self.filler_axis(["filler_y", "1"], p.get(|p| &p.filler_y), parts_y, minimum_y),
        }
    }

    fn filler_axis(&mut self, [field, index]: [&str; 2], mode: i64, parts: i64, minimum: f64) -> Filler {
        match mode {
            0 => Filler::Padding,
            1 => Filler::Fraction { parts: self.whole(&format!("filler_fraction[{index}]"), parts) },
            2 => Filler::Dynamic { minimum: self.length(&format!("filler_minimum_size[{index}]"), minimum) },
            other => {
                self.fault(field, other, "0 (padding), 1 (fractions) or 2 (one cell) is wanted");
                Filler::Padding
            }
        }
    }

    /// What concerns several parameters: at least one cell per axis, and none cut away.
    fn cells(&mut self, spec: &GridSpec) {
        let edge = spec.edge_adjust;
        let axes = [
            (0, spec.plate_size.x, spec.filler.x, [edge.west, edge.east], ["west", "east"]),
            (1, spec.plate_size.y, spec.filler.y, [edge.south, edge.north], ["south", "north"]),
        ];
        for (index, size, filler, ends, sides) in axes {
            let smallest = smallest_cell(size, filler);
            let shortest = shortest_plate(filler);
            if size < shortest {
                let wanted = format!("with this filler at least {shortest} mm are wanted, for one cell");
                self.fault(&format!("plate_size[{index}]"), size, wanted);
                continue;
            }
            for (end, side) in ends.into_iter().zip(sides) {
                let least = Length::from_tenths_um(
                    Length::from_mm(CELL_LEFT_MM_MIN).unwrap_or_default().tenths_um() - smallest.tenths_um(),
                );
                if end < least {
                    let wanted = format!("at least {least} mm are wanted, or the outermost cell is cut away");
                    self.fault(&format!("edge_adjust ({side})"), end, wanted);
                }
            }
        }
    }

    /// What concerns the levels of a plate: floors that stay whole.
    fn levels(&mut self, spec: &GridSpec) {
        let slice = spec.slice();
        let base = spec.solid_base;
        if base > Length::default() && base <= slice {
            let wanted = format!(
                "0 or more than {slice} mm is wanted, which is taken off the top (top_slice, stacked_print_slice)"
            );
            self.fault("solid_base", base, wanted);
        }
        if slice.mm() > 4.0 {
            self.fault(
                "top_slice",
                spec.top_slice,
                "with stacked_print_slice at most 4 mm together are wanted",
            );
        }
        let level = spec.magnets.map_or(0.0, |magnets| magnets.level().mm());
        if let Some(diameter) = spec.thumbscrew {
            let max = THUMBSCREW_MM_MAX - 2.0 * (base.mm() + level);
            if diameter.mm() > max {
                let wanted = format!("at most {max:.4} mm are wanted: it widens to the bottom of the plate");
                self.fault("thumbscrew_diameter", diameter, wanted);
            }
        }
    }
}

/// The smallest cell that may lie at an end of an axis.
fn smallest_cell(size: Length, filler: Filler) -> Length {
    match filler {
        Filler::Padding => PITCH,
        Filler::Fraction { parts } => Length::from_tenths_um(PITCH.tenths_um() / parts.max(1)),
        Filler::Dynamic { minimum } => minimum.min(size),
    }
}

/// The shortest plate that holds one cell.
fn shortest_plate(filler: Filler) -> Length {
    match filler {
        Filler::Padding => PITCH,
        Filler::Fraction { parts } => Length::from_tenths_um(PITCH.tenths_um() / parts.max(1)),
        Filler::Dynamic { minimum } => minimum,
    }
}
