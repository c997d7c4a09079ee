//! The printer behind broker and FTPS server: its states, its commands, and the G-code it executes. Gets the time from
//! outside; knows no network.
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Config;
use crate::machine::gcode::Code;
use crate::machine::heat::Heater;
use crate::machine::motion::Motion;
use crate::machine::tally::Tally;

/// `MMMM_EEEE` as a number: cancelled by a person.
const CANCELLED: u32 = 0x0500_400E;
/// A start while something runs.
const BUSY: u32 = 0x0500_4004;
/// The file of a start cannot be read.
const NO_FILE: u32 = 0x0500_4003;
/// How long homing takes, in s at normal speed.
const HOMING_S: f64 = 10.0;
/// Below this no filament moves, in °C.
const EXTRUDE_MIN_C: f64 = 170.0;

/// What goes wrong, until it is told otherwise.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "the words of a request, each independent of the others")]
pub struct Faults {
    /// Unsigned print commands are refused (Developer Mode off).
    pub verify_fail: bool,
    /// Commands vanish.
    pub drop_cmd: bool,
    /// No more reports; the connection lives.
    pub silent: bool,
    /// Says success and does nothing.
    pub lying_ok: bool,
    /// The running job stops with an error of the printer.
    pub print_error: bool,
    /// Every report twice.
    pub dup_report: bool,
    /// Reports cut in half.
    pub bad_json: bool,
    /// A start while busy ends the running job (seen on an A1 mini).
    pub busy_kill: bool,
    /// Time in PREPARE, in ms of real time, instead of the usual one.
    pub slow_start_ms: Option<u64>,
    /// Forgets its job and all it knows, once: the power was cut.
    pub power_cut: bool,
    /// Breaks every connection to its broker and starts it anew, once.
    pub restart_broker: bool,
}

/// `gcode_state` of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Nothing since power-on.
    Idle,
    /// Reads the file, heats.
    Prepare,
    /// Prints.
    Running,
    /// Held.
    Pause,
    /// The last job ended well.
    Finish,
    /// The last job did not.
    Failed,
}

/// A job that is executed.
#[derive(Debug)]
struct Job {
    lines: Vec<String>,
    next: usize,
    /// Seconds at normal speed that the present line still takes.
    left_s: f64,
}

/// Counts beside the physical tally.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counters {
    /// `project_file` received.
    pub start_commands: u64,
    /// `project_file` that began a job.
    pub starts_taken: u64,
    /// Commands received.
    pub commands: u64,
    /// Full reports asked for.
    pub pushalls: u64,
}

/// The printer.
#[derive(Debug)]
pub struct Machine {
    config: Config,
    /// What physically happened.
    pub tally: Tally,
    /// What was asked.
    pub counters: Counters,
    /// What goes wrong.
    pub faults: Faults,
    /// Its state.
    pub state: State,
    /// Heaters: nozzle, bed.
    pub heaters: [Heater; 2],
    motion: Motion,
    job: Option<Job>,
    running_at: f64,
    print_error: u32,
    hms: Vec<(u32, u32)>,
    ids: [String; 3],
    subtask_name: String,
    gcode_file: String,
    percent: u64,
    remaining_min: u64,
    layers: [u64; 2],
    speed_level: u64,
    now: f64,
}

impl Machine {
    /// A printer that is switched on.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            tally: Tally::new(config.bed_mm),
            config,
            counters: Counters::default(),
            faults: Faults::default(),
            state: State::Idle,
            heaters: [Heater::new(4.0), Heater::new(1.0)],
            motion: Motion::default(),
            job: None,
            running_at: 0.0,
            print_error: 0,
            hms: Vec::new(),
            ids: ["0", "0", "0"].map(str::to_owned),
            subtask_name: String::new(),
            gcode_file: String::new(),
            percent: 0,
            remaining_min: 0,
            layers: [0, 0],
            speed_level: 2,
            now: 0.0,
        }
    }

    /// Whether a job is in hand.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self.state, State::Prepare | State::Running | State::Pause)
    }

    /// The power was cut and is back: everything but the plastic on the bed is forgotten.
    pub fn power_cut(&mut self) {
        let (tally, counters) = (self.tally.clone(), self.counters.clone());
        *self = Self::new(self.config.clone());
        (self.tally, self.counters) = (tally, counters);
        self.tally.freshen();
    }

    /// Lets `seconds` of real time pass, up to `now`.
    pub fn step(&mut self, now: f64, seconds: f64) {
        self.now = now;
        let mut budget = seconds * self.config.speed;
        if self.state == State::Prepare && now >= self.running_at {
            self.state = State::Running;
        }
        if self.faults.print_error && self.state == State::Running {
            (self.state, self.print_error) = (State::Pause, 0x0300_8004);
            self.faults.print_error = false;
        }
        while self.state == State::Running && budget > 0.0 {
            let Some(job) = &mut self.job else { break };
            if job.left_s > 0.0 {
                let part = job.left_s.min(budget);
                job.left_s -= part;
                budget -= part;
                self.heat(part);
                continue;
            }
            budget -= self.next_line(budget);
        }
        self.heat(budget.max(0.0));
    }

    fn heat(&mut self, seconds: f64) {
        for heater in &mut self.heaters {
            heater.pass(seconds);
        }
    }

    /// Executes the next line of the job; gives the seconds that were spent waiting.
    fn next_line(&mut self, budget: f64) -> f64 {
        let Some(job) = &mut self.job else { return 0.0 };
        let total = job.lines.len().max(1);
        self.percent = u64::try_from(job.next * 100 / total).unwrap_or(100);
        let Some(line) = job.lines.get(job.next).cloned() else {
            self.finish();
            return 0.0;
        };
        let Some(code) = Code::parse(&line) else {
            job.next += 1;
            return 0.0;
        };
        if let Some(heater) = match code.command.as_str() {
            "M109" => Some(0),
            "M190" => Some(1),
            _ => None,
        } && let Some(heater) = self.heaters.get_mut(heater)
        {
            heater.target_c = code.number('S').unwrap_or(0.0);
            if heater.target_c > 0.0 && !heater.is_ready() {
                let slice = budget.min(1.0);
                self.heat(slice);
                return slice; // The line stays until the temperature is there.
            }
        }
        if let Some(job) = &mut self.job {
            job.next += 1;
        }
        self.execute(&code);
        0.0
    }

    fn execute(&mut self, code: &Code) {
        if self.motion.mode(code) {
            return;
        }
        let takes = |machine: &mut Self, seconds: f64| {
            if let Some(job) = &mut machine.job {
                job.left_s = seconds;
            }
        };
        match code.command.as_str() {
            "G0" | "G1" | "G2" | "G3" => {
                let cold = self.heaters.first().is_none_or(|nozzle| nozzle.now_c < EXTRUDE_MIN_C);
                let block = self.motion.plan(code, cold);
                self.tally.moved(&block);
                takes(self, block.seconds);
            }
            "G28" => {
                self.motion.home();
                self.tally.position = self.motion.at;
                takes(self, HOMING_S);
            }
            "G4" => takes(self, code.number('S').unwrap_or(0.0).max(0.0)),
            "M104" => self.heaters[0].target_c = code.number('S').unwrap_or(0.0),
            "M140" => self.heaters[1].target_c = code.number('S').unwrap_or(0.0),
            "M73" => {
                self.remaining_min = code.number('R').map_or(self.remaining_min, whole);
                self.layers[0] = code.number('L').map_or(self.layers[0], whole);
            }
            _ => {}
        }
    }

    fn finish(&mut self) {
        (self.state, self.percent, self.remaining_min, self.job) = (State::Finish, 100, 0, None);
        self.cool();
    }

    fn cool(&mut self) {
        for heater in &mut self.heaters {
            heater.target_c = 0.0;
        }
    }

    /// Somebody starts a job at the display.
    pub fn print_at_display(&mut self, name: &str, gcode: &str, now: f64) {
        self.begin(name, gcode, &json!({ "subtask_name": name, "task_id": "0", "subtask_id": "0" }), now);
    }

    /// A job begins, with the ids and the name of its request.
    pub fn begin(&mut self, file: &str, gcode: &str, request: &Value, now: f64) {
        let text = |key: &str| match request.get(key) {
            Some(Value::String(text)) => clamp(text),
            Some(other) => clamp(&other.to_string()),
            None => "0".to_owned(),
        };
        self.ids = [text("project_id"), text("task_id"), text("subtask_id")];
        self.subtask_name = request.get("subtask_name").and_then(Value::as_str).unwrap_or("").to_owned();
        self.gcode_file = file.to_owned();
        let layers = gcode.lines().filter(|line| line.starts_with(";LAYER_CHANGE")).count();
        self.layers = [0, u64::try_from(layers).unwrap_or(0)];
        let lines = gcode.lines().map(str::to_owned).collect();
        self.job = Some(Job { lines, next: 0, left_s: 0.0 });
        self.tally.begin(file);
        self.tally.filament_known();
        (self.state, self.percent, self.print_error) = (State::Prepare, 0, 0);
        let prepare_ms = self.faults.slow_start_ms.unwrap_or(self.config.prepare_ms);
        self.running_at = now + std::time::Duration::from_millis(prepare_ms).as_secs_f64();
    }

    /// Takes a command under `print`; `file` reads the G-code of a path on the card. Gives result and reason, or nothing
    /// where the printer does not answer.
    pub fn command(
        &mut self,
        body: &Value,
        now: f64,
        file: impl Fn(&str) -> Option<String>,
    ) -> Option<(&'static str, &'static str)> {
        self.counters.commands += 1;
        let command = body.get("command").and_then(Value::as_str).unwrap_or("");
        if command == "project_file" {
            self.counters.start_commands += 1;
        }
        if self.faults.drop_cmd {
            return None;
        }
        if self.faults.verify_fail {
            self.hms = vec![(0x0500_0500, 0x0001_0007)];
            return Some(("failed", "mqtt message verify failed"));
        }
        match command {
            "project_file" => self.project_file(body, now, file),
            "pause" if self.state == State::Running => self.state = State::Pause,
            "resume" if self.state == State::Pause => (self.state, self.print_error) = (State::Running, 0),
            "stop" if self.is_busy() => {
                (self.state, self.print_error, self.job) = (State::Failed, CANCELLED, None);
                self.cool();
            }
            "clean_print_error" => self.print_error = 0,
            "print_speed" => {
                let level = body.get("param").and_then(Value::as_str).and_then(|text| text.parse().ok());
                self.speed_level = level.unwrap_or(self.speed_level);
            }
            _ => {}
        }
        Some(("success", "success"))
    }

    fn project_file(&mut self, body: &Value, now: f64, file: impl Fn(&str) -> Option<String>) {
        if self.is_busy() {
            if self.faults.busy_kill {
                (self.state, self.job) = (State::Failed, None);
                self.cool();
            }
            self.print_error = BUSY;
            return;
        }
        if self.faults.lying_ok {
            return;
        }
        let url = body.get("url").and_then(Value::as_str).unwrap_or("");
        let path = url.split_once("://").map_or(url, |(_, path)| path).trim_start_matches('/');
        match file(path) {
            None => (self.state, self.print_error) = (State::Failed, NO_FILE),
            Some(gcode) => {
                self.counters.starts_taken += 1;
                self.begin(path, &gcode, body, now);
            }
        }
    }

    /// Everything that a report may carry.
    #[must_use]
    pub fn status(&self) -> Value {
        let [nozzle, bed] = &self.heaters;
        let [project_id, task_id, subtask_id] = &self.ids;
        let tenth = |number: f64| (number * 10.0).round() / 10.0;
        let hms: Vec<_> = self.hms.iter().map(|(attr, code)| json!({ "attr": attr, "code": code })).collect();
        json!({
            "gcode_state": self.state,
            "mc_percent": self.percent,
            "mc_remaining_time": self.remaining_min,
            "layer_num": self.layers[0],
            "total_layer_num": self.layers[1],
            "nozzle_temper": tenth(nozzle.now_c),
            "nozzle_target_temper": nozzle.target_c,
            "bed_temper": tenth(bed.now_c),
            "bed_target_temper": bed.target_c,
            "print_error": self.print_error,
            "hms": hms,
            "project_id": project_id,
            "task_id": task_id,
            "subtask_id": subtask_id,
            "subtask_name": self.subtask_name,
            "gcode_file": self.gcode_file,
            "spd_lvl": self.speed_level,
            "stg_cur": match self.state { State::Running => 0, State::Prepare => 2, _ => -1 },
            "sdcard": true,
            // Radio noise: what keeps an idle printer reporting.
            "wifi_signal": format!("-{}dBm", 45 + whole(self.now) % 3),
            "home_flag": 256,
            "lights_report": [{ "node": "chamber_light", "mode": "on" }],
            "ams": { "ams": [], "ams_exist_bits": "0", "tray_now": "255" },
            "vt_tray": { "id": "254", "tray_type": "" },
        })
    }
}

/// Identifiers are 32 bit numbers in the firmware: larger ones become the largest (seen on P1S).
fn clamp(text: &str) -> String {
    match text.parse::<u128>() {
        Ok(number) if number > 2_147_483_647 => "2147483647".to_owned(),
        Ok(_) | Err(_) => text.to_owned(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small count out of a word, saturating"
)]
fn whole(number: f64) -> u64 {
    number as u64
}
