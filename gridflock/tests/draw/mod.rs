//! Draws random parameters over all features, with values that people use and values that nobody would.

use protocol::grid::GridParams;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Random numbers from a seed (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Streams of neighbouring seeds must not be the same stream, shifted.
        let mut start = Self(seed);
        Self(start.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count
    }

    /// True in one of `n` draws.
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A number in tenths between two limits; sometimes finer.
    fn mm(&mut self, low: f64, high: f64) -> f64 {
        let parts = if self.one_in(6) { 10_000.0 } else { 10.0 };
        let steps = ((high - low) * parts).floor();
        (low * parts + self.below(steps as u64 + 1) as f64).round() / parts
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    fn sides(&mut self, low: f64, high: f64) -> [f64; 4] {
        [0; 4].map(|_| if self.one_in(2) { 0.0 } else { self.mm(low, high) })
    }

    /// Some parameters; features are on in a third of the draws or less.
    pub(crate) fn params(&mut self) -> GridParams {
        let mut p = GridParams { numbering: Some(self.one_in(2)), ..GridParams::default() };
        let size = |dice: &mut Self| if dice.one_in(8) { dice.mm(42.0, 420.0) } else { dice.mm(42.0, 190.0) };
        p.plate_size = Some([size(self), size(self)]);
        p.bed_size = Some([self.mm(65.0, 240.0), self.mm(65.0, 240.0)]);
        p.filler_x = Some(self.below(3) as i64);
        p.filler_y = Some(self.below(3) as i64);
        p.filler_fraction = Some([1 + self.below(5) as i64, 1 + self.below(5) as i64]);
        p.filler_minimum_size = Some([self.mm(8.5, 30.0), 15.0]);
        p.alignment = Some([self.pick(&[0.0, 0.5, 1.0, 0.3]), self.pick(&[0.0, 0.5, 1.0])]);
        if self.one_in(3) {
            p.edge_adjust = Some(self.sides(-4.0, 12.0));
        }
        p.plate_corner_radius = Some(self.pick(&[0.0, 4.0, 4.0, 2.5, 7.3]));
        if self.one_in(6) {
            p.separate_edge_padding = Some(true);
        }
        if self.one_in(6) {
            p.cell_override = Some((0..self.below(12)).map(|_| self.pick(&['c', 's', 'e'])).collect());
        }
        if self.one_in(5) {
            p.top_slice = Some(self.mm(0.0, 2.5));
        }
        if self.one_in(4) {
            p.solid_base = Some(self.mm(0.2, 6.0));
        }
        self.connectors(&mut p);
        self.magnets(&mut p);
        self.click(&mut p);
        self.walls(&mut p);
        self.screws(&mut p);
        p
    }

    /// As [`Self::params`], with what the original does not have.
    pub(crate) fn params_beyond(&mut self) -> GridParams {
        let mut p = self.params();
        if p.connector_edge_puzzle.is_none() {
            p.seam_style = Some(self.below(3) as i64);
        }
        let base = p.solid_base.unwrap_or(0.0);
        if self.one_in(2) && p.magnet_style != Some(1) {
            p.magnet_rib_count = Some(3 + self.below(10) as i64);
            p.magnet_rib_depth = Some(self.mm(0.1, 0.3));
        }
        if self.one_in(3) && (base > 0.0 || p.magnets == Some(true)) {
            let hole = self.mm(2.0, 4.0);
            p.mount_screws = Some(true);
            p.mount_screw_diameter = Some(hole);
            p.mount_screw_head = Some(self.mm(hole + 0.4, hole + 0.4 + base.min(4.0)));
        }
        if self.one_in(2) && base > 1.2 && p.thumbscrews.is_none() {
            p.weight_pockets = Some(true);
            p.weight_pocket_size = Some(self.mm(5.0, 26.0));
            p.weight_pocket_depth = Some(self.mm(0.5, base - 0.65));
        }
        if self.one_in(3) {
            p.seat_relief = Some(self.pick(&[0.25, 0.1, 0.05, 0.3]));
        }
        p
    }

    fn connectors(&mut self, p: &mut GridParams) {
        p.connector_intersection_puzzle = Some(!self.one_in(3));
        p.intersection_puzzle_fit = Some(self.pick(&[1.0, 1.0, 0.5, 0.0, 0.37]));
        if !self.one_in(3) {
            return;
        }
        p.connector_edge_puzzle = Some(true);
        p.edge_puzzle_count = Some(1 + self.below(3) as i64);
        if self.one_in(2) {
            p.edge_puzzle_dim = Some([self.mm(5.5, 12.0), self.mm(1.5, 4.0)]);
            p.edge_puzzle_dim_c = Some([self.mm(1.5, 3.0), self.mm(0.8, 1.5)]);
            p.edge_puzzle_gap = Some(self.mm(0.0, 0.3));
            p.edge_puzzle_height_female = Some(self.mm(1.0, 3.9));
        }
        p.edge_puzzle_magnet_border = Some(!self.one_in(3));
        p.edge_puzzle_magnet_border_width = Some(self.mm(0.0, 4.0));
    }

    fn magnets(&mut self, p: &mut GridParams) {
        if !self.one_in(2) {
            return;
        }
        p.magnets = Some(true);
        let style = self.below(3) as i64;
        p.magnet_style = Some(style);
        p.magnet_frame_style = Some(if style == 1 { 1 } else { self.below(2) as i64 });
        if self.one_in(2) {
            p.magnet_diameter = Some(self.mm(4.0, 9.0));
            p.magnet_height = Some(self.mm(1.0, 3.0));
            p.magnet_top = Some(self.mm(0.2, 1.0));
            p.magnet_bottom = Some(self.mm(0.2, 1.0));
            p.magnet_border = Some(self.mm(0.8, 3.0));
            p.magnet_release_width = Some(self.pick(&[0.0, 1.5, 3.0, 3.5]));
        }
    }

    fn click(&mut self, p: &mut GridParams) {
        if !self.one_in(4) {
            return;
        }
        p.click = Some(true);
        let is_arc = p.connector_edge_puzzle.is_none() && self.one_in(2);
        p.click_style = Some(i64::from(!is_arc));
        if self.one_in(2) {
            p.click1_distance = Some(self.mm(0.3, 1.2));
            p.click1_steepness = Some(self.mm(0.2, 3.0));
            p.click1_outer_length = Some(self.mm(12.0, 33.0));
            p.click1_inner_length = Some(self.mm(0.0, 8.0));
            p.click1_height = Some(self.mm(1.0, 4.0));
            p.clickgroove_gap_length = Some(self.mm(12.0, 33.0));
            p.clickgroove_tab_length = Some(self.mm(2.0, 12.0));
            p.clickgroove_depth = Some(self.mm(0.2, 0.9));
        }
        let wall = self.mm(0.4, 1.6);
        let strength = self.mm(0.8, (2.65 - wall).clamp(0.8, 2.0));
        if strength + wall <= 2.6499 && self.one_in(2) {
            (p.click1_strength, p.clickgroove_strength) = (Some(strength), Some(strength));
            (p.click1_wall_strength, p.clickgroove_wall_strength) = (Some(wall), Some(wall));
        }
    }

    fn walls(&mut self, p: &mut GridParams) {
        if self.one_in(4) {
            p.bottom_chamfer = Some(self.sides(0.2, 2.5));
        }
        if self.one_in(4) {
            p.top_chamfer = Some(self.sides(0.2, 2.5));
        }
        if !self.one_in(4) {
            return;
        }
        p.plate_wall_thickness = Some(self.sides(0.4, 6.0));
        p.plate_wall_height = Some([self.mm(0.0, 10.0), self.mm(0.0, 5.0)]);
        if self.one_in(2) {
            p.plate_wall_above = Some(self.sides(0.0, 20.0));
            p.plate_wall_below = Some(self.sides(0.0, 6.0));
        }
    }

    fn screws(&mut self, p: &mut GridParams) {
        if self.one_in(4) {
            p.vertical_screw_diameter = Some(self.mm(2.0, 5.0));
            p.vertical_screw_plate_corners = Some(self.one_in(2));
            p.vertical_screw_plate_edges = Some(self.one_in(2));
            p.vertical_screw_segment_corners = Some(self.one_in(2));
            p.vertical_screw_segment_edges = Some(self.one_in(2));
            p.vertical_screw_other = Some(self.one_in(2));
            if self.one_in(2) {
                p.vertical_screw_countersink_top = Some([self.mm(6.0, 9.0), self.mm(0.5, 2.5)]);
            }
            if self.one_in(2) {
                p.vertical_screw_counterbore_top = Some([self.mm(6.0, 9.0), self.mm(0.2, 4.0)]);
            }
        }
        let thickness = p.plate_wall_thickness.unwrap_or_default();
        if self.one_in(2) && thickness.iter().any(|&mm| mm > 0.0) {
            p.horizontal_screw_wall_north = Some(thickness[0] > 0.0);
            p.horizontal_screw_wall_east = Some(thickness[1] > 0.0);
            p.horizontal_screw_wall_south = Some(thickness[2] > 0.0 && self.one_in(2));
            p.horizontal_screw_wall_west = Some(thickness[3] > 0.0 && self.one_in(2));
            p.horizontal_screw_diameter = Some(self.mm(2.0, 4.0));
            if self.one_in(2) {
                p.horizontal_screw_countersink = Some([self.mm(5.0, 7.0), self.mm(0.5, 2.0)]);
            }
            if self.one_in(3) {
                p.horizontal_screw_counterbore = Some([self.mm(5.0, 7.0), self.mm(0.5, 2.0)]);
            }
        }
        let has_floor =
            p.solid_base.unwrap_or(0.0) > 0.0 || (p.magnets == Some(true) && p.magnet_frame_style == Some(0));
        if has_floor && self.one_in(3) {
            p.thumbscrews = Some(true);
            p.thumbscrew_diameter = Some(self.mm(8.0, 16.0));
        }
    }
}

/// The seed of `make test`, so that it says the same of the same tree; `make soak` draws new ones.
const SEED: u64 = 20_261_126;

/// Seed and number of cases; `TEST_SEED` repeats a run, `TEST_CASES` and `SOAK` make it longer.
#[expect(clippy::print_stderr, reason = "the seed is shown with the output of a failed test")]
pub(crate) fn numbers(cases: u64, soak: u64) -> (u64, u64) {
    let number = |name: &str| std::env::var_os(name)?.into_string().ok()?.parse().ok();
    let is_soak = std::env::var_os("SOAK").is_some();
    let drawn = if is_soak { RandomState::new().build_hasher().finish() } else { SEED };
    let seed = number("TEST_SEED").unwrap_or(drawn);
    let cases = if is_soak { soak } else { cases };
    let cases = number("TEST_CASES").unwrap_or(cases);
    eprintln!("TEST_SEED={seed} TEST_CASES={cases}");
    (seed, cases)
}
