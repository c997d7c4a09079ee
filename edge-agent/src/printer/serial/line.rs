//! Lines on the wire: framing with number and checksum, cleaning of G-code lines, cutting of received bytes.
//! Pure: no port, no clock. Nothing that is not printable ASCII ever leaves through here (a byte that is not UTF-8
//! makes Klipper drop the whole chunk; text beyond ASCII is not defined for Marlin).
use std::fmt;

/// Longest received line kept; more is cut and counts as garbage. M115 of Marlin 2.1 has 250 bytes.
pub const REPLY_BYTES_MAX: usize = 1024;

/// XOR of all bytes, as Marlin, Klipper and Repetier compute it over everything before the `*`.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

/// A numbered line with checksum and line feed. The blank after the number is kept: a peer exists that dies
/// without it (OctoPrint's virtual printer).
#[must_use]
pub fn frame(number: u32, text: &str) -> Vec<u8> {
    let mut line = format!("N{number} {text}");
    let sum = checksum(line.as_bytes());
    line.push_str(&format!("*{sum}\n"));
    line.into_bytes()
}

/// What is wrong with a line of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineFault {
    /// Holds a byte that is not printable ASCII.
    Charset,
    /// Holds a `*`, which would end the line for the firmware's checksum.
    Star,
    /// Has its own line number.
    Numbered,
    /// Does not start with a letter and a number.
    NoCommand,
    /// Longer than the firmware takes, with number and checksum.
    TooLong {
        /// Bytes the line would have on the wire.
        bytes_n: usize,
        /// Bytes the firmware takes.
        bytes_max: usize,
    },
    /// A command that may not be in a job.
    Forbidden(String),
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Charset => f.write_str("has characters other than printable ASCII"),
            Self::Star => f.write_str("has a `*`"),
            Self::Numbered => f.write_str("has a line number of its own"),
            Self::NoCommand => f.write_str("does not start with a command such as G1"),
            Self::TooLong { bytes_n, bytes_max } => {
                write!(f, "has {bytes_n} bytes on the wire, the printer takes {bytes_max}")
            }
            Self::Forbidden(command) => write!(f, "has the command {command}, which a job may not contain"),
        }
    }
}

/// Strips the comment and surplus blanks of a job's line. `None`: nothing is left to send.
///
/// # Errors
/// [`LineFault`] for a line that no printer may get.
pub fn clean(raw: &[u8]) -> Result<Option<String>, LineFault> {
    let code = raw.split(|byte| *byte == b';').next().unwrap_or_default();
    if !code.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')) {
        return Err(LineFault::Charset);
    }
    let mut text = String::with_capacity(code.len());
    for word in code.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.extend(word.iter().map(|byte| char::from(*byte)));
    }
    if text.is_empty() {
        return Ok(None);
    }
    let mut bytes = text.bytes();
    let (first, second) = (bytes.next().unwrap_or(b' '), bytes.next().unwrap_or(b' '));
    if text.contains('*') {
        return Err(LineFault::Star);
    }
    if first.eq_ignore_ascii_case(&b'N') && second.is_ascii_digit() {
        return Err(LineFault::Numbered);
    }
    if !first.is_ascii_alphabetic() || !second.is_ascii_digit() {
        return Err(LineFault::NoCommand);
    }
    Ok(Some(text))
}

/// The command of a cleaned line in its usual form: `g01 X5` → `G1`.
#[must_use]
pub fn command(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let letter = word.chars().next().unwrap_or(' ').to_ascii_uppercase();
    let rest: String = word.chars().skip(1).take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let number = rest.trim_start_matches('0');
    let number =
        if number.is_empty() || number.starts_with('.') { format!("0{number}") } else { number.to_owned() };
    format!("{letter}{number}")
}

/// The number behind a letter in a cleaned line: `('S', "M104 S210")` → 210.
#[must_use]
pub fn value(text: &str, letter: char) -> Option<f64> {
    text.split(' ').skip(1).find_map(|word| {
        let mut chars = word.chars();
        let found = chars.next()?.eq_ignore_ascii_case(&letter);
        let number: f64 = if found { chars.as_str().parse().ok()? } else { return None };
        number.is_finite().then_some(number)
    })
}

/// Cuts received bytes into lines. Line feed and carriage return both end one; empty lines are dropped.
#[derive(Debug, Default)]
pub struct Splitter {
    partial: Vec<u8>,
    cut: bool,
}

impl Splitter {
    /// Takes bytes and gives the lines they complete. Bytes that are not UTF-8 become U+FFFD, so that noise can
    /// never stop the reader.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        for byte in bytes {
            if matches!(byte, b'\n' | b'\r') {
                if !self.partial.is_empty() && !self.cut {
                    each(&String::from_utf8_lossy(&self.partial));
                }
                self.partial.clear();
                self.cut = false;
            } else if self.partial.len() < REPLY_BYTES_MAX {
                self.partial.push(*byte);
            } else {
                self.cut = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_what_marlin_expects() {
        assert_eq!(frame(0, "M110 N0"), b"N0 M110 N0*125\n");
        assert_eq!(frame(5, "M112"), b"N5 M112*36\n");
    }

    #[test]
    fn job_lines_are_cleaned_or_refused() {
        let ok = |raw: &str| clean(raw.as_bytes()).map(|text| text.unwrap_or_default());
        assert_eq!(ok("G1  X1\t Y2 ; go").as_deref(), Ok("G1 X1 Y2"));
        assert_eq!(ok("G1 X1\r").as_deref(), Ok("G1 X1"));
        for empty in ["", "   ", "; only a comment", ";ü", "\r"] {
            assert_eq!(ok(empty).as_deref(), Ok(""), "{empty:?}");
        }
        assert_eq!(ok("M117 50 % done ; *").as_deref(), Ok("M117 50 % done"));
        for (raw, fault) in [
            ("M117 grün", LineFault::Charset),
            ("G1 X1\0", LineFault::Charset),
            ("G1 X1*33", LineFault::Star),
            ("N3 G1 X1", LineFault::Numbered),
            ("PRINT_START", LineFault::NoCommand),
            ("G", LineFault::NoCommand),
        ] {
            assert_eq!(ok(raw), Err(fault), "{raw:?}");
        }
    }

    #[test]
    fn commands_and_values_are_read() {
        for (text, expected) in
            [("g01 X5", "G1"), ("M0", "M0"), ("G00", "G0"), ("G92.1 X0", "G92.1"), ("T0", "T0")]
        {
            assert_eq!(command(text), expected, "{text}");
        }
        assert_eq!(value("G1 X.5 E-.8", 'e'), Some(-0.8));
        assert_eq!(value("G1 X.5", 'Y'), None);
        assert_eq!(value("G1 XNaN", 'X'), None);
    }

    #[test]
    fn received_bytes_are_cut_however_they_arrive() {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        let mut garbage = vec![b'x'; REPLY_BYTES_MAX + 5];
        garbage.push(b'\n');
        for chunk in [&b"o"[..], b"k\r\n\r", b"echo:a\nT:\xff 1\n", &garbage, b"ok 2\r"] {
            splitter.push(chunk, |line| lines.push(line.to_owned()));
        }
        assert_eq!(lines, ["ok", "echo:a", "T:\u{fffd} 1", "ok 2"]);
    }
}
