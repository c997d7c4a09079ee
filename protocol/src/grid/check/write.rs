//! From a checked specification back to the parameters that give it again.

use crate::grid::{
    Click, Filler, Flip, GridParams, GridSpec, Length, MagnetFrame, MagnetStyle, PerAxis, PerSide, ScrewHole,
    SeamStyle,
};
use serde_json::Value;

/// The parameters that give `spec` again: those that differ from the defaults, and both sizes.
pub(in crate::grid) fn to_params(spec: &GridSpec) -> GridParams {
    let mut params = GridParams {
        plate_size: Some([spec.plate_size.x.mm(), spec.plate_size.y.mm()]),
        bed_size: Some([spec.bed_size.x.mm(), spec.bed_size.y.mm()]),
        alignment: Some([spec.alignment.x.number(), spec.alignment.y.number()]),
        edge_adjust: Some(sides(spec.edge_adjust)),
        plate_corner_radius: Some(spec.corner_radius.mm()),
        x_segment_algorithm: Some(i64::from(spec.segmentation.x_incremental)),
        x_column_count_first: Some(spec.segmentation.x_first),
        y_row_count_first: Some(spec.segmentation.y_first),
        separate_edge_padding: Some(spec.separate_padding),
        cell_override: Some(spec.cell_override.clone()),
        top_slice: Some(spec.top_slice.mm()),
        solid_base: Some(spec.solid_base.mm()),
        numbering: Some(spec.numbering.is_some()),
        number_depth: spec.numbering.map(|n| n.depth.mm()),
        number_size: spec.numbering.map(|n| n.size.mm()),
        number_squeeze_size: spec.numbering.map(|n| n.squeeze_size.mm()),
        bottom_chamfer: Some(sides(spec.bottom_chamfer)),
        top_chamfer: Some(sides(spec.top_chamfer)),
        ..filler(spec.filler)
    };
    connectors(spec, &mut params);
    magnets(spec, &mut params);
    click(spec, &mut params);
    walls(spec, &mut params);
    screws(spec, &mut params);
    stack(spec, &mut params);
    beyond(spec, &mut params);
    without_defaults(&params)
}

fn sides(lengths: PerSide<Length>) -> [f64; 4] {
    lengths.list().map(Length::mm)
}

fn filler(filler: PerAxis<Filler>) -> GridParams {
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

fn connectors(spec: &GridSpec, params: &mut GridParams) {
    params.connector_intersection_puzzle = Some(spec.connectors.intersection.is_some());
    params.intersection_puzzle_fit = spec.connectors.intersection.map(|fit| fit.number());
    let Some(puzzle) = spec.connectors.edge else { return };
    params.connector_edge_puzzle = Some(true);
    params.edge_puzzle_count = Some(puzzle.count);
    params.edge_puzzle_dim = Some(puzzle.bar.map(Length::mm));
    params.edge_puzzle_dim_c = Some(puzzle.bridge.map(Length::mm));
    params.edge_puzzle_gap = Some(puzzle.gap.mm());
    params.edge_puzzle_height_female = Some(puzzle.height.mm());
    params.edge_puzzle_height_male_delta = Some(puzzle.male_delta.mm());
    match puzzle.magnet_border {
        Some(width) => params.edge_puzzle_magnet_border_width = Some(width.mm()),
        None if spec.magnets.is_some_and(|magnets| magnets.frame == MagnetFrame::Round) => {
            params.edge_puzzle_magnet_border = Some(false);
        }
        None => {}
    }
}

fn magnets(spec: &GridSpec, params: &mut GridParams) {
    let Some(magnets) = spec.magnets else { return };
    params.magnets = Some(true);
    params.magnet_style = Some(match magnets.style {
        MagnetStyle::GlueTop => 0,
        MagnetStyle::PressFit => 1,
        MagnetStyle::GlueBottom => 2,
    });
    params.magnet_frame_style = Some(i64::from(magnets.frame == MagnetFrame::Round));
    params.magnet_diameter = Some(magnets.diameter.mm());
    params.magnet_height = Some(magnets.height.mm());
    params.magnet_top = (magnets.style != MagnetStyle::GlueTop).then(|| magnets.top.mm());
    params.magnet_bottom = (magnets.style != MagnetStyle::GlueBottom).then(|| magnets.bottom.mm());
    params.magnet_border = Some(magnets.border.mm());
    params.magnet_release_width = Some(magnets.release_width.map_or(0.0, Length::mm));
}

fn click(spec: &GridSpec, params: &mut GridParams) {
    params.click = Some(spec.click.is_some());
    match spec.click {
        None => {}
        Some(Click::Arc {
            distance,
            steepness,
            outer_length,
            inner_length,
            height,
            strength,
            wall_strength,
        }) => {
            params.click_style = Some(0);
            params.click1_distance = Some(distance.mm());
            params.click1_steepness = Some(steepness.mm());
            params.click1_outer_length = Some(outer_length.mm());
            params.click1_inner_length = Some(inner_length.mm());
            params.click1_height = Some(height.mm());
            params.click1_strength = Some(strength.mm());
            params.click1_wall_strength = Some(wall_strength.mm());
        }
        Some(Click::Groove { gap_length, tab_length, strength, wall_strength, depth }) => {
            params.clickgroove_gap_length = Some(gap_length.mm());
            params.clickgroove_tab_length = Some(tab_length.mm());
            params.clickgroove_strength = Some(strength.mm());
            params.clickgroove_wall_strength = Some(wall_strength.mm());
            params.clickgroove_depth = Some(depth.mm());
        }
    }
}

fn walls(spec: &GridSpec, params: &mut GridParams) {
    let Some(wall) = spec.wall else { return };
    params.plate_wall_thickness = Some(sides(wall.thickness));
    params.plate_wall_height = Some([wall.above.mm(), wall.below.mm()]);
    params.plate_wall_above = Some(wall.corners_above.map(Length::mm));
    params.plate_wall_below = Some(wall.corners_below.map(Length::mm));
}

fn screws(spec: &GridSpec, params: &mut GridParams) {
    let parts = |hole: ScrewHole| {
        (
            Some(hole.diameter.mm()),
            Some(hole.countersink.map(Length::mm)),
            Some(hole.counterbore.map(Length::mm)),
        )
    };
    if let Some(screws) = spec.vertical_screws {
        (
            params.vertical_screw_diameter,
            params.vertical_screw_countersink_top,
            params.vertical_screw_counterbore_top,
        ) = parts(screws.hole);
        params.vertical_screw_plate_corners = Some(screws.plate_corners.is_some());
        params.vertical_screw_plate_corners_inset = screws.plate_corners;
        params.vertical_screw_plate_edges = Some(screws.plate_edges);
        params.vertical_screw_segment_corners = Some(screws.segment_corners.is_some());
        params.vertical_screw_segment_corners_inset = screws.segment_corners;
        params.vertical_screw_segment_edges = Some(screws.inside.segment_edges);
        params.vertical_screw_other = Some(screws.inside.other);
    }
    if let Some(screws) = spec.horizontal_screws {
        (
            params.horizontal_screw_diameter,
            params.horizontal_screw_countersink,
            params.horizontal_screw_counterbore,
        ) = parts(screws.hole);
        params.horizontal_screw_wall_north = Some(screws.sides.north);
        params.horizontal_screw_wall_east = Some(screws.sides.east);
        params.horizontal_screw_wall_south = Some(screws.sides.south);
        params.horizontal_screw_wall_west = Some(screws.sides.west);
        params.horizontal_screw_offset = Some(screws.offset.map(Length::mm));
    }
    params.thumbscrews = Some(spec.thumbscrew.is_some());
    params.thumbscrew_diameter = spec.thumbscrew.map(Length::mm);
}

fn stack(spec: &GridSpec, params: &mut GridParams) {
    let Some(stack) = spec.stack else { return };
    let flip = |flip| match flip {
        Flip::None => 0,
        Flip::AboutY => 1,
        Flip::AboutX => 2,
    };
    params.stacked_print = Some(true);
    params.stacked_print_layer_height = Some(stack.layer_height.mm());
    params.stacked_print_min_gap = Some(stack.gap_min.mm());
    params.stacked_print_duplicates = Some(stack.duplicates);
    params.stacked_print_flip_first = Some(flip(stack.flip_first));
    params.stacked_print_flip = Some(flip(stack.flip));
    params.stacked_print_slice = Some(stack.slice.mm());
}

fn beyond(spec: &GridSpec, params: &mut GridParams) {
    params.seam_style = Some(match spec.connectors.seams {
        SeamStyle::OneWay => 0,
        SeamStyle::Alternating => 1,
        SeamStyle::Keyed => 2,
    });
    if let Some(ribs) = spec.magnets.and_then(|magnets| magnets.ribs) {
        params.magnet_rib_count = Some(ribs.count);
        params.magnet_rib_depth = Some(ribs.depth.mm());
    }
    if let Some(screws) = spec.mount_screws {
        params.mount_screws = Some(true);
        params.mount_screw_diameter = Some(screws.diameter.mm());
        params.mount_screw_head = Some(screws.head.mm());
    }
    if let Some(pockets) = spec.weight_pockets {
        params.weight_pockets = Some(true);
        params.weight_pocket_size = Some(pockets.size.mm());
        params.weight_pocket_depth = Some(pockets.depth.mm());
    }
    params.more_beds = Some(spec.more_beds.iter().map(|bed| [bed.x.mm(), bed.y.mm()]).collect());
    params.seat_relief = Some(spec.seat_relief.mm());
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
