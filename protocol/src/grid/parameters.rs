//! Every parameter that can be used, with its limits and what it means. The checks and the schema both read this table.

use super::GridParams;

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Smallest and largest value; lists have the same limits for each of their values. `None` where the kind says
    /// it all.
    pub range: Option<[f64; 2]>,
    /// What it means.
    pub about: &'static str,
    /// Whether the original does not have it.
    pub is_beyond_original: bool,
}

const fn ranged(name: &'static str, min: f64, max: f64, about: &'static str) -> Parameter {
    Parameter { name, range: Some([min, max]), about, is_beyond_original: false }
}

const fn plain(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, range: None, about, is_beyond_original: false }
}

/// One that the original does not have.
const fn ours(parameter: Parameter) -> Parameter {
    Parameter { is_beyond_original: true, ..parameter }
}

impl GridParams {
    /// The parameters that can be used; all others must have their default.
    pub const AVAILABLE: &'static [Parameter] = &[
        ranged("plate_size", 10.0, 2000.0, "Outer size [x, y] before edge_adjust and rim."),
        ranged("bed_size", 30.0, 2000.0, "Printable area [x, y] of the printer."),
        ranged(
            "filler_x",
            0.0,
            2.0,
            "Leftover in x: 0 padding, 1 cells of 1/n, 2 one cell of exactly that size.",
        ),
        ranged("filler_y", 0.0, 2.0, "Leftover in y, as filler_x."),
        ranged("filler_fraction", 1.0, 5.0, "n of filler 1, per axis."),
        ranged(
            "filler_minimum_size",
            8.1,
            42.0,
            "Smallest cell of filler 2, per axis; less is merged into the last cell.",
        ),
        ranged("alignment", 0.0, 1.0, "Share of the leftover padding that goes west and south."),
        ranged(
            "edge_adjust",
            -40.0,
            200.0,
            "Added to the padding [N, E, S, W] after the cells are placed; negative cuts cells.",
        ),
        ranged("plate_corner_radius", 0.0, 20.0, "Radius of the grid's outer corners."),
        ranged(
            "x_segment_algorithm",
            0.0,
            1.0,
            "Upstream's planner in x: 0 ideal, 1 incremental. Only for comparison with the original.",
        ),
        ranged(
            "x_column_count_first",
            0.0,
            250.0,
            "Upstream's planner: cells of the first column, 0 lets it choose.",
        ),
        ranged(
            "y_row_count_first",
            0.0,
            250.0,
            "Upstream's planner: cells of the first row in even and odd columns, 0 lets it choose.",
        ),
        plain("separate_edge_padding", "Padding becomes plates of its own, so that it can be replaced."),
        plain(
            "cell_override",
            "One letter per cell, west to east, then south to north: c seat, s solid, e empty; the rest are seats.",
        ),
        ranged("top_slice", 0.0, 3.0, "Taken off the top."),
        ranged("solid_base", 0.0, 20.0, "Floor below everything."),
        plain("connector_intersection_puzzle", "Puzzle tabs at the cell corners along seams."),
        ranged("intersection_puzzle_fit", 0.0, 1.0, "0 loose to 1 tight (hammer fit)."),
        plain("connector_edge_puzzle", "Puzzle pieces in the middle of cell sides along seams."),
        ranged("edge_puzzle_count", 1.0, 5.0, "Pieces per cell side."),
        ranged("edge_puzzle_dim", 1.0, 24.0, "Bar of a piece: width along the seam, height across it."),
        ranged("edge_puzzle_dim_c", 0.4, 12.0, "Bridge between plate and bar: width, length."),
        ranged("edge_puzzle_gap", 0.0, 0.5, "Clearance of the socket."),
        ranged("edge_puzzle_height_female", 0.8, 4.0, "Top of the socket above the bottom of the profile."),
        ranged("edge_puzzle_height_male_delta", 0.0, 2.0, "The piece is this much lower than the socket."),
        plain(
            "edge_puzzle_magnet_border",
            "Bar in the magnet level along south and west seams, for the sockets.",
        ),
        ranged("edge_puzzle_magnet_border_width", 0.0, 8.0, "That bar is this much wider than the piece."),
        plain("magnets", "Magnet holes in the corners of cells."),
        ranged(
            "magnet_style",
            0.0,
            2.0,
            "0 glued in from the top, 1 pressed in from the side, 2 glued in from below.",
        ),
        ranged(
            "magnet_frame_style",
            0.0,
            1.0,
            "0 a solid level (not with magnet_style 1), 1 round frames in the corners.",
        ),
        ranged("magnet_diameter", 3.0, 10.0, "Diameter of the hole."),
        ranged("magnet_height", 0.5, 5.0, "Height of the hole."),
        ranged("magnet_top", 0.2, 3.0, "Ceiling above the hole."),
        ranged("magnet_bottom", 0.2, 3.0, "Floor below the hole."),
        ranged("magnet_border", 0.8, 4.0, "Material around the hole."),
        ranged(
            "magnet_release_width",
            0.0,
            9.5,
            "Slot or hole to push the magnet out: 0 none, else 1 mm up to the diameter less 0.5 mm.",
        ),
        plain("click", "Latches that hold bins in cells of 42 mm."),
        ranged(
            "click_style",
            0.0,
            1.0,
            "0 arc (a bulge of the wall), 1 groove (a tab on a spring, for bins with a groove).",
        ),
        ranged("click1_distance", 0.2, 1.2, "Arc: how far it reaches into the bin's space."),
        ranged("click1_steepness", 0.1, 4.0, "Arc: steepness of its ends."),
        ranged("click1_outer_length", 6.0, 33.0, "Arc: length."),
        ranged("click1_inner_length", 0.0, 30.0, "Arc: straight part in its middle."),
        ranged("click1_height", 1.0, 4.0, "Arc: height."),
        ranged("click1_strength", 0.8, 2.0, "Arc: thickness."),
        ranged("click1_wall_strength", 0.4, 1.6, "Arc: wall behind it."),
        ranged("clickgroove_gap_length", 6.0, 33.0, "Groove: length of the slot behind the spring."),
        ranged("clickgroove_tab_length", 2.0, 30.0, "Groove: length of the tab."),
        ranged("clickgroove_strength", 0.8, 2.0, "Groove: thickness of the spring at its foot."),
        ranged("clickgroove_wall_strength", 0.4, 1.6, "Groove: wall behind the slot."),
        ranged("clickgroove_depth", 0.2, 0.9, "Groove: how far the tab reaches into the bin's space."),
        plain("numbering", "Engraves a number into the underside of each plate."),
        ranged("number_depth", 0.1, 0.6, "Depth of the number."),
        ranged("number_size", 2.0, 4.0, "Height of a digit."),
        ranged("number_squeeze_size", 1.0, 2.5, "Height of a digit on plates of one column."),
        ranged("bottom_chamfer", 0.0, 4.0, "45° chamfer below [N, E, S, W]."),
        ranged("top_chamfer", 0.0, 4.0, "45° chamfer above [N, E, S, W]."),
        ranged("plate_wall_thickness", 0.0, 20.0, "Rim outside of the grid [N, E, S, W], added to its size."),
        ranged("plate_wall_height", 0.0, 100.0, "Rim [above the top, below the bottom]."),
        ranged(
            "plate_wall_above",
            0.0,
            100.0,
            "More height of the rim at the corners [SW, NW, NE, SE], with slopes between them.",
        ),
        ranged("plate_wall_below", 0.0, 100.0, "More depth of the rim at the corners [SW, NW, NE, SE]."),
        ranged("vertical_screw_diameter", 1.0, 8.0, "Holes through the plate at the corners of cells."),
        ranged(
            "vertical_screw_countersink_top",
            0.0,
            20.0,
            "Their countersink [diameter, height], below the counterbore.",
        ),
        ranged(
            "vertical_screw_counterbore_top",
            0.0,
            20.0,
            "Their counterbore [diameter, height], from the top.",
        ),
        plain("vertical_screw_plate_corners", "Holes at the corners of the grid."),
        ranged("vertical_screw_plate_corners_inset", 0.0, 50.0, "So many cells from the corner."),
        plain("vertical_screw_plate_edges", "Holes along the edges of the grid."),
        plain("vertical_screw_segment_corners", "Holes at the corners of each plate."),
        ranged("vertical_screw_segment_corners_inset", 0.0, 50.0, "So many cells from the corner."),
        plain("vertical_screw_segment_edges", "Holes along the edges of each plate."),
        plain("vertical_screw_other", "Holes at all other corners of cells."),
        plain("horizontal_screw_wall_north", "Holes through the northern rim, one per cell."),
        plain("horizontal_screw_wall_east", "Holes through the eastern rim."),
        plain("horizontal_screw_wall_south", "Holes through the southern rim."),
        plain("horizontal_screw_wall_west", "Holes through the western rim."),
        ranged("horizontal_screw_diameter", 1.0, 8.0, "Diameter of those."),
        ranged(
            "horizontal_screw_countersink",
            0.0,
            20.0,
            "Their countersink [diameter, height]; the head is inside.",
        ),
        ranged("horizontal_screw_counterbore", 0.0, 20.0, "Their counterbore [diameter, height]."),
        ranged("horizontal_screw_offset", -50.0, 50.0, "They are moved [along the side, up]."),
        plain("thumbscrews", "Holes for thumbscrews in the middle of cells of 42 mm."),
        ranged("thumbscrew_diameter", 5.0, 25.0, "Diameter of those at their top."),
        plain("stacked_print", "All plates in one stack."),
        ranged("stacked_print_layer_height", 0.05, 1.0, "Layer height of the printer."),
        ranged("stacked_print_min_gap", 0.0, 20.0, "Smallest gap between plates in layers."),
        ranged("stacked_print_duplicates", 1.0, 20.0, "Copies of each plate in the stack."),
        ranged(
            "stacked_print_flip_first",
            0.0,
            2.0,
            "Turns the lowest plate over: 0 not, 1 about y, 2 about x.",
        ),
        ranged("stacked_print_flip", 0.0, 2.0, "Turns the others over, as stacked_print_flip_first."),
        ranged(
            "stacked_print_slice",
            0.0,
            2.0,
            "Taken off the top of stacked plates, so that they come apart.",
        ),
        ours(ranged(
            "more_beds",
            30.0,
            2000.0,
            "Up to four more printable areas [x, y]: a plate is for the first bed that it fits, bed_size before these.",
        )),
        ours(ranged(
            "seam_style",
            0.0,
            2.0,
            "Intersection puzzle: 0 tabs north and east, 1 tabs and sockets take turns, 2 sockets only and loose keys.",
        )),
        ours(ranged(
            "magnet_rib_count",
            0.0,
            12.0,
            "Ribs in holes from above or below, which hold a magnet without glue: 0 none, else 3 or more.",
        )),
        ours(ranged("magnet_rib_depth", 0.1, 0.5, "How far those reach into the hole.")),
        ours(plain(
            "mount_screws",
            "Countersunk holes in bosses below the bins, in the corner cells of each plate, to screw it down.",
        )),
        ours(ranged("mount_screw_diameter", 2.0, 6.0, "Diameter of those holes.")),
        ours(ranged("mount_screw_head", 3.0, 10.0, "Diameter of their countersinks, 45° deep.")),
        ours(plain("weight_pockets", "Square pockets for weights in the underside of cells of 42 mm.")),
        ours(ranged("weight_pocket_size", 5.0, 26.0, "Side of those pockets.")),
        ours(ranged("weight_pocket_depth", 0.5, 19.0, "Depth of those pockets.")),
        ours(ranged(
            "seat_relief",
            0.0,
            1.0,
            "Floors lie this much lower, so that bins rest on the slopes of their seat; 0.25 is usual.",
        )),
    ];

    /// Smallest and largest value of a parameter, which must be one with limits.
    pub(super) fn range(name: &str) -> [f64; 2] {
        let base = name.split(['[', ' ']).next().unwrap_or(name);
        let found = Self::AVAILABLE.iter().find(|parameter| parameter.name == base);
        found.and_then(|parameter| parameter.range).unwrap_or([0.0, 0.0])
    }
}
