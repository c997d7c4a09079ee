//! What each command does, and what the one in the first slot waits for.
use super::firmware::{Firmware, Queued, Wait};
use crate::machine::gcode::Code;

/// How long homing takes, in s at normal speed.
const HOMING_S: f64 = 8.0;
/// Below this no filament moves (`EXTRUDE_MINTEMP`), in °C.
const EXTRUDE_MIN_C: f64 = 170.0;
/// M115 of a board with the usual options; the emergency parser is filled in.
const FIRMWARE: &str = "FIRMWARE_NAME:Marlin 2.1.2.1 (simulated) SOURCE_CODE_URL:github.com/MarlinFirmware/Marlin \
    PROTOCOL_VERSION:1.0 MACHINE_TYPE:Simulated EXTRUDER_COUNT:1 UUID:cede2a2f-41a2-4748-9b12-c55c62f367ff";
const CAPABILITIES: &[(&str, bool)] = &[
    ("SERIAL_XON_XOFF", false),
    ("BINARY_FILE_TRANSFER", false),
    ("EEPROM", false),
    ("AUTOREPORT_POS", false),
    ("AUTOREPORT_TEMP", true),
    ("PROGRESS", false),
    ("PRINT_JOB", true),
    ("SDCARD", true),
    ("AUTOREPORT_SD_STATUS", false),
    ("HOST_ACTION_COMMANDS", true),
    ("THERMAL_PROTECTION", true),
    ("ARCS", true),
];

impl Firmware {
    /// Goes on with the command in the first slot; true when something changed.
    pub(super) fn work(&mut self) -> bool {
        let Some(head) = self.queue.front().cloned() else { return false };
        match self.wait.take() {
            None => self.begin(&head),
            Some(wait) => match self.go_on(wait.clone()) {
                Some(still) => {
                    let changed = still != wait;
                    self.wait = Some(still);
                    return changed;
                }
                None => self.done(),
            },
        }
        true
    }

    /// What a waiting command still waits for; `None`: it is done.
    fn go_on(&mut self, wait: Wait) -> Option<Wait> {
        let speed = self.config.speed;
        match wait {
            Wait::Room(block) if self.has_room() => {
                self.plan(block);
                None
            }
            Wait::Drain if self.planner.is_empty() => None,
            Wait::DrainThenDwell(seconds) if self.planner.is_empty() => {
                Some(Wait::Until(self.now + seconds / speed))
            }
            Wait::DrainThenRelease if self.planner.is_empty() => {
                self.tally.freshen();
                None
            }
            Wait::DrainThenHome if self.planner.is_empty() => Some(Wait::Home(self.now + HOMING_S / speed)),
            Wait::Until(at) if self.now >= at => None,
            Wait::Home(at) if self.now >= at => {
                self.homed();
                None
            }
            Wait::Heat { nozzle } => {
                let ready = if nozzle { self.nozzle.is_ready() } else { self.bed.is_ready() };
                (!ready && !std::mem::take(&mut self.break_wait)).then_some(wait)
            }
            Wait::User if std::mem::take(&mut self.break_wait) => {
                self.say("//action:resume");
                None
            }
            still => Some(still),
        }
    }

    fn homed(&mut self) {
        if self.faults.homing_fails {
            self.kill("echo:Homing Failed");
            return;
        }
        self.is_homed = true;
        self.motion.home();
        self.tally.position = self.motion.at;
        self.tally.freshen();
        self.say("X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0");
    }

    fn begin(&mut self, head: &Queued) {
        if let Some(answer) = self.card.write(&head.text) {
            if !answer.is_empty() {
                self.say(answer.trim_end());
            }
            return self.done();
        }
        let Some(code) = Code::parse(&head.text) else {
            self.say(&format!("echo:Unknown command: \"{}\"", head.text));
            return self.done();
        };
        if self.config.klipper && self.answers_as_klipper(&code) {
            return;
        }
        self.break_wait = false;
        self.busy_at = self.now;
        self.wait = self.wait_of(&code);
        if self.wait.is_some() {
            return;
        }
        match code.command.as_str() {
            "M105" => self.done_with_temperatures(),
            _ => {
                self.at_once(&code);
                self.done();
            }
        }
    }

    /// For commands that take time: what they wait for.
    fn wait_of(&mut self, code: &Code) -> Option<Wait> {
        match code.command.as_str() {
            "G0" | "G1" | "G2" | "G3" => {
                let cold = self.nozzle.now_c < EXTRUDE_MIN_C;
                if cold && code.has('E') {
                    self.say("echo: cold extrusion prevented");
                }
                let block = self.motion.plan(code, cold);
                if self.has_room() {
                    self.plan(block);
                    return None;
                }
                Some(Wait::Room(block))
            }
            "G4" => {
                let seconds = code.number('S').or(code.number('P').map(|ms| ms / 1000.0)).unwrap_or(0.0);
                Some(Wait::DrainThenDwell(seconds.max(0.0)))
            }
            "G28" => Some(Wait::DrainThenHome),
            "G29" => Some(Wait::DrainThenDwell(20.0)),
            "M400" => Some(Wait::Drain),
            "M84" | "M18" => Some(Wait::DrainThenRelease),
            "M109" => {
                self.nozzle.target_c = target(code);
                (self.nozzle.target_c > 0.0).then_some(Wait::Heat { nozzle: true })
            }
            "M190" => {
                self.bed.target_c = target(code);
                (self.bed.target_c > 0.0).then_some(Wait::Heat { nozzle: false })
            }
            "M0" | "M1" | "M600" => {
                self.say("//action:paused");
                Some(Wait::User)
            }
            _ => None,
        }
    }

    fn at_once(&mut self, code: &Code) {
        if self.motion.mode(code) {
            return;
        }
        if let Some(answer) = self.card.command(&code.command, &code.text) {
            return answer.lines().filter(|line| !line.is_empty()).for_each(|line| self.say(line));
        }
        match code.command.as_str() {
            "G0" | "G1" | "G2" | "G3" | "M109" | "M190" => {} // Planned or already there.
            "M104" => self.nozzle.target_c = target(code),
            "M140" => self.bed.target_c = target(code),
            "M85" => (self.dead_man, self.moved_at) = (code.number('S').unwrap_or(0.0), self.now),
            "M110" => {
                if let Some(Queued { number: None, .. }) = self.queue.front() {
                    self.receiver.set_last(whole(code.number('N')));
                }
            }
            "M113" => self.busy_every = code.number('S').unwrap_or(2.0),
            "M155" => (self.report_every, self.report_at) = (code.number('S').unwrap_or(0.0), self.now),
            "M114" => self.say_position(),
            "M115" => self.say_capabilities(),
            "M118" => self.say(code.text.trim_start_matches("E1 ").trim_start_matches("A1 ")),
            "M75" => self.counters.timer_starts += 1,
            "M77" => self.counters.timer_stops += 1,
            "M78" => {
                let (prints, finished) = (self.counters.timer_starts, self.counters.timer_stops);
                self.say(&format!(
                    "Stats: Prints: {prints}, Finished: {finished}, Failed: {}",
                    prints.saturating_sub(finished)
                ));
            }
            "M410" => self.stop_moving(),
            "G21" | "M17" | "M73" | "M76" | "M106" | "M107" | "M108" | "M117" | "M201" | "M203" | "M204"
            | "M205" | "M220" | "M221" | "M302" | "M412" | "M420" | "T0" => {}
            other => self.say(&format!("echo:Unknown command: \"{other}\"")),
        }
    }

    fn say_position(&mut self) {
        let ([x, y, z], e) = (self.motion.at, self.motion.e);
        self.say(&format!("X:{x:.2} Y:{y:.2} Z:{z:.2} E:{e:.2} Count X:{x:.0} Y:{y:.0} Z:{z:.0}"));
    }

    fn say_capabilities(&mut self) {
        self.say(FIRMWARE);
        for (name, on) in CAPABILITIES.iter().chain(&[("EMERGENCY_PARSER", self.config.emergency_parser)]) {
            self.say(&format!("Cap:{name}:{}", u8::from(*on)));
        }
    }
}

/// The temperature of a heating command.
fn target(code: &Code) -> f64 {
    code.number('S').or(code.number('R')).unwrap_or(0.0).clamp(0.0, 500.0)
}

/// A line number out of a word.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float becomes the nearest line number, saturating"
)]
fn whole(number: Option<f64>) -> u32 {
    number.unwrap_or(0.0) as u32
}
