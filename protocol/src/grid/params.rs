//! Grid parameters as they are sent: the original's names and units, every one optional.
//!
//! Nothing here is checked; [`GridSpec::check`](super::GridSpec::check) gives them a meaning. Names, defaults and
//! meanings are those of the open source generator whose parameter files people already have (see docs/credits.md).

use super::{SpecFaults, check};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most bytes of a parameter file: a full one has about 4 kB, a cell list of 48 × 48 cells is 2.3 kB.
const JSON_BYTES_MAX: usize = 64 * 1024;

/// Raw parameters; lengths in millimetres, 4-vectors in the order north, east, south, west.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GridParams {
    /// Outer size [x, y] before `edge_adjust`, 15 to 2000 mm a side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate_size: Option<[f64; 2]>,
    /// Printable area [x, y] of the printer, 30 to 2000 mm a side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bed_size: Option<[f64; 2]>,
    /// Leftover in x: 0 padding, 1 cells of 1/n, 2 one cell of exactly that size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_x: Option<i64>,
    /// Leftover in y, as `filler_x`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_y: Option<i64>,
    /// n of filler 1, per axis, 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_fraction: Option<[i64; 2]>,
    /// Smallest cell of filler 2, per axis, above 8 mm; less is merged into the last cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_minimum_size: Option<[f64; 2]>,
    /// Share of the leftover padding that goes west and south, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alignment: Option<[f64; 2]>,
    /// Added to the padding [N, E, S, W] after the cells are placed; negative cuts cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_adjust: Option<[f64; 4]>,
    /// Radius of the plate's outer corners, 0 to 20 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate_corner_radius: Option<f64>,
    /// Upstream's planner in x: 0 ideal, 1 incremental. Only for comparison with the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_segment_algorithm: Option<i64>,
    /// Upstream's planner: cells of the first column, 0 lets it choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_column_count_first: Option<i64>,
    /// Upstream's planner: cells of the first row in even and odd columns, 0 lets it choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y_row_count_first: Option<[i64; 2]>,
    /// Padding as plates of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separate_edge_padding: Option<bool>,
    /// One letter per cell, west to east, then south to north: c cell, s solid, e empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell_override: Option<String>,
    /// Taken off the top, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_slice: Option<f64>,
    /// Floor below everything, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solid_base: Option<f64>,
    /// Upstream's test pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_pattern: Option<i64>,
    /// Puzzle tabs at the cell corners along seams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_intersection_puzzle: Option<bool>,
    /// 0 loose to 1 tight (hammer fit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intersection_puzzle_fit: Option<f64>,
    /// Puzzle pieces in the middle of each cell side along seams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_edge_puzzle: Option<bool>,
    /// Pieces per cell side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_puzzle_count: Option<i64>,
    /// Bar of a piece [width, height], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_puzzle_dim: Option<[f64; 2]>,
    /// Bridge of a piece [width, height], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_puzzle_dim_c: Option<[f64; 2]>,
    /// Clearance of the socket, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_puzzle_gap: Option<f64>,
    /// Top of the socket, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_puzzle_height_female: Option<f64>,
    /// The piece is this much lower, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_puzzle_height_male_delta: Option<f64>,
    /// Bar in the magnet level along south and west seams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_puzzle_magnet_border: Option<bool>,
    /// Width of that bar beyond the piece, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_puzzle_magnet_border_width: Option<f64>,
    /// Magnet holes in the corners of cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnets: Option<bool>,
    /// 0 glued from the top, 1 pressed in from the side, 2 glued from below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_style: Option<i64>,
    /// 0 solid level, 1 round frames in the corners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_frame_style: Option<i64>,
    /// Diameter of the hole, 3 to 10 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_diameter: Option<f64>,
    /// Height of the hole, 0.5 to 5 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_height: Option<f64>,
    /// Ceiling above the hole, 0.2 to 3 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_top: Option<f64>,
    /// Floor below the hole, 0.2 to 3 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_bottom: Option<f64>,
    /// Material around the hole, 0.8 to 4 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_border: Option<f64>,
    /// Slot to push the magnet out: 0 none, else 1 mm up to the diameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_release_width: Option<f64>,
    /// Latches that hold bins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click: Option<bool>,
    /// 0 arc, 1 groove.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click_style: Option<i64>,
    /// Arc: how far it reaches into the bin's space, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click1_distance: Option<f64>,
    /// Arc: steepness of its ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click1_steepness: Option<f64>,
    /// Arc: length, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click1_outer_length: Option<f64>,
    /// Arc: straight part, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click1_inner_length: Option<f64>,
    /// Arc: height, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click1_height: Option<f64>,
    /// Arc: thickness, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click1_strength: Option<f64>,
    /// Arc: wall behind it, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click1_wall_strength: Option<f64>,
    /// Groove: length of the slot, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clickgroove_gap_length: Option<f64>,
    /// Groove: length of the tab, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clickgroove_tab_length: Option<f64>,
    /// Groove: thickness of the spring, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clickgroove_strength: Option<f64>,
    /// Groove: wall behind it, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clickgroove_wall_strength: Option<f64>,
    /// Groove: how far the tab reaches in, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clickgroove_depth: Option<f64>,
    /// Engraves a number into the underside of each plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbering: Option<bool>,
    /// Depth of the number, 0.1 to 0.6 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_depth: Option<f64>,
    /// Height of a digit, 2 to 4 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_size: Option<f64>,
    /// Height of a digit on plates of one column, 1 to 2.5 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_squeeze_size: Option<f64>,
    /// Font of the number; ours are drawn strokes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_font: Option<String>,
    /// Chamfer below [N, E, S, W], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bottom_chamfer: Option<[f64; 4]>,
    /// Chamfer above [N, E, S, W], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_chamfer: Option<[f64; 4]>,
    /// Rim outside the plate [N, E, S, W], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate_wall_thickness: Option<[f64; 4]>,
    /// Rim [above, below], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate_wall_height: Option<[f64; 2]>,
    /// Extra height at the corners [SW, NW, NE, SE], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate_wall_above: Option<[f64; 4]>,
    /// Extra depth at the corners [SW, NW, NE, SE], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate_wall_below: Option<[f64; 4]>,
    /// Screw holes through the plate, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_diameter: Option<f64>,
    /// Countersink [diameter, height], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_countersink_top: Option<[f64; 2]>,
    /// Counterbore [diameter, height], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_counterbore_top: Option<[f64; 2]>,
    /// Screws at the plate's corners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_plate_corners: Option<bool>,
    /// Cells from the corner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_plate_corners_inset: Option<[i64; 2]>,
    /// Screws along the plate's edges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_plate_edges: Option<bool>,
    /// Screws at the corners of each piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_segment_corners: Option<bool>,
    /// Cells from the corner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_segment_corners_inset: Option<[i64; 2]>,
    /// Screws along the edges of each piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_segment_edges: Option<bool>,
    /// Screws at all other intersections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_screw_other: Option<bool>,
    /// Screws through the northern rim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_screw_wall_north: Option<bool>,
    /// Screws through the eastern rim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_screw_wall_east: Option<bool>,
    /// Screws through the southern rim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_screw_wall_south: Option<bool>,
    /// Screws through the western rim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_screw_wall_west: Option<bool>,
    /// Diameter of those, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_screw_diameter: Option<f64>,
    /// Their countersink [diameter, height], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_screw_countersink: Option<[f64; 2]>,
    /// Their counterbore [diameter, height], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_screw_counterbore: Option<[f64; 2]>,
    /// Their offset [along, up], mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_screw_offset: Option<[f64; 2]>,
    /// Holes for thumbscrews in the middle of cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbscrews: Option<bool>,
    /// Diameter of those, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbscrew_diameter: Option<f64>,
    /// openGrid adapter on the northern rim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter_north: Option<bool>,
    /// openGrid adapter on the eastern rim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter_east: Option<bool>,
    /// openGrid adapter on the southern rim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter_south: Option<bool>,
    /// openGrid adapter on the western rim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter_west: Option<bool>,
    /// Kind of adapter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter_mode: Option<i64>,
    /// All pieces in one stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacked_print: Option<bool>,
    /// Layer height of the stack, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacked_print_layer_height: Option<f64>,
    /// Gap in layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacked_print_min_gap: Option<f64>,
    /// Copies in the stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacked_print_duplicates: Option<i64>,
    /// Whether the lowest piece is turned over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacked_print_flip_first: Option<i64>,
    /// How the others are turned over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacked_print_flip: Option<i64>,
    /// Taken off the top of stacked pieces, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacked_print_slice: Option<f64>,
    /// Not in the original: 0 as there, 1 tabs and sockets take turns, 2 sockets everywhere and loose keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seam_style: Option<i64>,
    /// Not in the original: ribs that hold a magnet without glue, 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_rib_count: Option<i64>,
    /// How far they reach into the hole, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub magnet_rib_depth: Option<f64>,
    /// Not in the original: countersunk holes below the bins, in bosses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_screws: Option<bool>,
    /// Diameter of those, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_screw_diameter: Option<f64>,
    /// Diameter of their heads, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_screw_head: Option<f64>,
    /// Not in the original: room for weights in the underside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_pockets: Option<bool>,
    /// Side of those, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_pocket_size: Option<f64>,
    /// Depth of those, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_pocket_depth: Option<f64>,
    /// Not in the original: printable areas [x, y] of other printers that plates may also be for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_beds: Option<Vec<[f64; 2]>>,
    /// Not in the original: floors lie this much lower below the bins, mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat_relief: Option<f64>,
}

impl GridParams {
    /// Reads a JSON object and reports every wrong name and every wrong kind of value at once.
    ///
    /// # Errors
    /// One fault per unknown name or per value of the wrong kind; one fault for a text that is no JSON object.
    pub fn from_json(text: &str) -> Result<Self, SpecFaults> {
        if text.len() > JSON_BYTES_MAX {
            let size = format!("{} bytes long", text.len());
            return Err(SpecFaults::one(
                "the file",
                size,
                format!("at most {JSON_BYTES_MAX} bytes are read"),
            ));
        }
        let object: Map<String, Value> = serde_json::from_str(text)
            .map_err(|e| SpecFaults::one("the file", "no JSON object of parameters", e.to_string()))?;
        let mut faults = Vec::new();
        for (name, value) in &object {
            let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
            if let Err(error) = serde_json::from_value::<Self>(alone) {
                faults.push(check::misread(name, value, &error));
            }
        }
        SpecFaults::none_of(faults)?;
        serde_json::from_value(Value::Object(object))
            .map_err(|e| SpecFaults::one("the file", "not readable", e.to_string()))
    }

    /// The set parameters by name, in the order of their names.
    pub(super) fn by_name(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(object)) => object,
            // A struct of numbers, texts and flags is always an object.
            Ok(_) | Err(_) => Map::new(),
        }
    }
}
