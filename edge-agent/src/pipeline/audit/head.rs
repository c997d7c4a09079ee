//! Where the nozzle is and what it has extruded, by the words of the moves.

use super::words::Word;

/// Less than this in one move is a blob of rounding, not an extrusion, mm of filament.
const EXTRUDING_MM_MIN: f64 = 1e-6;

/// Position and modes.
#[derive(Debug)]
pub(super) struct Head {
    at: [f64; 3],
    e: f64,
    is_absolute: bool,
    e_is_absolute: bool,
    /// Filament pushed out; what a retract took back is owed first.
    extruded_mm: f64,
    retracted_mm: f64,
    box_mm: [f64; 4],
    max_z_mm: f64,
}

/// One move.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Plastic came out while moving sideways.
    pub(super) is_extruding: bool,
    /// Where it ended.
    pub(super) at: [f64; 3],
}

impl Default for Head {
    fn default() -> Self {
        Self {
            at: [0.0; 3],
            e: 0.0,
            is_absolute: true,
            e_is_absolute: true,
            extruded_mm: 0.0,
            retracted_mm: 0.0,
            box_mm: [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
            max_z_mm: 0.0,
        }
    }
}

impl Head {
    pub(super) const fn at(&self) -> [f64; 3] {
        self.at
    }

    pub(super) const fn home(&mut self) {
        self.at = [0.0; 3];
    }

    /// `G90`, `G91`: Marlin changes the extruder's mode with the axes.
    pub(super) const fn absolute(&mut self, is_absolute: bool) {
        self.is_absolute = is_absolute;
        self.e_is_absolute = is_absolute;
    }

    pub(super) const fn absolute_extrusion(&mut self, is_absolute: bool) {
        self.e_is_absolute = is_absolute;
    }

    /// `G92`.
    pub(super) fn set(&mut self, words: &[Word]) {
        for word in words {
            match axis(word.letter).and_then(|a| self.at.get_mut(a)) {
                Some(at) => *at = word.value,
                None if word.letter == 'E' => self.e = word.value,
                None => {}
            }
        }
    }

    /// A move, straight or arc: an arc is judged by its end.
    pub(super) fn go(&mut self, words: &[Word]) -> Step {
        let before = self.at;
        let mut pushed = 0.0;
        for word in words {
            if let Some(at) = axis(word.letter).and_then(|a| self.at.get_mut(a)) {
                *at = if self.is_absolute { word.value } else { *at + word.value };
            } else if word.letter == 'E' {
                pushed = if self.e_is_absolute { word.value - self.e } else { word.value };
                self.e = if self.e_is_absolute { word.value } else { self.e + word.value };
            }
        }
        let out = self.push(pushed);
        let [[x0, y0, _], [x, y, z]] = [before, self.at];
        let moved_sideways = (x - x0).abs() > f64::EPSILON || (y - y0).abs() > f64::EPSILON;
        let is_extruding = out > EXTRUDING_MM_MIN && moved_sideways;
        if is_extruding {
            let [west, south, east, north] = &mut self.box_mm;
            *west = west.min(x).min(x0);
            *south = south.min(y).min(y0);
            *east = east.max(x).max(x0);
            *north = north.max(y).max(y0);
            self.max_z_mm = self.max_z_mm.max(z);
        }
        Step { is_extruding, at: self.at }
    }

    /// Moves the filament; returns what really came out of the nozzle.
    fn push(&mut self, mm: f64) -> f64 {
        if mm < 0.0 {
            self.retracted_mm -= mm;
            return 0.0;
        }
        let repaid = mm.min(self.retracted_mm);
        self.retracted_mm -= repaid;
        self.extruded_mm += mm - repaid;
        mm - repaid
    }

    pub(super) const fn extruded_mm(&self) -> f64 {
        self.extruded_mm
    }

    pub(super) const fn box_mm(&self) -> [f64; 4] {
        self.box_mm
    }

    pub(super) const fn max_z_mm(&self) -> f64 {
        self.max_z_mm
    }
}

fn axis(letter: char) -> Option<usize> {
    match letter {
        'X' => Some(0),
        'Y' => Some(1),
        'Z' => Some(2),
        _ => None,
    }
}
