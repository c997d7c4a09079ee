//! What a received line means. Pure; the order of the questions is the order in which firmwares can be confused:
//! `ok` counts at the start of a line only (`echo:SD card ok` is none), fatal words before harmless errors, reports
//! before information. Never fails: what it does not know is [`Reply::Other`].
use firmware_profiles::Firmware;

pub use crate::printer::types::Temperatures;

/// Longest text kept of a message, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// The meaning of one line.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// One acknowledgement.
    Ok {
        /// The line it names (`ok N12 P15 B3`, Repetier `ok 12`): then it covers every line up to it.
        line: Option<u32>,
        /// Temperatures on the same line: the answer to M105.
        temperatures: Option<Temperatures>,
        /// Free command slots (the `B3` of `ADVANCED_OK`).
        free: Option<u32>,
    },
    /// Asks to go back to a line.
    Resend {
        /// The line to be sent next.
        line: u32,
    },
    /// Complains about a line; a [`Reply::Resend`] follows as a rule.
    BadLine,
    /// Alive, still working.
    Busy,
    /// Waits for a person; nothing will move.
    BusyUser,
    /// Idle with an empty buffer.
    Wait,
    /// The board started anew.
    Banner,
    /// A temperature report that is not an answer.
    Temperatures(Temperatures),
    /// Position report.
    Position {
        /// Z in mm.
        z_mm: Option<f32>,
    },
    /// `Cap:NAME:0|1`.
    Capability {
        /// Name without the prefix.
        name: String,
        /// Whether the firmware has it.
        on: bool,
    },
    /// `FIRMWARE_NAME:…`.
    Firmware(String),
    /// `//action:…`.
    Action(String),
    /// Bytes of a file on the printer's own card, printed and whole.
    CardProgress {
        /// Bytes done.
        done: u64,
        /// Bytes of the file.
        whole: u64,
    },
    /// Nothing is printed from the card.
    CardIdle,
    /// Halted: only a reset helps.
    Fatal(String),
    /// Stopped until M999.
    Stopped(String),
    /// An error that is neither.
    Error(String),
    /// Anything else.
    Other,
}

/// Says what a line means in the words of a firmware.
#[must_use]
pub fn classify(line: &str, firmware: &Firmware) -> Reply {
    let text = line.trim();
    let lower = text.to_ascii_lowercase();
    if let Some(rest) = after_word(text, "ok") {
        return Reply::Ok { line: ok_line(rest), temperatures: temperatures(rest), free: free_slots(rest) };
    }
    if let Some(line) = resend(&lower) {
        return Reply::Resend { line };
    }
    if firmware.banners.iter().any(|banner| banner == text) {
        return Reply::Banner;
    }
    if let Some(rest) = lower.strip_prefix("echo:busy:").or_else(|| lower.strip_prefix("busy:")) {
        let user = rest.contains("paused for user") || rest.contains("paused for input");
        return if user { Reply::BusyUser } else { Reply::Busy };
    }
    if lower == "wait" {
        return Reply::Wait;
    }
    if let Some(trouble) = trouble(text, &lower, firmware) {
        return trouble;
    }
    report(text, &lower)
}

/// `word` at the start, followed by nothing or a blank.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(rest)
}

/// ` N12 P15 B3` or ` 12` → 12.
fn ok_line(rest: &str) -> Option<u32> {
    let word = rest.split(' ').find(|word| !word.is_empty())?;
    word.strip_prefix('N').unwrap_or(word).parse().ok()
}

/// ` N12 P15 B3` → 3.
fn free_slots(rest: &str) -> Option<u32> {
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    words.next().filter(|word| word.starts_with('N'))?;
    words.find_map(|word| word.strip_prefix('B'))?.parse().ok()
}

/// The name in `FIRMWARE_NAME:Marlin 2.1.2.1 SOURCE_CODE_URL:…`, alone on a line or behind an `ok`.
#[must_use]
pub fn firmware_name(line: &str) -> Option<String> {
    let line = line.trim();
    let rest = after_word(line, "ok").unwrap_or(line).trim_start().strip_prefix("FIRMWARE_NAME:")?;
    // Values hold blanks: the next key ends this one.
    let is_key = |word: &str| {
        word.split_once(':')
            .is_some_and(|(key, _)| key.len() > 3 && key.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
    };
    let words: Vec<&str> = rest.split(' ').take_while(|word| !is_key(word)).collect();
    let name = cut(words.join(" ").trim());
    (!name.is_empty()).then_some(name)
}

/// `resend: 13`, `resend:n13`, `rs 13`, `rs n13` → 13.
fn resend(lower: &str) -> Option<u32> {
    let rest = match lower.strip_prefix("resend") {
        Some(rest) => rest,
        None => after_word(lower, "rs")?,
    };
    rest.trim_start_matches([':', ' ']).trim_start_matches('n').parse().ok()
}

fn trouble(text: &str, lower: &str, firmware: &Firmware) -> Option<Reply> {
    let says = |words: &[String]| words.iter().any(|word| lower.contains(&word.to_ascii_lowercase()));
    let error = ["error:", "!!", "fatal:", "alarm:"].iter().any(|start| lower.starts_with(start));
    // Klipper tells its state behind `// `; `//action:` and `// action:` are words to the host.
    let told = lower.starts_with("echo:") || (lower.starts_with("// ") && !lower.starts_with("// action:"));
    if !error && !told {
        return None;
    }
    if says(&firmware.fatal) {
        return Some(Reply::Fatal(cut(text)));
    }
    if says(&firmware.stopped) {
        return Some(Reply::Stopped(cut(text)));
    }
    if !error {
        return None;
    }
    let comms = ["checksum", "line number", "expected line", "format error"];
    if comms.iter().any(|word| lower.contains(word)) {
        return Some(Reply::BadLine);
    }
    Some(Reply::Error(cut(text)))
}

fn report(text: &str, lower: &str) -> Reply {
    if let Some(action) = text.strip_prefix("//action:").or_else(|| text.strip_prefix("// action:")) {
        return Reply::Action(cut(action));
    }
    if let Some(cap) = text.strip_prefix("Cap:")
        && let Some((name, on)) = cap.split_once(':')
    {
        return Reply::Capability { name: cut(name), on: on.trim() == "1" };
    }
    if let Some(name) = firmware_name(text) {
        return Reply::Firmware(name);
    }
    if let Some(rest) = lower.strip_prefix("sd printing byte ")
        && let Some((done, whole)) = rest.split_once('/')
        && let (Ok(done), Ok(whole)) = (done.trim().parse(), whole.trim().parse())
    {
        return Reply::CardProgress { done, whole };
    }
    if lower == "not sd printing" || lower == "done printing file" {
        return Reply::CardIdle;
    }
    if text.starts_with("X:") {
        return Reply::Position { z_mm: number_after(text, "Z:") };
    }
    match temperatures(text) {
        Some(found) => Reply::Temperatures(found),
        None => Reply::Other,
    }
}

/// ` T:19.37 /0.00 B:19.37 /0.00 @:0`, `T:21.3/ 0.0`, `T0:25.0 /0.0` → temperatures.
fn temperatures(text: &str) -> Option<Temperatures> {
    let nozzle = reading(text, "T:").or_else(|| reading(text, "T0:"));
    let bed = reading(text, "B:");
    if nozzle.is_none() && bed.is_none() {
        return None;
    }
    Some(Temperatures {
        nozzle_c: nozzle.map(|(now, _)| now),
        nozzle_target_c: nozzle.and_then(|(_, target)| target),
        bed_c: bed.map(|(now, _)| now),
        bed_target_c: bed.and_then(|(_, target)| target),
    })
}

/// The reading behind a key that starts a word, with its target.
fn reading(text: &str, key: &str) -> Option<(f32, Option<f32>)> {
    let at = text.match_indices(key).map(|(at, _)| at).find(|at| {
        let before = text.as_bytes().get(at.wrapping_sub(1));
        *at == 0 || before == Some(&b' ')
    })?;
    let rest = text.get(at + key.len()..)?.trim_start();
    let (now, rest) = number(rest)?;
    let target = rest
        .trim_start()
        .strip_prefix('/')
        .and_then(|rest| number(rest.trim_start()))
        .map(|(target, _)| target);
    Some((now, target))
}

/// A decimal number at the start, and what follows it.
fn number(text: &str) -> Option<(f32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let number: f32 = digits.parse().ok()?;
    number.is_finite().then_some((number, rest))
}

fn number_after(text: &str, key: &str) -> Option<f32> {
    let at = text.find(key)?;
    number(text.get(at + key.len()..)?.trim_start()).map(|(number, _)| number)
}

/// A text for people and logs: bounded, without control characters.
fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
