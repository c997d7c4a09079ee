//! The dialect: reports merged into one status, and the requests that are sent. Pure; tolerant of everything that
//! printers send (numbers as texts, unknown states, deltas, empty replies), and never more certain than the report.
use serde_json::{Map, Value, json};

/// Deepest nesting that is merged; reports have six levels.
const DEPTH_MAX: usize = 16;
/// Longest text kept of a report.
const TEXT_CHARS_MAX: usize = 200;
/// Codes whose low half is below this are information, not errors.
const ERROR_CODE_MIN: u32 = 0x4000;

/// What the printer says it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing since power-on.
    Idle,
    /// Prepares the job.
    Prepare,
    /// Slices on the printer, or waits for it.
    Slicing,
    /// Prints.
    Running,
    /// Holds.
    Pause,
    /// The last job ended well.
    Finish,
    /// The last job did not.
    Failed,
    /// A word that is not known.
    Other(String),
}

impl State {
    fn of(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "IDLE" => Self::Idle,
            "PREPARE" => Self::Prepare,
            "SLICING" => Self::Slicing,
            "RUNNING" => Self::Running,
            "PAUSE" => Self::Pause,
            "FINISH" => Self::Finish,
            "FAILED" => Self::Failed,
            other => Self::Other(cut(other)),
        }
    }

    /// The printer's own word.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Idle => "IDLE",
            Self::Prepare => "PREPARE",
            Self::Slicing => "SLICING",
            Self::Running => "RUNNING",
            Self::Pause => "PAUSE",
            Self::Finish => "FINISH",
            Self::Failed => "FAILED",
            Self::Other(word) => word,
        }
    }
}

/// What is known of the printer after all reports so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// What it does.
    pub state: State,
    /// Its id of the job: ours when we started it.
    pub task_id: String,
    /// The same, another field; firmwares differ in which one they keep.
    pub subtask_id: String,
    /// Name of the job.
    pub name: String,
    /// Share done, percent.
    pub percent: u64,
    /// Remaining minutes.
    pub remaining_min: Option<u64>,
    /// Layer, and layers.
    pub layer: (u64, u64),
    /// Nozzle and its target in °C.
    pub nozzle_c: (Option<f32>, Option<f32>),
    /// Bed and its target in °C.
    pub bed_c: (Option<f32>, Option<f32>),
    /// `MMMM_EEEE`, when it is an error.
    pub error: Option<String>,
    /// Developer Mode is off, as far as the printer says.
    pub developer_mode_off: bool,
}

/// A message from the printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A report was merged.
    Status,
    /// An answer to one of our commands.
    Answer {
        /// The command.
        command: String,
        /// The number we gave it.
        sequence: String,
        /// It says that it failed, with the reason.
        refused: Option<String>,
    },
    /// Anything else that is valid.
    Other,
    /// Not valid.
    Bad,
}

/// The merged status of one connection.
#[derive(Debug, Clone, Default)]
pub struct Merged(Map<String, Value>);

impl Merged {
    /// Takes a message as received.
    pub fn take(&mut self, payload: &[u8]) -> Message {
        let Ok(Value::Object(message)) = serde_json::from_slice(payload) else { return Message::Bad };
        let Some(Value::Object(print)) = message.get("print") else { return Message::Other };
        let command = text(print.get("command"));
        if command == "push_status" {
            for (key, value) in print {
                merge(self.0.entry(key.clone()).or_insert(Value::Null), value, 0);
            }
            return Message::Status;
        }
        let result = text(print.get("result")).to_ascii_lowercase();
        let reason = cut(&text(print.get("reason")));
        let refused = matches!(result.as_str(), "failed" | "fail" | "error").then_some(reason);
        Message::Answer { command, sequence: text(print.get("sequence_id")), refused }
    }

    /// What is known; `None` until the printer has said what it does **and** for which task. A delta may bring a state
    /// before the full report brings the ids; a state without its task proves nothing and must not look like another's.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        let state = State::of(self.0.get("gcode_state")?.as_str()?);
        let at = |key: &str| self.0.get(key);
        at("subtask_name").and(at("task_id").or(at("subtask_id")))?;
        Some(Status {
            state,
            task_id: text(at("task_id")),
            subtask_id: text(at("subtask_id")),
            name: cut(&text(at("subtask_name"))),
            percent: whole(at("mc_percent")).unwrap_or(0).min(100),
            remaining_min: whole(at("mc_remaining_time")),
            layer: (whole(at("layer_num")).unwrap_or(0), whole(at("total_layer_num")).unwrap_or(0)),
            nozzle_c: (decimal(at("nozzle_temper")), decimal(at("nozzle_target_temper"))),
            bed_c: (decimal(at("bed_temper")), decimal(at("bed_target_temper"))),
            error: error(at("print_error")),
            developer_mode_off: developer_mode_off(at("fun")),
        })
    }
}

/// Objects merge, lists of things with an `id` merge by it, everything else is replaced.
fn merge(old: &mut Value, new: &Value, depth: usize) {
    match (&mut *old, new) {
        (Value::Object(old), Value::Object(new)) if depth < DEPTH_MAX => {
            for (key, value) in new {
                merge(old.entry(key.clone()).or_insert(Value::Null), value, depth + 1);
            }
        }
        (Value::Array(old), Value::Array(new)) if depth < DEPTH_MAX && by_id(old) && by_id(new) => {
            for item in new {
                match old.iter_mut().find(|known| known.get("id") == item.get("id")) {
                    Some(known) => merge(known, item, depth + 1),
                    None => old.push(item.clone()),
                }
            }
        }
        _ => old.clone_from(new),
    }
}

fn by_id(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|item| item.get("id").is_some())
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn whole(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[expect(clippy::cast_possible_truncation, reason = "a temperature; f32 has more digits than any sensor")]
fn decimal(value: Option<&Value>) -> Option<f32> {
    let value = value?;
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number as f32)
}

/// `print_error` → `0500_400E`; codes below `0x4000` are no errors.
fn error(value: Option<&Value>) -> Option<String> {
    let code = u32::try_from(whole(value)?).ok()?;
    let (module, low) = (code >> 16, code & 0xFFFF);
    (low >= ERROR_CODE_MIN).then(|| format!("{module:04X}_{low:04X}"))
}

/// Bit `0x2000_0000` of `fun` set: Developer Mode is off (X1 and H2; P1 and A1 do not say).
fn developer_mode_off(value: Option<&Value>) -> bool {
    let hex = text(value);
    u64::from_str_radix(hex.trim_start_matches("0x"), 16).is_ok_and(|bits| bits & 0x2000_0000 != 0)
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

/// Our id as the firmware keeps it: a number from 1 to 2^31-1 (P1S clamps larger ones and then takes a new job for the
/// old one; "0" confuses observers). A small number stays as it is.
#[must_use]
pub fn wire_id(task_id: &str) -> u32 {
    const LARGEST: u64 = 2_147_483_646;
    match task_id.parse::<u64>() {
        Ok(small @ 1..=LARGEST) => u32::try_from(small).unwrap_or(1),
        Ok(_) | Err(_) => {
            let spread = task_id.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
            });
            u32::try_from(spread % LARGEST).unwrap_or(0) + 1
        }
    }
}

/// The job's name on the printer: readable, and ending with the whole task id.
#[must_use]
pub fn job_name(file_name: &str, task_id: &str) -> String {
    const READABLE_CHARS_MAX: usize = 40;
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let readable: String = file_name.chars().map(plain).take(READABLE_CHARS_MAX).collect();
    format!("{readable}_{task_id}")
}

/// Whether a status speaks of the task with this id: by number and, where the printer tells one, by name.
#[must_use]
pub fn is_task(status: &Status, task_id: &str) -> bool {
    let wire = wire_id(task_id).to_string();
    let by_number = status.task_id == wire || status.subtask_id == wire;
    let by_name = status.name.is_empty() || status.name.ends_with(&format!("_{task_id}"));
    by_number && by_name
}

/// A request: kind, command and number with its other fields.
fn request(kind: &str, command: &str, sequence: u64, fields: Value) -> Vec<u8> {
    let mut body = json!({ "sequence_id": sequence.to_string(), "command": command });
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    json!({ kind: body }).to_string().into_bytes()
}

/// Asks for a full report.
#[must_use]
pub fn push_all(sequence: u64) -> Vec<u8> {
    request("pushing", "pushall", sequence, json!({ "version": 1, "push_target": 1 }))
}

/// `pause`, `resume` or `stop`.
#[must_use]
pub fn simple(command: &str, sequence: u64) -> Vec<u8> {
    request("print", command, sequence, json!({ "param": "" }))
}

/// Starts an uploaded file. External spool, nothing that changes the plate.
#[must_use]
pub fn start(file: &str, name: &str, task_id: &str, sequence: u64) -> Vec<u8> {
    let id = wire_id(task_id).to_string();
    let fields = json!({
        "param": "Metadata/plate_1.gcode",
        "url": format!("ftp:///{file}"),
        "file": file,
        "md5": "",
        "subtask_name": name,
        "project_id": id,
        "profile_id": "0",
        "task_id": id,
        "subtask_id": id,
        "bed_type": "auto",
        "bed_leveling": true,
        "flow_cali": false,
        "vibration_cali": false,
        "layer_inspect": false,
        "timelapse": false,
        "use_ams": false,
        "ams_mapping": [-1],
    });
    request("print", "project_file", sequence, fields)
}

#[cfg(test)]
#[path = "bambu_tests.rs"]
mod tests;
