//! Follows the log of a process: the lines that tell of a transition by a field `milestone` with a fixed name.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::PathBuf,
};

use anyhow::Context as _;
use serde_json::Value;

/// Reads a log as it grows, from where the last look ended.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    offset: u64,
    /// The beginning of a line whose end is not written yet.
    rest: Vec<u8>,
}

impl Log {
    /// Follows `path` from its beginning; the file may come later.
    #[must_use]
    pub const fn of(path: PathBuf) -> Self {
        Self { path, offset: 0, rest: Vec::new() }
    }

    /// Names of the transitions since the last look, oldest first. An event that was taken in has its kind behind it.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn milestones(&mut self) -> anyhow::Result<Vec<String>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("open {}", self.path.display())),
        };
        file.seek(SeekFrom::Start(self.offset))?;
        let read = file.read_to_end(&mut self.rest)?;
        self.offset += u64::try_from(read)?;
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Ok(Vec::new()) };
        let lines: Vec<u8> = self.rest.drain(..=end).collect();
        Ok(String::from_utf8_lossy(&lines).lines().filter_map(milestone).collect())
    }
}

fn milestone(line: &str) -> Option<String> {
    // Cheap before exact: most lines are about something else.
    let line: Value = line.contains("\"milestone\"").then(|| serde_json::from_str(line).ok())??;
    let name = line.pointer("/fields/milestone")?.as_str()?;
    let kind = line.pointer("/fields/event.kind").and_then(Value::as_str);
    Some(kind.map_or_else(|| name.to_owned(), |kind| format!("{name} {kind}")))
}
