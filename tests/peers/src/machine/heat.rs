//! A heater with its block: rises at a rate, falls towards the room.

/// Room temperature in °C.
pub const AMBIENT_C: f64 = 21.0;
/// A heater counts as at its target within so many degrees.
const HYSTERESIS_C: f64 = 1.0;
/// Share of the difference to the room that is lost per second without power.
const LOSS_PER_S: f64 = 0.012;

/// One heater.
#[derive(Debug, Clone)]
pub struct Heater {
    /// Temperature now, in °C.
    pub now_c: f64,
    /// Target in °C; 0 is off.
    pub target_c: f64,
    /// Rise with power, in °C/s.
    rise_c_s: f64,
    /// The cable is broken: it is told to heat and does not.
    pub broken: bool,
    /// Seconds with a target set, at normal speed.
    pub on_s: f64,
    cold_s: f64,
}

impl Heater {
    /// A cold heater that rises so many degrees per second.
    #[must_use]
    pub fn new(rise_c_s: f64) -> Self {
        Self { now_c: AMBIENT_C, target_c: 0.0, rise_c_s, broken: false, on_s: 0.0, cold_s: 0.0 }
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: f64) {
        let heats = self.target_c > 0.0;
        if heats {
            self.on_s += seconds;
        }
        if heats && !self.broken && self.now_c < self.target_c {
            self.now_c = (self.now_c + self.rise_c_s * seconds).min(self.target_c);
        } else if !heats || self.broken {
            self.now_c = AMBIENT_C + (self.now_c - AMBIENT_C) * (-LOSS_PER_S * seconds).exp();
        } else if self.now_c > self.target_c {
            let floor = self.target_c.max(AMBIENT_C);
            self.now_c = (AMBIENT_C + (self.now_c - AMBIENT_C) * (-LOSS_PER_S * seconds).exp()).max(floor);
        }
        let lost = heats && self.broken && self.now_c + 4.0 < self.target_c;
        self.cold_s = if lost { self.cold_s + seconds } else { 0.0 };
    }

    /// Whether the target is reached.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        (self.now_c - self.target_c).abs() <= HYSTERESIS_C || self.now_c > self.target_c
    }

    /// Whether the firmware's protection must act: told to heat for 20 s without effect (Marlin: `THERMAL_PROTECTION`).
    #[must_use]
    pub fn is_runaway(&self) -> bool {
        self.cold_s >= 20.0
    }
}
