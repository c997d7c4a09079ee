//! Connectors, magnets, latches, rims, screws and stacks: each feature's own values, and what they demand of each other.

use super::reader::{Filled, Reader};
use crate::grid::{
    Click, Connectors, EdgePuzzle, Flip, HorizontalScrews, Length, MagnetFrame, MagnetStyle, Magnets,
    Numbering, PerSide, ScrewHole, ScrewsInside, Stack, VerticalScrews, Wall,
};

/// A cone of a screw may be so much steeper than 45°.
const CONE_STEEPNESS_MAX: f64 = 8.0;
/// Wall of a seat at its foot, mm: 21 − 18.15 of gridfinity's baseplate profile.
const SEAT_WALL_MM: f64 = 2.85;

impl Reader {
    pub(super) fn connectors(&mut self, p: &Filled<'_>) -> Connectors {
        let intersection = p.get(|p| &p.connector_intersection_puzzle);
        let edge = p.get(|p| &p.connector_edge_puzzle);
        Connectors {
            intersection: intersection
                .then(|| self.share("intersection_puzzle_fit", p.get(|p| &p.intersection_puzzle_fit))),
            edge: edge.then(|| self.edge_puzzle(p)),
            seams: self.seam_style(p),
        }
    }

    fn edge_puzzle(&mut self, p: &Filled<'_>) -> EdgePuzzle {
        let frames = p.get(|p| &p.magnets) && p.get(|p| &p.magnet_frame_style) == 1;
        let border = frames && p.get(|p| &p.edge_puzzle_magnet_border);
        let border_mm = p.get(|p| &p.edge_puzzle_magnet_border_width);
        let puzzle = EdgePuzzle {
            count: self.whole("edge_puzzle_count", p.get(|p| &p.edge_puzzle_count)),
            bar: self.pair("edge_puzzle_dim", p.get(|p| &p.edge_puzzle_dim)),
            bridge: self.pair("edge_puzzle_dim_c", p.get(|p| &p.edge_puzzle_dim_c)),
            gap: self.length("edge_puzzle_gap", p.get(|p| &p.edge_puzzle_gap)),
            height: self.length("edge_puzzle_height_female", p.get(|p| &p.edge_puzzle_height_female)),
            male_delta: self
                .length("edge_puzzle_height_male_delta", p.get(|p| &p.edge_puzzle_height_male_delta)),
            magnet_border: border.then(|| self.length("edge_puzzle_magnet_border_width", border_mm)),
        };
        let [bar, flare] = [puzzle.bar[0].mm(), puzzle.bridge[0].mm() + puzzle.bridge[1].mm()];
        if bar < flare + 1.0 {
            let wanted =
                format!("at least {} mm are wanted, or the bar slips through its bridge", flare + 1.0);
            self.fault("edge_puzzle_dim[0]", bar, wanted);
        }
        if puzzle.bar[0] < puzzle.bar[1] {
            self.fault("edge_puzzle_dim[1]", puzzle.bar[1], "at most the first number is wanted");
        }
        let depth = puzzle.bar[1].mm() + puzzle.bridge[1].mm();
        if depth > 8.0 {
            let wanted = format!(
                "at most {} mm are wanted: bar and bridge together take up to 8",
                8.0 - puzzle.bridge[1].mm()
            );
            self.fault("edge_puzzle_dim[1]", puzzle.bar[1], wanted);
        }
        let count = i32::try_from(puzzle.count).map_or(0.0, f64::from);
        let all = count * (bar + 2.0) - 2.0;
        if all > 34.0 {
            let wanted = format!(
                "bars of {bar} mm with 2 mm between them take {all} mm; at most 34 mm of a cell are wanted"
            );
            self.fault("edge_puzzle_count", puzzle.count, wanted);
        }
        if puzzle.bridge[1].mm() < 2.0 * puzzle.gap.mm() + 0.1 {
            let wanted = format!(
                "at least {:.2} mm are wanted with this edge_puzzle_gap",
                2.0 * puzzle.gap.mm() + 0.1
            );
            self.fault("edge_puzzle_dim_c[1]", puzzle.bridge[1], wanted);
        }
        if puzzle.male_delta.mm() > puzzle.height.mm() - 0.4 {
            let wanted =
                format!("at most {:.4} mm are wanted, so that 0.4 mm are left", puzzle.height.mm() - 0.4);
            self.fault("edge_puzzle_height_male_delta", puzzle.male_delta, wanted);
        }
        puzzle
    }

    pub(super) fn magnets(&mut self, p: &Filled<'_>) -> Option<Magnets> {
        if !p.get(|p| &p.magnets) {
            return None;
        }
        let style = match self.whole("magnet_style", p.get(|p| &p.magnet_style)) {
            0 => MagnetStyle::GlueTop,
            1 => MagnetStyle::PressFit,
            _ => MagnetStyle::GlueBottom,
        };
        let frame = match self.whole("magnet_frame_style", p.get(|p| &p.magnet_frame_style)) {
            0 => MagnetFrame::Solid,
            _ => MagnetFrame::Round,
        };
        if style == MagnetStyle::PressFit && frame == MagnetFrame::Solid {
            let wanted = "1 (round frames) is wanted with magnet_style 1: magnets come from the side";
            self.fault("magnet_frame_style", 0, wanted);
        }
        let diameter_mm = p.get(|p| &p.magnet_diameter);
        let diameter = self.length("magnet_diameter", diameter_mm);
        let release_mm = p.get(|p| &p.magnet_release_width);
        // Narrower than the magnet, or it falls through.
        let release_max = (diameter.mm() - 0.5).max(1.0);
        let release_width = (release_mm != 0.0)
            .then(|| self.length_within("magnet_release_width", release_mm, [1.0, release_max]));
        let top = self.length("magnet_top", p.get(|p| &p.magnet_top));
        let bottom = self.length("magnet_bottom", p.get(|p| &p.magnet_bottom));
        Some(Magnets {
            style,
            frame,
            diameter,
            height: self.length("magnet_height", p.get(|p| &p.magnet_height)),
            top: if style == MagnetStyle::GlueTop { Length::default() } else { top },
            bottom: if style == MagnetStyle::GlueBottom { Length::default() } else { bottom },
            border: self.length("magnet_border", p.get(|p| &p.magnet_border)),
            release_width,
            ribs: self.ribs(p, style, [Some(diameter), release_width]),
        })
    }

    pub(super) fn click(&mut self, p: &Filled<'_>) -> Option<Click> {
        if !p.get(|p| &p.click) {
            return None;
        }
        let is_groove = self.whole("click_style", p.get(|p| &p.click_style)) == 1;
        if !is_groove && p.get(|p| &p.connector_edge_puzzle) {
            let wanted =
                "1 (groove) is wanted with connector_edge_puzzle: the arc cuts the pieces off their plate";
            self.fault("click_style", 0, wanted);
        }
        let click = if is_groove { self.groove(p) } else { self.arc(p) };
        Some(click)
    }

    fn arc(&mut self, p: &Filled<'_>) -> Click {
        let outer_length = self.length("click1_outer_length", p.get(|p| &p.click1_outer_length));
        let inner_length = self.length("click1_inner_length", p.get(|p| &p.click1_inner_length));
        if inner_length.mm() > outer_length.mm() - 4.0 {
            let wanted =
                format!("at most {:.4} mm are wanted with this click1_outer_length", outer_length.mm() - 4.0);
            self.fault("click1_inner_length", inner_length, wanted);
        }
        let strength = self.length("click1_strength", p.get(|p| &p.click1_strength));
        let wall_strength = self.length("click1_wall_strength", p.get(|p| &p.click1_wall_strength));
        self.slot_width("click1_strength", strength, wall_strength);
        Click::Arc {
            distance: self.length("click1_distance", p.get(|p| &p.click1_distance)),
            steepness: self.length("click1_steepness", p.get(|p| &p.click1_steepness)),
            outer_length,
            inner_length,
            height: self.length("click1_height", p.get(|p| &p.click1_height)),
            strength,
            wall_strength,
        }
    }

    fn groove(&mut self, p: &Filled<'_>) -> Click {
        let gap_length = self.length("clickgroove_gap_length", p.get(|p| &p.clickgroove_gap_length));
        let tab_length = self.length("clickgroove_tab_length", p.get(|p| &p.clickgroove_tab_length));
        if tab_length > gap_length {
            let wanted = format!("at most clickgroove_gap_length, {gap_length} mm, is wanted");
            self.fault("clickgroove_tab_length", tab_length, wanted);
        }
        let strength = self.length("clickgroove_strength", p.get(|p| &p.clickgroove_strength));
        let wall_strength = self.length("clickgroove_wall_strength", p.get(|p| &p.clickgroove_wall_strength));
        self.slot_width("clickgroove_strength", strength, wall_strength);
        let depth = self.length("clickgroove_depth", p.get(|p| &p.clickgroove_depth));
        Click::Groove { gap_length, tab_length, strength, wall_strength, depth }
    }

    /// Spring, slot and back wall must fit into the wall of a seat.
    fn slot_width(&mut self, field: &str, strength: Length, wall_strength: Length) {
        let max = SEAT_WALL_MM - 0.2 - wall_strength.mm();
        if strength.mm() > max {
            let wanted = format!(
                "at most {max:.4} mm are wanted: with the wall behind it {SEAT_WALL_MM} mm less a slot of 0.2 mm"
            );
            self.fault(field, strength, wanted);
        }
    }

    pub(super) fn numbering(&mut self, p: &Filled<'_>) -> Option<Numbering> {
        p.get(|p| &p.numbering).then(|| Numbering {
            depth: self.length("number_depth", p.get(|p| &p.number_depth)),
            size: self.length("number_size", p.get(|p| &p.number_size)),
            squeeze_size: self.length("number_squeeze_size", p.get(|p| &p.number_squeeze_size)),
        })
    }

    pub(super) fn wall(&mut self, p: &Filled<'_>) -> Option<Wall> {
        let thickness = self.sides("plate_wall_thickness", p.get(|p| &p.plate_wall_thickness));
        let [above, below] = self.pair("plate_wall_height", p.get(|p| &p.plate_wall_height));
        let wall = Wall {
            thickness,
            above,
            below,
            corners_above: self.corners("plate_wall_above", p.get(|p| &p.plate_wall_above)),
            corners_below: self.corners("plate_wall_below", p.get(|p| &p.plate_wall_below)),
        };
        for (thickness, side) in thickness.list().into_iter().zip(["north", "east", "south", "west"]) {
            if thickness != Length::default() && thickness.mm() < 0.4 {
                let wanted = "0 (no rim) or at least 0.4 mm is wanted";
                self.fault(&format!("plate_wall_thickness ({side})"), thickness, wanted);
            }
        }
        (thickness != PerSide::default()).then_some(wall)
    }

    fn hole(&mut self, prefix: &str, diameter: f64, [sink, bore]: [(&str, [f64; 2]); 2]) -> ScrewHole {
        let hole = ScrewHole {
            diameter: self.length(&format!("{prefix}_diameter"), diameter),
            countersink: self.pair(&format!("{prefix}_{}", sink.0), sink.1),
            counterbore: self.pair(&format!("{prefix}_{}", bore.0), bore.1),
        };
        let none = Length::default();
        for ([wide, high], name) in [(hole.countersink, sink.0), (hole.counterbore, bore.0)] {
            let field = format!("{prefix}_{name}");
            if (wide == none) != (high == none) {
                self.fault(&field, format!("[{wide},{high}]"), "two zeros or two lengths are wanted");
            } else if wide != none && wide.mm() < hole.diameter.mm() + 0.2 {
                let wanted =
                    format!("at least {:.4} mm are wanted, 0.2 more than the hole", hole.diameter.mm() + 0.2);
                self.fault(&format!("{field}[0]"), wide, wanted);
            }
        }
        let [wide, high] = hole.countersink;
        let max = CONE_STEEPNESS_MAX * (wide.mm() - hole.diameter.mm()) / 2.0;
        if wide != none && high.mm() > max && max > 0.0 {
            let wanted =
                format!("at most {max:.2} mm are wanted with this diameter, or the cone is too steep");
            self.fault(&format!("{prefix}_{}[1]", sink.0), high, wanted);
        }
        hole
    }

    pub(super) fn vertical_screws(&mut self, p: &Filled<'_>) -> Option<VerticalScrews> {
        let plate_corners = p.get(|p| &p.vertical_screw_plate_corners);
        let segment_corners = p.get(|p| &p.vertical_screw_segment_corners);
        let plate_edges = p.get(|p| &p.vertical_screw_plate_edges);
        let inside = ScrewsInside {
            segment_edges: p.get(|p| &p.vertical_screw_segment_edges),
            other: p.get(|p| &p.vertical_screw_other),
        };
        if !plate_corners && !segment_corners && !plate_edges && inside == ScrewsInside::default() {
            return None;
        }
        let sink = ("countersink_top", p.get(|p| &p.vertical_screw_countersink_top));
        let bore = ("counterbore_top", p.get(|p| &p.vertical_screw_counterbore_top));
        let mut inset = |field: &str, [x, y]: [i64; 2]| {
            [self.whole(&format!("{field}[0]"), x), self.whole(&format!("{field}[1]"), y)]
        };
        let plate_inset = p.get(|p| &p.vertical_screw_plate_corners_inset);
        let segment_inset = p.get(|p| &p.vertical_screw_segment_corners_inset);
        Some(VerticalScrews {
            plate_corners: plate_corners.then(|| inset("vertical_screw_plate_corners_inset", plate_inset)),
            segment_corners: segment_corners
                .then(|| inset("vertical_screw_segment_corners_inset", segment_inset)),
            plate_edges,
            inside,
            hole: self.hole("vertical_screw", p.get(|p| &p.vertical_screw_diameter), [sink, bore]),
        })
    }

    pub(super) fn horizontal_screws(&mut self, p: &Filled<'_>) -> Option<HorizontalScrews> {
        let sides = PerSide {
            north: p.get(|p| &p.horizontal_screw_wall_north),
            east: p.get(|p| &p.horizontal_screw_wall_east),
            south: p.get(|p| &p.horizontal_screw_wall_south),
            west: p.get(|p| &p.horizontal_screw_wall_west),
        };
        if sides == PerSide::default() {
            return None;
        }
        let thickness = p.get(|p| &p.plate_wall_thickness);
        for ((wanted, thickness), side) in
            sides.list().into_iter().zip(thickness).zip(["north", "east", "south", "west"])
        {
            if wanted && thickness <= 0.0 {
                let field = format!("horizontal_screw_wall_{side}");
                self.fault(&field, true, format!("false is wanted where plate_wall_thickness ({side}) is 0"));
            }
        }
        let sink = ("countersink", p.get(|p| &p.horizontal_screw_countersink));
        let bore = ("counterbore", p.get(|p| &p.horizontal_screw_counterbore));
        Some(HorizontalScrews {
            sides,
            hole: self.hole("horizontal_screw", p.get(|p| &p.horizontal_screw_diameter), [sink, bore]),
            offset: self.pair("horizontal_screw_offset", p.get(|p| &p.horizontal_screw_offset)),
        })
    }

    pub(super) fn thumbscrew(&mut self, p: &Filled<'_>) -> Option<Length> {
        if !p.get(|p| &p.thumbscrews) {
            return None;
        }
        let has_floor = p.get(|p| &p.solid_base) > 0.0
            || (p.get(|p| &p.magnets) && p.get(|p| &p.magnet_frame_style) == 0);
        if !has_floor {
            let wanted =
                "false is wanted without a floor: set solid_base, or magnets with magnet_frame_style 0";
            self.fault("thumbscrews", true, wanted);
        }
        Some(self.length("thumbscrew_diameter", p.get(|p| &p.thumbscrew_diameter)))
    }

    pub(super) fn stack(&mut self, p: &Filled<'_>) -> Option<Stack> {
        if !p.get(|p| &p.stacked_print) {
            return None;
        }
        let mut flip = |field: &str, value: i64| match self.whole(field, value) {
            0 => Flip::None,
            1 => Flip::AboutY,
            _ => Flip::AboutX,
        };
        let flip_first = flip("stacked_print_flip_first", p.get(|p| &p.stacked_print_flip_first));
        let flip = flip("stacked_print_flip", p.get(|p| &p.stacked_print_flip));
        Some(Stack {
            layer_height: self.length("stacked_print_layer_height", p.get(|p| &p.stacked_print_layer_height)),
            gap_min: self.length("stacked_print_min_gap", p.get(|p| &p.stacked_print_min_gap)),
            duplicates: self.whole("stacked_print_duplicates", p.get(|p| &p.stacked_print_duplicates)),
            flip_first,
            flip,
            slice: self.length("stacked_print_slice", p.get(|p| &p.stacked_print_slice)),
        })
    }
}
