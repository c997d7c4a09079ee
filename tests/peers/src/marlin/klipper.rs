//! What Klipper does differently behind its serial pty (observed with klippy of August 2026): numbers and checksums mean
//! nothing and a duplicate is executed twice, every line is acknowledged even while shut down, a chunk that is not UTF-8
//! is dropped without a word, empty lines get an `ok`, there are no busy messages, and a line that cannot be executed is
//! skipped with `!!` and `ok`. It is no kinder than that.
use super::firmware::{Firmware, Power};
use crate::machine::gcode::Code;

/// Below this Klipper does not extrude (`min_extrude_temp`), in °C.
const EXTRUDE_MIN_C: f64 = 170.0;
const FIRMWARE: &str = "ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.12.0-272-simulated";

impl Firmware {
    /// Whether the lines of a chunk reach the queue: not when it is no UTF-8, and not while shut down.
    pub(super) fn takes_chunk(&mut self, bytes: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        if self.power != Power::Killed {
            return true;
        }
        for line in text.lines() {
            if line.trim() == "FIRMWARE_RESTART" {
                self.say("ok");
                let said = self.take_out();
                self.reset();
                self.say(String::from_utf8_lossy(&said).trim_end());
                return false;
            }
            let why = self.counters.killed_by.clone().unwrap_or_default();
            match line.trim() {
                // These two are answered in every state (klippy gcode.py, when_not_ready).
                "M105" => self.say("ok T:0"),
                "M115" => self.say(FIRMWARE),
                "" => self.say("ok"),
                _ => {
                    self.say(&format!("// {why}"));
                    self.say(&format!("!! {why}"));
                    self.say("ok");
                }
            }
        }
        false
    }

    /// The words of a shutdown.
    pub(super) fn say_shut_down(&mut self, reason: &str) {
        self.say(&format!("!! {reason}"));
        self.say("// Once the underlying issue is corrected, use the");
        self.say("// \"FIRMWARE_RESTART\" command to reset the firmware, reload the");
        self.say("// config, and restart the host software.");
        self.say("// Klipper state: Shutdown");
    }

    /// Commands that Klipper answers in its own way; true when this was one.
    pub(super) fn answers_as_klipper(&mut self, code: &Code) -> bool {
        let refused = match code.command.as_str() {
            "M115" => {
                self.queue.pop_front();
                self.say(FIRMWARE);
                return true;
            }
            "M112" => {
                self.obey(super::receive::Urgent::Kill);
                return true;
            }
            "M20" | "M27" | "M75" | "M77" | "M85" | "M113" | "M155" | "M108" | "M110" => {
                Some(format!("// Unknown command:\"{}\"", code.command))
            }
            "G0" | "G1" => self.move_refused(code).map(|why| format!("!! {why}")),
            _ => None,
        };
        let Some(words) = refused else { return false };
        self.say(&words);
        self.done();
        true
    }

    fn move_refused(&self, code: &Code) -> Option<String> {
        let moves = ['X', 'Y', 'Z'].iter().any(|axis| code.has(*axis));
        if moves && !self.is_homed {
            return Some("Must home axis first: 0.000 0.000 0.000 [0.000]".to_owned());
        }
        if code.number('E').is_some_and(|e| e > 0.0) && self.nozzle.now_c < EXTRUDE_MIN_C {
            return Some("Extrude below minimum temp".to_owned());
        }
        let mut planned = self.motion.clone();
        let to = planned.plan(code, false).to;
        let [width, depth] = self.config.bed_mm;
        let inside = |at: f64, most: f64| (-0.01..=most + 0.01).contains(&at);
        let [x, y, z] = to;
        (moves && !(inside(x, width) && inside(y, depth) && z >= -0.01))
            .then(|| format!("Move out of range: {x:.3} {y:.3} {z:.3} [0.000]"))
    }
}
