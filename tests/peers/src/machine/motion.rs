//! Moves as a firmware plans them: modes, units, feed rates, lengths and times. Acceleration is left out: a block takes
//! its length over its feed rate.
use super::gcode::Code;

/// Slowest feed rate in mm/s; a missing one would make a move endless.
const FEED_MM_S_MIN: f64 = 0.5;
/// Feed rate before the first F word, in mm/s.
const FEED_MM_S_FIRST: f64 = 25.0;
/// Fastest feed rate in mm/s: what firmware limits of a bed slinger come down to.
const FEED_MM_S_MAX: f64 = 500.0;

/// A planned move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Where it ends: X, Y, Z in mm.
    pub to: [f64; 3],
    /// Filament moved, in mm; negative when pulled back.
    pub filament_mm: f64,
    /// How long it takes at normal speed, in s.
    pub seconds: f64,
}

/// Planner position and modes.
#[derive(Debug, Clone)]
pub struct Motion {
    /// Planned position: X, Y, Z in mm.
    pub at: [f64; 3],
    /// Planned filament position in mm, as the host counts it.
    pub e: f64,
    relative: bool,
    relative_e: bool,
    feed_mm_s: f64,
    unit_mm: f64,
}

impl Default for Motion {
    fn default() -> Self {
        Self {
            at: [0.0; 3],
            e: 0.0,
            relative: false,
            relative_e: false,
            feed_mm_s: FEED_MM_S_FIRST,
            unit_mm: 1.0,
        }
    }
}

const AXES: [char; 3] = ['X', 'Y', 'Z'];

impl Motion {
    /// Takes a mode or position command; false when it is none.
    pub fn mode(&mut self, code: &Code) -> bool {
        match code.command.as_str() {
            // In Marlin G90 and G91 set the extruder's mode as well (GcodeSuite::set_relative_mode).
            "G90" => (self.relative, self.relative_e) = (false, false),
            "G91" => (self.relative, self.relative_e) = (true, true),
            "M82" => self.relative_e = false,
            "M83" => self.relative_e = true,
            "G20" => self.unit_mm = 25.4,
            "G21" => self.unit_mm = 1.0,
            "G92" => self.set_position(code),
            _ => return false,
        }
        true
    }

    fn set_position(&mut self, code: &Code) {
        let all = !AXES.iter().any(|axis| code.has(*axis)) && !code.has('E');
        for (axis, at) in AXES.iter().zip(self.at.iter_mut()) {
            if let Some(value) = code.number(*axis).or(all.then_some(0.0)) {
                *at = value * self.unit_mm;
            }
        }
        if let Some(value) = code.number('E').or(all.then_some(0.0)) {
            self.e = value * self.unit_mm;
        }
    }

    /// Plans a G0 to G3. Arcs take the way of their chord; their filament is exact.
    pub fn plan(&mut self, code: &Code, cold: bool) -> Block {
        if let Some(feed) = code.number('F') {
            self.feed_mm_s = (feed * self.unit_mm / 60.0).clamp(FEED_MM_S_MIN, FEED_MM_S_MAX);
        }
        let from = self.at;
        for (axis, at) in AXES.iter().zip(self.at.iter_mut()) {
            if let Some(value) = code.number(*axis) {
                let value = value * self.unit_mm;
                *at = if self.relative { *at + value } else { value };
            }
        }
        let mut filament_mm = 0.0;
        if let Some(value) = code.number('E') {
            let value = value * self.unit_mm;
            filament_mm = if self.relative_e { value } else { value - self.e };
            self.e = if self.relative_e { self.e + value } else { value };
        }
        if cold {
            filament_mm = 0.0;
        }
        let way = from.iter().zip(self.at).map(|(from, to)| (to - from).powi(2)).sum::<f64>().sqrt();
        let length = if way > 0.0 { way } else { filament_mm.abs() };
        Block { to: self.at, filament_mm, seconds: length / self.feed_mm_s }
    }

    /// Homed: at the origin.
    pub fn home(&mut self) {
        self.at = [0.0; 3];
    }
}
