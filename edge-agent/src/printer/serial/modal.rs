//! What a job left set: coordinate modes, feed rate, height. Followed line by line while it is sent, so that a hold can
//! put everything back. Pure.
use super::line::{command, value};

/// Modes and height after the lines seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Modal {
    relative: bool,
    relative_e: bool,
    feed_mm_min: Option<f64>,
    /// Known once the job homed or said where it is.
    z_mm: Option<f64>,
}

impl Modal {
    /// Follows one cleaned line.
    pub(crate) fn follow(&mut self, text: &str) {
        match command(text).as_str() {
            // In Marlin both set the extruder's mode as well (GcodeSuite::set_relative_mode).
            "G90" => (self.relative, self.relative_e) = (false, false),
            "G91" => (self.relative, self.relative_e) = (true, true),
            "M82" => self.relative_e = false,
            "M83" => self.relative_e = true,
            "G28" => self.z_mm = Some(0.0),
            "G92" => self.z_mm = value(text, 'Z').or(self.z_mm),
            "G0" | "G1" | "G2" | "G3" => {
                self.feed_mm_min = value(text, 'F').or(self.feed_mm_min);
                if let Some(z) = value(text, 'Z') {
                    self.z_mm = if self.relative { self.z_mm.map(|now| now + z) } else { Some(z) };
                }
            }
            _ => {}
        }
    }

    /// Height in µm; 0 until the job said where it is.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a height in mm times 1000 is far inside i64, and saturates"
    )]
    pub(crate) fn z_um(&self) -> i64 {
        (self.z_mm.unwrap_or(0.0) * 1000.0).round() as i64
    }

    /// Lifts the nozzle off the part and waits until it is there.
    pub(crate) fn lift(&self, lift_mm: u32) -> Vec<String> {
        if lift_mm == 0 || self.z_mm.is_none() {
            return vec!["M400".to_owned()];
        }
        vec!["M400".to_owned(), "G91".to_owned(), format!("G1 Z{lift_mm} F600"), "M400".to_owned()]
    }

    /// Comes down again and sets everything as the job left it.
    pub(crate) fn back(&self, lift_mm: u32) -> Vec<String> {
        let mut lines = Vec::new();
        if lift_mm > 0 && self.z_mm.is_some() {
            lines.extend(["G91".to_owned(), format!("G1 Z-{lift_mm} F600")]);
        }
        lines.push(if self.relative { "G91" } else { "G90" }.to_owned());
        lines.push(if self.relative_e { "M83" } else { "M82" }.to_owned());
        lines.extend(self.feed_mm_min.map(|feed| format!("G1 F{feed}")));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_puts_back_what_the_job_had_set() {
        let mut modal = Modal::default();
        for line in ["G28", "G90", "M83", "G1 Z.4 F9000", "G1 X10 E.5 F1500"] {
            modal.follow(line);
        }
        assert_eq!(modal.z_um(), 400);
        assert_eq!(modal.lift(5), ["M400", "G91", "G1 Z5 F600", "M400"]);
        assert_eq!(modal.back(5), ["G91", "G1 Z-5 F600", "G90", "M83", "G1 F1500"]);
        modal.follow("G91");
        modal.follow("G1 Z.2");
        assert_eq!((modal.z_um(), modal.back(0)), (600, vec!["G91".into(), "M83".into(), "G1 F1500".into()]));
    }

    #[test]
    fn before_homing_nothing_is_moved_by_a_hold() {
        let modal = Modal::default();
        assert_eq!(modal.lift(5), ["M400"]);
        assert_eq!(modal.back(5), ["G90", "M82"]);
    }
}
