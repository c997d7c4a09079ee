//! PrusaLink's words, version 1 of its interface (Prusa-Link-Web spec/openapi.yaml). Pure.
use std::time::Duration;

use serde_json::Value;

use super::moonraker::{degrees, permille};
use super::status::{State, Status};
use crate::printer::types::Temperatures;

/// Printer, and the number of its job.
pub const STATUS: &str = "api/v1/status";
/// The job and its file.
pub const JOB: &str = "api/v1/job";
/// Longest text kept of an answer.
const TEXT_CHARS_MAX: usize = 200;

/// Where a file is put, asked for, started and deleted.
#[must_use]
pub fn file(storage: &str, name: &str) -> String {
    format!("api/v1/files/{storage}/{name}")
}

/// Where a job is paused, resumed (`/pause`, `/resume`) or deleted (nothing behind).
#[must_use]
pub fn job(id: &str, word: &str) -> String {
    format!("api/v1/job/{id}{word}")
}

/// Reads the answer to [`STATUS`], with that to [`JOB`] where there is one. `None`: it is none.
#[must_use]
pub fn status(answer: &Value, of_job: Option<&Value>) -> Option<Status> {
    let printer = answer.get("printer")?;
    let state = match printer.get("state")?.as_str()? {
        "IDLE" | "READY" => State::Idle,
        "BUSY" => State::Preparing,
        "PRINTING" => State::Printing,
        "PAUSED" => State::Paused,
        "FINISHED" => State::Finished,
        "STOPPED" => State::Cancelled,
        "ERROR" => State::Faulty("the printer shows an error".to_owned()),
        "ATTENTION" => State::NeedsPerson,
        other => State::Other(cut(other)),
    };
    let number = |key: &str| printer.get(key)?.as_f64().filter(|it| it.is_finite());
    let job = of_job.or_else(|| answer.get("job"));
    let id = |from: &Value| from.get("id")?.as_u64();
    let file = |key: &str| Some(cut(of_job?.get("file")?.get(key)?.as_str()?));
    let seconds = job.and_then(|job| job.get("time_remaining")?.as_u64());
    let done = job.and_then(|job| job.get("progress")?.as_f64()).filter(|it| it.is_finite()).unwrap_or(0.0);
    Some(Status {
        state,
        // `name` is the 8.3 name of the memory stick, which has no room for a task id.
        name: file("display_name").or_else(|| file("name")).unwrap_or_default(),
        job: job.and_then(id).map(|id| id.to_string()),
        permille: permille((done / 100.0).clamp(0.0, 1.0)),
        remaining: seconds.map(Duration::from_secs),
        temperatures: Temperatures {
            nozzle_c: number("temp_nozzle").map(degrees),
            nozzle_target_c: number("target_nozzle").map(degrees),
            bed_c: number("temp_bed").map(degrees),
            bed_target_c: number("target_bed").map(degrees),
        },
    })
}

/// The size that it has of a file.
#[must_use]
pub fn size(answer: &Value) -> Option<u64> {
    answer.get("size")?.as_u64()
}

/// Its reason for a refusal.
#[must_use]
pub fn reason(answer: &Value) -> Option<String> {
    let text = answer.get("message").or_else(|| answer.get("title"))?;
    Some(cut(text.as_str()?))
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_states_and_jobs_are_understood() {
        let table = [
            ("IDLE", State::Idle),
            ("READY", State::Idle),
            ("BUSY", State::Preparing),
            ("PRINTING", State::Printing),
            ("PAUSED", State::Paused),
            ("FINISHED", State::Finished),
            ("STOPPED", State::Cancelled),
            ("ATTENTION", State::NeedsPerson),
            ("ERROR", State::Faulty("the printer shows an error".to_owned())),
            ("REBOOT", State::Other("REBOOT".to_owned())),
        ];
        let job = json!({ "id": 42, "progress": 12.5, "time_remaining": 90,
            "file": { "name": "PLATE~1.GCO", "display_name": "plate_7.gcode" } });
        for (word, state) in table {
            let answer = json!({ "printer": { "state": word, "temp_nozzle": 215.0 }, "job": { "id": 42 } });
            let read = status(&answer, Some(&job)).unwrap();
            assert_eq!(read.state, state, "{word}");
            assert_eq!((read.name.as_str(), read.job.as_deref()), ("plate_7.gcode", Some("42")));
            assert_eq!((read.permille, read.remaining), (125, Some(Duration::from_secs(90))));
        }
        let bare = status(&json!({ "printer": { "state": "FINISHED" } }), None).unwrap();
        assert_eq!((bare.name.as_str(), bare.job), ("", None));
        assert_eq!(status(&json!({ "printer": {} }), None), None);
    }
}
