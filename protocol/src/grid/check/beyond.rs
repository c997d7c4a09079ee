//! What the original does not have: seam styles, ribs, screws and pockets below the bins, lower floors.

use super::reader::{Filled, Reader};
use crate::grid::{
    GridSpec, Length, MagnetStyle, MountScrews, PITCH, PerAxis, Ribs, SeamStyle, WeightPockets,
};

/// Most bed sizes beside the first: farms have few kinds of printers, and each makes planning longer.
const BEDS_MAX: usize = 4;
/// Fewer ribs do not centre a magnet.
const RIBS_MIN: i64 = 3;
/// What must be left below the head of a screw, above a pocket, and of other floors, mm.
const UNDER_HEAD_MM: f64 = 0.8;
const OVER_POCKET_MM: f64 = 0.6;
const FLOOR_MM: f64 = 0.4;
/// What a lower floor must leave above or of a magnet's hole, mm: the least of `magnet_top` and `magnet_height`.
const CEILING_MM: f64 = 0.2;
const HOLE_MM: f64 = 0.5;

impl Reader {
    /// Beds beside the first one, each once.
    pub(super) fn more_beds(&mut self, p: &Filled<'_>, first: PerAxis<Length>) -> Vec<PerAxis<Length>> {
        let given = p.get(|p| &p.more_beds);
        if given.len() > BEDS_MAX {
            self.fault(
                "more_beds",
                format!("{} beds", given.len()),
                format!("at most {BEDS_MAX} are wanted"),
            );
        }
        let mut beds = vec![first];
        for (index, bed) in given.into_iter().take(BEDS_MAX).enumerate() {
            let [x, y] = self.pair(&format!("more_beds[{index}]"), bed);
            if !beds.contains(&PerAxis { x, y }) {
                beds.push(PerAxis { x, y });
            }
        }
        beds.split_off(1)
    }

    pub(super) fn seam_style(&mut self, p: &Filled<'_>) -> SeamStyle {
        let style = self.whole("seam_style", p.get(|p| &p.seam_style));
        if style != 0 && p.get(|p| &p.connector_edge_puzzle) {
            let wanted =
                "0 is wanted with connector_edge_puzzle: only the intersection puzzle has other seams";
            self.fault("seam_style", style, wanted);
        }
        match style {
            // Without tabs there is nothing to choose.
            _ if !p.get(|p| &p.connector_intersection_puzzle) => SeamStyle::OneWay,
            0 => SeamStyle::OneWay,
            1 => SeamStyle::Alternating,
            _ => SeamStyle::Keyed,
        }
    }

    /// Ribs of holes of a diameter, with a hole or none to push magnets out.
    pub(super) fn ribs(
        &mut self,
        p: &Filled<'_>,
        style: MagnetStyle,
        [hole, release]: [Option<Length>; 2],
    ) -> Option<Ribs> {
        let count = self.whole("magnet_rib_count", p.get(|p| &p.magnet_rib_count));
        if count == 0 {
            return None;
        }
        if count < RIBS_MIN {
            let wanted = format!("0 (none) or at least {RIBS_MIN} is wanted");
            self.fault("magnet_rib_count", count, wanted);
        }
        if style == MagnetStyle::PressFit {
            let wanted =
                "0 is wanted with magnet_style 1: magnets come from the side, where ribs would stop them";
            self.fault("magnet_rib_count", count, wanted);
        }
        let depth = self.length("magnet_rib_depth", p.get(|p| &p.magnet_rib_depth));
        let ring = hole.map_or(0.0, Length::mm) - release.map_or(0.0, Length::mm);
        if release.is_some() && depth.mm() > ring / 2.0 {
            let wanted = format!("at most {:.4} mm are wanted beside magnet_release_width", ring / 2.0);
            self.fault("magnet_rib_depth", depth, wanted);
        }
        Some(Ribs { count, depth })
    }

    pub(super) fn mount_screws(&mut self, p: &Filled<'_>) -> Option<MountScrews> {
        if !p.get(|p| &p.mount_screws) {
            return None;
        }
        let screws = MountScrews {
            diameter: self.length("mount_screw_diameter", p.get(|p| &p.mount_screw_diameter)),
            head: self.length("mount_screw_head", p.get(|p| &p.mount_screw_head)),
        };
        let least = screws.diameter.mm() + 0.4;
        if screws.head.mm() < least {
            let wanted = format!("at least {least:.4} mm are wanted, 0.4 more than the hole");
            self.fault("mount_screw_head", screws.head, wanted);
        }
        Some(screws)
    }

    pub(super) fn weight_pockets(&mut self, p: &Filled<'_>) -> Option<WeightPockets> {
        if !p.get(|p| &p.weight_pockets) {
            return None;
        }
        if p.get(|p| &p.thumbscrews) {
            let wanted = "false is wanted with thumbscrews: both are in the middle of the cells";
            self.fault("weight_pockets", true, wanted);
        }
        Some(WeightPockets {
            size: self.length("weight_pocket_size", p.get(|p| &p.weight_pocket_size)),
            depth: self.length("weight_pocket_depth", p.get(|p| &p.weight_pocket_depth)),
        })
    }

    pub(super) fn seat_relief(&mut self, p: &Filled<'_>) -> Length {
        let relief = self.length("seat_relief", p.get(|p| &p.seat_relief));
        // Seats without anything below them are open to the bottom.
        let has_floor = p.get(|p| &p.magnets) || p.get(|p| &p.solid_base) > 0.0;
        if has_floor { relief } else { Length::default() }
    }

    /// What must be left of floors and ceilings.
    pub(super) fn floors(&mut self, spec: &GridSpec) {
        let (base, relief) = (spec.solid_base.mm(), spec.seat_relief.mm());
        let level = spec.magnets.map_or(0.0, |magnets| magnets.level().mm());
        let (room, wanted_for) = match spec.magnets {
            Some(m) if m.style == MagnetStyle::GlueTop => (m.height.mm() - HOLE_MM, "magnet_height"),
            Some(m) => (m.top.mm() - CEILING_MM, "magnet_top"),
            None => (base - FLOOR_MM, "solid_base"),
        };
        if relief > 0.0 && relief > room {
            let most = room.max(0.0);
            self.fault(
                "seat_relief",
                relief,
                format!("at most {most:.4} mm are wanted with this {wanted_for}"),
            );
        }
        if let Some(screws) = spec.mount_screws {
            let room = base + level - relief - UNDER_HEAD_MM;
            let most = screws.diameter.mm() + 2.0 * room;
            if base + level <= 0.0 {
                let wanted =
                    "false is wanted without magnets and solid_base: below the bins is no room for heads";
                self.fault("mount_screws", true, wanted);
            } else if screws.head.mm() > most {
                let wanted =
                    format!("at most {most:.4} mm are wanted, so that {UNDER_HEAD_MM} mm are left below");
                self.fault("mount_screw_head", screws.head, wanted);
            }
        }
        if let Some(pockets) = spec.weight_pockets {
            let most = base - OVER_POCKET_MM - if level > 0.0 { 0.0 } else { relief };
            if pockets.depth.mm() > most {
                let wanted = format!(
                    "at most {:.4} mm are wanted with this solid_base, so that {OVER_POCKET_MM} mm are left above",
                    most.max(0.0)
                );
                self.fault("weight_pocket_depth", pockets.depth, wanted);
            }
            debug_assert!(pockets.size < PITCH, "the table of parameters says so");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::grid::{GridParams, GridSpec};

    fn spec(json: &str) -> GridSpec {
        GridSpec::check(&GridParams::from_json(json).unwrap()).unwrap()
    }

    #[test]
    fn what_the_original_does_not_have_is_off_and_no_part_of_a_key_until_used() {
        let plain = spec(r#"{"plate_size":[450,320]}"#);
        assert!(plain.beyond_original().is_empty());
        let all = GridParams::AVAILABLE.iter().filter(|parameter| parameter.is_beyond_original);
        for parameter in all {
            assert!(!plain.canonical_text().contains(parameter.name), "{}", parameter.name);
        }
        // Values without an effect are none.
        let idle = r#"{"plate_size":[450,320],"magnet_rib_count":8,"seat_relief":0.25,"weight_pocket_depth":2,"mount_screw_head":5}"#;
        assert_eq!(spec(idle).grid_key(), plain.grid_key());
        let idle = r#"{"plate_size":[450,320],"seam_style":2,"connector_intersection_puzzle":false}"#;
        assert!(spec(idle).beyond_original().is_empty());
        let used = spec(
            r#"{"solid_base":6,"magnets":true,"magnet_style":0,"magnet_rib_count":6,"seat_relief":0.25,"seam_style":1,
                "weight_pockets":true,"mount_screws":true,"more_beds":[[180,180],[250,220],[180,180]]}"#,
        );
        let names =
            ["more_beds", "seam_style", "magnet_rib_count", "mount_screws", "weight_pockets", "seat_relief"];
        assert_eq!(used.beyond_original(), names);
        // A bed given twice is one bed.
        assert_eq!(used.beds().count(), 2);
        let back: GridSpec = serde_json::from_str(&serde_json::to_string(&used).unwrap()).unwrap();
        assert_eq!(back, used);
    }

    #[test]
    fn combinations_that_cannot_be_made_are_refused() {
        let rows = [
            (
                r#"{"seam_style":2,"connector_edge_puzzle":true}"#,
                "seam_style is 2; 0 is wanted with connector_edge",
            ),
            (
                r#"{"magnets":true,"magnet_rib_count":8}"#,
                "magnet_rib_count is 8; 0 is wanted with magnet_style 1",
            ),
            (
                r#"{"magnets":true,"magnet_style":0,"magnet_rib_count":2}"#,
                "magnet_rib_count is 2; 0 (none) or at least 3",
            ),
            (
                r#"{"magnets":true,"magnet_style":0,"magnet_rib_count":8,"magnet_release_width":5.2,"magnet_rib_depth":0.4}"#,
                "magnet_rib_depth is 0.4; at most 0.3500 mm are wanted beside magnet_release_width",
            ),
            (r#"{"more_beds":[[250,20]]}"#, "more_beds[0][1] is 20; a length from 30 to 2000 mm"),
            (r#"{"more_beds":[[1,2],[50,50],[60,60],[70,70],[80,80]]}"#, "more_beds is 5 beds; at most 4"),
            (
                r#"{"mount_screws":true}"#,
                "mount_screws is true; false is wanted without magnets and solid_base",
            ),
            (
                r#"{"mount_screws":true,"solid_base":2}"#,
                "mount_screw_head is 6.5; at most 5.8000 mm are wanted, so that 0.8 mm are left below",
            ),
            (
                r#"{"mount_screws":true,"magnets":true,"mount_screw_head":3.5}"#,
                "mount_screw_head is 3.5; at least 3.8000 mm",
            ),
            (
                r#"{"weight_pockets":true}"#,
                "weight_pocket_depth is 4; at most 0.0000 mm are wanted with this solid_base",
            ),
            (
                r#"{"weight_pockets":true,"solid_base":5,"thumbscrews":true}"#,
                "weight_pockets is true; false is wanted with thumbscrews",
            ),
            (
                r#"{"magnets":true,"seat_relief":0.4}"#,
                "seat_relief is 0.4; at most 0.3000 mm are wanted with this magnet_top",
            ),
            (r#"{"solid_base":0.6,"seat_relief":0.25}"#, "seat_relief is 0.25; at most 0.2000 mm"),
        ];
        for (json, start) in rows {
            let faults = GridSpec::check(&GridParams::from_json(json).unwrap()).unwrap_err();
            let found: Vec<String> = faults.list().iter().map(ToString::to_string).collect();
            assert!(found.iter().any(|fault| fault.starts_with(start)), "{start} is not in {found:?}");
        }
    }
}
