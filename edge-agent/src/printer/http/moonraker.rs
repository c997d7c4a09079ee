//! Moonraker's words: where to ask, and what its answers mean (Moonraker docs, external API). Pure.
use std::time::Duration;

use serde_json::Value;

use super::status::{Outcome, Past, State, Status};
use crate::printer::types::Temperatures;

/// Everything that is asked for at once.
pub const STATUS: &str = "printer/objects/query?webhooks&print_stats&virtual_sdcard&extruder&heater_bed";
/// The newest jobs of its history.
pub const HISTORY: &str = "server/history/list?limit=50&order=desc";
/// Where a file is put.
pub const UPLOAD: &str = "server/files/upload";
/// The stop that waits for nothing.
pub const EMERGENCY: &str = "printer/emergency_stop";
/// Longest text kept of an answer.
const TEXT_CHARS_MAX: usize = 200;

/// `printer/print/{pause,resume,cancel}`.
#[must_use]
pub fn command(word: &str) -> String {
    format!("printer/print/{word}")
}

/// Where a file is started.
#[must_use]
pub fn start(name: &str) -> String {
    format!("printer/print/start?filename={name}")
}

/// Where a file's facts are.
#[must_use]
pub fn facts(name: &str) -> String {
    format!("server/files/metadata?filename={name}")
}

/// Where a file is deleted.
#[must_use]
pub fn file(name: &str) -> String {
    format!("server/files/gcodes/{name}")
}

/// Reads the answer to [`STATUS`]. `None`: it is none.
#[must_use]
pub fn status(answer: &Value) -> Option<Status> {
    let all = answer.get("result")?.get("status")?;
    let text = |part: &str, key: &str| cut(all.get(part)?.get(key)?.as_str()?).into();
    let text = |part: &str, key: &str| -> String {
        let found: Option<String> = text(part, key);
        found.unwrap_or_default()
    };
    let number = |part: &str, key: &str| all.get(part)?.get(key)?.as_f64().filter(|it| it.is_finite());
    let klippy = text("webhooks", "state");
    let word = text("print_stats", "state");
    let state = match klippy.as_str() {
        // After a shutdown print_stats goes on saying `paused`: only webhooks tells the truth.
        "shutdown" | "error" => State::Faulty(text("webhooks", "state_message")),
        "ready" => of_word(&word),
        other => State::Other(format!("klippy {other}")),
    };
    let done = number("virtual_sdcard", "progress").unwrap_or(0.0).clamp(0.0, 1.0);
    let spent = number("print_stats", "print_duration").unwrap_or(0.0).clamp(0.0, 1e8);
    Some(Status {
        state,
        name: text("print_stats", "filename"),
        job: None,
        permille: permille(done),
        remaining: (done > 0.01).then(|| Duration::from_secs_f64(spent / done * (1.0 - done))),
        temperatures: Temperatures {
            nozzle_c: number("extruder", "temperature").map(degrees),
            nozzle_target_c: number("extruder", "target").map(degrees),
            bed_c: number("heater_bed", "temperature").map(degrees),
            bed_target_c: number("heater_bed", "target").map(degrees),
        },
    })
}

fn of_word(word: &str) -> State {
    match word {
        "standby" => State::Idle,
        "printing" => State::Printing,
        "paused" => State::Paused,
        "complete" => State::Finished,
        "cancelled" => State::Cancelled,
        "error" => State::Failed,
        other => State::Other(other.to_owned()),
    }
}

/// Reads the answer to [`HISTORY`], oldest first.
#[must_use]
pub fn history(answer: &Value) -> Vec<Past> {
    let jobs = answer.get("result").and_then(|it| it.get("jobs")).and_then(Value::as_array);
    let entry = |job: &Value| {
        let outcome = match job.get("status")?.as_str()? {
            "in_progress" => Outcome::Running,
            "completed" => Outcome::Completed,
            "cancelled" => Outcome::Cancelled,
            // error, klippy_shutdown, klippy_disconnect, interrupted, server_exit
            _ => Outcome::Failed,
        };
        Some(Past { name: cut(job.get("filename")?.as_str()?), outcome })
    };
    let mut past: Vec<_> = jobs.into_iter().flatten().filter_map(entry).collect();
    past.reverse();
    past
}

/// The size that it has of a file, by the answer to [`facts`].
#[must_use]
pub fn size(answer: &Value) -> Option<u64> {
    answer.get("result")?.get("size")?.as_u64()
}

/// Its reason for a refusal.
#[must_use]
pub fn reason(answer: &Value) -> Option<String> {
    Some(cut(answer.get("error")?.get("message")?.as_str()?))
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
pub(super) fn permille(share: f64) -> u64 {
    (share * 1000.0).round() as u64
}

#[expect(clippy::cast_possible_truncation, reason = "a temperature; f32 has more digits than any sensor")]
pub(super) fn degrees(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(klippy: &str, state: &str) -> Value {
        json!({ "result": { "eventtime": 1.0, "status": {
            "webhooks": { "state": klippy, "state_message": "Heater extruder not heating" },
            "print_stats": { "state": state, "filename": "a_7.gcode", "print_duration": 30.0 },
            "virtual_sdcard": { "progress": 0.25 },
            "extruder": { "temperature": 209.9, "target": 210.0 },
            "heater_bed": { "temperature": 60.0, "target": 60.0 },
        } } })
    }

    #[test]
    fn klippers_own_state_comes_before_the_jobs() {
        let table = [
            ("ready", "standby", State::Idle),
            ("ready", "printing", State::Printing),
            ("ready", "paused", State::Paused),
            ("ready", "complete", State::Finished),
            ("ready", "cancelled", State::Cancelled),
            ("ready", "error", State::Failed),
            ("shutdown", "paused", State::Faulty("Heater extruder not heating".to_owned())),
            ("error", "standby", State::Faulty("Heater extruder not heating".to_owned())),
            ("startup", "standby", State::Other("klippy startup".to_owned())),
            ("ready", "dancing", State::Other("dancing".to_owned())),
        ];
        for (klippy, word, state) in table {
            assert_eq!(status(&answer(klippy, word)).unwrap().state, state, "{klippy} {word}");
        }
        let all = status(&answer("ready", "printing")).unwrap();
        assert_eq!((all.name.as_str(), all.permille), ("a_7.gcode", 250));
        assert_eq!(all.remaining, Some(Duration::from_secs(90)));
        assert_eq!(all.temperatures.nozzle_target_c, Some(210.0));
    }

    #[test]
    fn history_is_read_oldest_first_and_noise_is_left_out() {
        let answer = json!({ "result": { "jobs": [
            { "filename": "b_2.gcode", "status": "in_progress" },
            { "filename": 5, "status": "completed" },
            { "filename": "a_1.gcode", "status": "klippy_shutdown" },
        ] } });
        let found: Vec<_> = history(&answer).into_iter().map(|it| (it.name, it.outcome)).collect();
        let expected =
            [("a_1.gcode".to_owned(), Outcome::Failed), ("b_2.gcode".to_owned(), Outcome::Running)];
        assert_eq!(found, expected);
        assert_eq!(history(&json!([])), []);
        assert_eq!(status(&json!({ "result": {} })), None);
    }
}
