//! Raw parameters ↔ checked specification. The only place that knows the limits of each parameter.

use super::{
    Connector, EdgeAdjust, Filler, GridParams, GridSpec, Length, Magnets, Numbering, PITCH, PerAxis,
    Segmentation, Share, SpecFault, SpecFaults,
};
use serde_json::Value;

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
/// 1/5 of 42 mm is 8.4 mm; 1/6 is 7 mm and less than [`CELL_MM_MIN`].
const FRACTION_PARTS_MAX: i64 = 5;
/// Most cells per side: 2,000 mm in fifths of 42 mm, rounded up.
const CELLS_MAX: i64 = 250;

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
        Value::Array(list) => format!("a list of {} numbers is wanted, such as {default}", list.len()),
        Value::Null | Value::Object(_) => error.to_string(),
    };
    SpecFault::new(name, value, wanted)
}

/// All checks; every fault is reported.
pub(super) fn check(params: &GridParams, geometry_version: u32) -> Result<GridSpec, SpecFaults> {
    let mut read = Reader { faults: Vec::new() };
    read.refuse_unavailable(params);
    let with_defaults = filled(params);
    let spec = read.spec(&with_defaults, geometry_version);
    read.cells(&spec);
    SpecFaults::none_of(read.faults)?;
    Ok(spec)
}

/// `params` with the default for each missing value.
fn filled(params: &GridParams) -> Filled<'_> {
    Filled { given: params, default: GridParams::upstream_defaults() }
}

struct Filled<'a> {
    given: &'a GridParams,
    default: GridParams,
}

impl Filled<'_> {
    /// The given value or the default. The last resort is never used: every parameter has a default (tested).
    fn get<T: Clone + Default>(&self, field: impl Fn(&GridParams) -> &Option<T>) -> T {
        field(self.given).clone().or_else(|| field(&self.default).clone()).unwrap_or_default()
    }
}

struct Reader {
    faults: Vec<SpecFault>,
}

impl Reader {
    fn refuse_unavailable(&mut self, params: &GridParams) {
        let defaults = GridParams::upstream_defaults().by_name();
        for (name, value) in params.by_name() {
            let is_default = defaults.get(&name) == Some(&value);
            let is_available = GridParams::AVAILABLE.iter().any(|(available, _)| *available == name);
            if !is_default && !is_available {
                let default = defaults.get(&name).map(ToString::to_string).unwrap_or_default();
                self.faults.push(SpecFault::new(
                    &name,
                    &value,
                    format!("this feature is not available yet: leave it out or at {default}"),
                ));
            }
        }
    }

    /// A length from `min` to `max` mm; the smallest one stands in for a faulty value.
    fn length(&mut self, field: &str, mm: f64, min: f64, max: f64) -> Length {
        let good = Length::from_mm(mm).filter(|_| (min..=max).contains(&mm));
        good.unwrap_or_else(|| {
            let wanted = format!("a length from {min} to {max} mm with at most 4 decimals is wanted");
            self.faults.push(SpecFault::new(field, mm, wanted));
            Length::from_mm(min).unwrap_or_default()
        })
    }

    fn lengths(&mut self, field: &str, mm: [f64; 2], min: f64, max: f64) -> PerAxis<Length> {
        let [x, y] = mm;
        PerAxis {
            x: self.length(&format!("{field}[0]"), x, min, max),
            y: self.length(&format!("{field}[1]"), y, min, max),
        }
    }

    fn whole(&mut self, field: &str, value: i64, min: i64, max: i64) -> i64 {
        if !(min..=max).contains(&value) {
            self.faults.push(SpecFault::new(
                field,
                value,
                format!("a whole number from {min} to {max} is wanted"),
            ));
        }
        value.clamp(min, max)
    }

    fn share(&mut self, field: &str, value: f64) -> Share {
        Share::from_number(value).unwrap_or_else(|| {
            let wanted = "a number from 0 to 1 with at most 4 decimals is wanted";
            self.faults.push(SpecFault::new(field, value, wanted));
            Share::HALF
        })
    }

    fn spec(&mut self, p: &Filled<'_>, geometry_version: u32) -> GridSpec {
        let [align_x, align_y] = p.get(|p| &p.alignment);
        let [north, east, south, west] = p.get(|p| &p.edge_adjust);
        let [y_even, y_odd] = p.get(|p| &p.y_row_count_first);
        let mut edge = |side: &str, mm| self.length(&format!("edge_adjust ({side})"), mm, -40.0, 200.0);
        let edge_adjust = EdgeAdjust {
            north: edge("north", north),
            east: edge("east", east),
            south: edge("south", south),
            west: edge("west", west),
        };
        GridSpec {
            geometry_version,
            plate_size: self.lengths("plate_size", p.get(|p| &p.plate_size), PLATE_MM_MIN, PLATE_MM_MAX),
            bed_size: self.lengths("bed_size", p.get(|p| &p.bed_size), BED_MM_MIN, BED_MM_MAX),
            filler: self.filler(p),
            alignment: PerAxis {
                x: self.share("alignment[0]", align_x),
                y: self.share("alignment[1]", align_y),
            },
            edge_adjust,
            corner_radius: self.length("plate_corner_radius", p.get(|p| &p.plate_corner_radius), 0.0, 20.0),
            segmentation: Segmentation {
                x_incremental: self.whole("x_segment_algorithm", p.get(|p| &p.x_segment_algorithm), 0, 1)
                    == 1,
                x_first: self.whole("x_column_count_first", p.get(|p| &p.x_column_count_first), 0, CELLS_MAX),
                y_first: [
                    self.whole("y_row_count_first[0]", y_even, 0, CELLS_MAX),
                    self.whole("y_row_count_first[1]", y_odd, 0, CELLS_MAX),
                ],
            },
            connector: self.connector(p),
            magnets: self.magnets(p),
            numbering: self.numbering(p),
        }
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
            1 => Filler::Fraction {
                parts: self.whole(&format!("filler_fraction[{index}]"), parts, 1, FRACTION_PARTS_MAX),
            },
            2 => Filler::Dynamic {
                minimum: self.length(
                    &format!("filler_minimum_size[{index}]"),
                    minimum,
                    CELL_MM_MIN + 0.1,
                    42.0,
                ),
            },
            other => {
                self.faults.push(SpecFault::new(
                    field,
                    other,
                    "0 (padding), 1 (fractions) or 2 (one cell) is wanted",
                ));
                Filler::Padding
            }
        }
    }

    fn connector(&mut self, p: &Filled<'_>) -> Connector {
        if p.get(|p| &p.connector_intersection_puzzle) {
            let fit = self.share("intersection_puzzle_fit", p.get(|p| &p.intersection_puzzle_fit));
            Connector::IntersectionPuzzle { fit }
        } else {
            Connector::None
        }
    }

    fn magnets(&mut self, p: &Filled<'_>) -> Option<Magnets> {
        if !p.get(|p| &p.magnets) {
            return None;
        }
        let diameter_mm = p.get(|p| &p.magnet_diameter);
        let diameter = self.length("magnet_diameter", diameter_mm, 3.0, 10.0);
        let release_mm = p.get(|p| &p.magnet_release_width);
        // Narrower than the magnet, or it falls through.
        let release_max = (diameter.mm() - 0.5).max(1.0);
        let release_width =
            (release_mm != 0.0).then(|| self.length("magnet_release_width", release_mm, 1.0, release_max));
        Some(Magnets {
            diameter,
            height: self.length("magnet_height", p.get(|p| &p.magnet_height), 0.5, 5.0),
            top: self.length("magnet_top", p.get(|p| &p.magnet_top), 0.2, 3.0),
            bottom: self.length("magnet_bottom", p.get(|p| &p.magnet_bottom), 0.2, 3.0),
            border: self.length("magnet_border", p.get(|p| &p.magnet_border), 0.8, 4.0),
            release_width,
        })
    }

    fn numbering(&mut self, p: &Filled<'_>) -> Option<Numbering> {
        p.get(|p| &p.numbering).then(|| Numbering {
            depth: self.length("number_depth", p.get(|p| &p.number_depth), 0.1, 0.6),
            size: self.length("number_size", p.get(|p| &p.number_size), 2.0, 4.0),
            squeeze_size: self.length("number_squeeze_size", p.get(|p| &p.number_squeeze_size), 1.0, 2.5),
        })
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
                self.faults.push(SpecFault::new(&format!("plate_size[{index}]"), size, wanted));
                continue;
            }
            for (end, side) in ends.into_iter().zip(sides) {
                let least = Length::from_tenths_um(
                    Length::from_mm(CELL_LEFT_MM_MIN).unwrap_or_default().tenths_um() - smallest.tenths_um(),
                );
                if end < least {
                    let wanted = format!("at least {least} mm are wanted, or the outermost cell is cut away");
                    self.faults.push(SpecFault::new(&format!("edge_adjust ({side})"), end, wanted));
                }
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

/// The parameters that give `spec` again: those that differ from the defaults, and both sizes.
pub(super) fn to_params(spec: &GridSpec) -> GridParams {
    let mut params = GridParams {
        plate_size: Some([spec.plate_size.x.mm(), spec.plate_size.y.mm()]),
        bed_size: Some([spec.bed_size.x.mm(), spec.bed_size.y.mm()]),
        alignment: Some([spec.alignment.x.number(), spec.alignment.y.number()]),
        edge_adjust: Some([
            spec.edge_adjust.north.mm(),
            spec.edge_adjust.east.mm(),
            spec.edge_adjust.south.mm(),
            spec.edge_adjust.west.mm(),
        ]),
        plate_corner_radius: Some(spec.corner_radius.mm()),
        x_segment_algorithm: Some(i64::from(spec.segmentation.x_incremental)),
        x_column_count_first: Some(spec.segmentation.x_first),
        y_row_count_first: Some(spec.segmentation.y_first),
        numbering: Some(spec.numbering.is_some()),
        number_depth: spec.numbering.map(|n| n.depth.mm()),
        number_size: spec.numbering.map(|n| n.size.mm()),
        number_squeeze_size: spec.numbering.map(|n| n.squeeze_size.mm()),
        magnets: Some(spec.magnets.is_some()),
        magnet_diameter: spec.magnets.map(|m| m.diameter.mm()),
        magnet_height: spec.magnets.map(|m| m.height.mm()),
        magnet_top: spec.magnets.map(|m| m.top.mm()),
        magnet_bottom: spec.magnets.map(|m| m.bottom.mm()),
        magnet_border: spec.magnets.map(|m| m.border.mm()),
        magnet_release_width: spec.magnets.map(|m| m.release_width.map_or(0.0, Length::mm)),
        ..filler_params(spec.filler)
    };
    match spec.connector {
        Connector::None => params.connector_intersection_puzzle = Some(false),
        Connector::IntersectionPuzzle { fit } => params.intersection_puzzle_fit = Some(fit.number()),
    }
    without_defaults(&params)
}

fn filler_params(filler: PerAxis<Filler>) -> GridParams {
    let mut params = GridParams::upstream_defaults();
    let mut fraction = params.filler_fraction.unwrap_or_default();
    let mut minimum_size = params.filler_minimum_size.unwrap_or_default();
    let mut mode = [0; 2];
    let axes = mode.iter_mut().zip(&mut fraction).zip(&mut minimum_size).zip([filler.x, filler.y]);
    for (((mode, fraction), minimum_size), filler) in axes {
        match filler {
            Filler::Padding => *mode = 0,
            Filler::Fraction { parts } => (*mode, *fraction) = (1, parts),
            Filler::Dynamic { minimum } => (*mode, *minimum_size) = (2, minimum.mm()),
        }
    }
    let [x, y] = mode;
    params = GridParams { filler_x: Some(x), filler_y: Some(y), ..GridParams::default() };
    GridParams { filler_fraction: Some(fraction), filler_minimum_size: Some(minimum_size), ..params }
}

/// `params` without those that have their default value; both sizes stay.
fn without_defaults(params: &GridParams) -> GridParams {
    let defaults = GridParams::upstream_defaults().by_name();
    let mut kept = params.by_name();
    kept.retain(|name, value| {
        name == "plate_size" || name == "bed_size" || defaults.get(name) != Some(value)
    });
    // Reading back what was written from the same type cannot fail (tested over all parameters).
    serde_json::from_value(Value::Object(kept)).unwrap_or_else(|_| params.clone())
}
