//! The receiver: bytes from the line → numbered, checked command lines (Marlin `queue.cpp`, `e_parser.h`).
use std::collections::VecDeque;

/// Longest command with its terminator (`MAX_CMD_SIZE`).
const LINE_BYTES_MAX: usize = 96;

/// What the receiver makes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A command to be queued, and its number if it had one.
    Command {
        /// Without number and checksum.
        text: String,
        /// Its line number.
        number: Option<u32>,
    },
    /// A duplicate: dropped without a word.
    Duplicate,
    /// Refused: this complaint, then `Resend:` and `ok`; the receive ring is flushed.
    Refused(&'static str),
    /// Nothing but blanks or a comment: dropped without a word.
    Empty,
}

/// What the emergency parser saw in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgent {
    /// `M112`.
    Kill,
    /// `M108`.
    Continue,
    /// `M410`.
    QuickStop,
}

/// Receive ring and line counter.
#[derive(Debug, Default)]
pub struct Receiver {
    ring: VecDeque<u8>,
    ring_bytes_max: usize,
    /// Klipper: numbers and checksums are cut off and mean nothing, and an empty line is one.
    is_plain: bool,
    partial: Vec<u8>,
    last: u32,
    /// What the emergency parser has of the line that is arriving.
    early: Vec<u8>,
    /// Bytes that arrived while the ring was full.
    pub lost_bytes: u64,
    /// Bytes that came over the line since the last reset.
    pub received_bytes: u64,
}

impl Receiver {
    /// An empty receiver with a ring of so many bytes.
    #[must_use]
    pub fn new(ring_bytes_max: usize) -> Self {
        Self { ring_bytes_max, ..Self::default() }
    }

    /// A receiver as Klipper's: it looks at neither number nor checksum, and no line is too long.
    #[must_use]
    pub fn plain() -> Self {
        Self { ring_bytes_max: usize::MAX, is_plain: true, ..Self::default() }
    }

    /// The last line that was accepted.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.last
    }

    /// Takes the last line back, as if it had never arrived whole.
    pub fn unaccept(&mut self) {
        self.last = self.last.saturating_sub(1);
    }

    /// Sets the line counter (`M110 N…` without a number of its own).
    pub fn set_last(&mut self, last: u32) {
        self.last = last;
    }

    /// Takes a byte as the receive interrupt does. With the emergency parser it also looks at it.
    pub fn byte(&mut self, byte: u8, parser: bool) -> Option<Urgent> {
        self.received_bytes += 1;
        if self.ring.len() < self.ring_bytes_max {
            self.ring.push_back(byte);
        } else {
            self.lost_bytes += 1;
        }
        if !parser {
            return None;
        }
        if byte != b'\n' && byte != b'\r' {
            if self.early.len() < 8 {
                self.early.push(byte);
            }
            return None;
        }
        let line = std::mem::take(&mut self.early);
        let line = line.strip_prefix(b" ").unwrap_or(&line);
        urgent(line)
    }

    /// Drops what has not been looked at yet (`SERIAL_FLUSH`).
    pub fn flush(&mut self) {
        self.ring.clear();
    }

    /// The next complete line in the ring, checked.
    pub fn take(&mut self) -> Option<Line> {
        while let Some(byte) = self.ring.pop_front() {
            if byte == b'\n' || byte == b'\r' {
                if self.partial.is_empty() && !(self.is_plain && byte == b'\n') {
                    continue;
                }
                let line = std::mem::take(&mut self.partial);
                return Some(self.check(&line));
            }
            // What is too long is cut, and with it the checksum.
            if self.is_plain || self.partial.len() < LINE_BYTES_MAX - 1 {
                self.partial.push(byte);
            }
        }
        None
    }

    fn check(&mut self, line: &[u8]) -> Line {
        let text: String = line.iter().map(|byte| char::from(*byte)).collect();
        let text = text.trim_start();
        let text = text.split(';').next().unwrap_or_default();
        if self.is_plain {
            return plain(text);
        }
        let Some(rest) =
            text.strip_prefix('N').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
        else {
            let text = text.trim();
            return match text.is_empty() {
                true => Line::Empty,
                false => Line::Command { text: text.to_owned(), number: None },
            };
        };
        let renumbers = rest.contains("M110");
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let mut number: u32 = digits.parse().unwrap_or(0);
        if let (true, Some((_, second))) = (renumbers, rest.rsplit_once('N')) {
            let digits: String = second.chars().take_while(char::is_ascii_digit).collect();
            number = digits.parse().unwrap_or(number);
        }
        if !renumbers && Some(number) != self.last.checked_add(1) {
            if number == self.last || number.checked_add(1) == Some(self.last) {
                return Line::Duplicate;
            }
            return Line::Refused("Line Number is not Last Line Number+1");
        }
        let Some((body, sum)) = text.rsplit_once('*') else {
            return Line::Refused("No Checksum with line number");
        };
        let xor = body.chars().fold(0_u32, |sum, c| sum ^ u32::from(c));
        let digits: String = sum.chars().take_while(char::is_ascii_digit).collect();
        if digits.parse() != Ok(xor) {
            return Line::Refused("checksum mismatch");
        }
        self.last = number;
        let command =
            body.get(1..).unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit()).trim();
        Line::Command { text: command.to_owned(), number: Some(number) }
    }
}

/// A line as Klipper sees it.
fn plain(text: &str) -> Line {
    let numbered = text.strip_prefix('N').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let command = match numbered {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => text,
    };
    let command = command.split('*').next().unwrap_or_default().trim();
    match command.is_empty() {
        true => Line::Empty,
        false => Line::Command { text: command.to_owned(), number: None },
    }
}

/// A command that is obeyed out of turn.
#[must_use]
pub fn urgent(line: &[u8]) -> Option<Urgent> {
    match line.get(..4) {
        Some(b"M112") => Some(Urgent::Kill),
        Some(b"M108") => Some(Urgent::Continue),
        Some(b"M410") => Some(Urgent::QuickStop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(receiver: &mut Receiver, bytes: &str) -> Vec<Line> {
        for byte in bytes.bytes() {
            receiver.byte(byte, false);
        }
        std::iter::from_fn(|| receiver.take()).collect()
    }

    fn command(text: &str, number: u32) -> Line {
        Line::Command { text: text.to_owned(), number: Some(number) }
    }

    #[test]
    fn lines_are_accepted_refused_and_ignored_as_marlin_does() {
        let mut receiver = Receiver::new(1024);
        let mut is =
            |bytes: &str, expected: Line| assert_eq!(lines(&mut receiver, bytes), [expected], "{bytes:?}");
        is("N0 M110 N0*125\n", command("M110 N0", 0));
        is("N1 G28*18\n", command("G28", 1));
        is("N1 G28*18\n", Line::Duplicate);
        is("N2 G28*18\n", Line::Refused("checksum mismatch"));
        is("N2 G28\n", Line::Refused("No Checksum with line number"));
        is("N9 G28*26\n", Line::Refused("Line Number is not Last Line Number+1"));
        is("N2 G28*17\n", command("G28", 2));
        is("N1 G28*18\n", Line::Duplicate);
        is("M105 ; now\n", Line::Command { text: "M105".to_owned(), number: None });
        is("; nothing\n", Line::Empty);
        is("N0 M110 N500*120\n", command("M110 N500", 500));
    }

    #[test]
    fn an_over_long_line_loses_its_checksum_and_is_refused_for_ever() {
        let mut receiver = Receiver::new(1024);
        let body = format!("N1 M117 {}", "x".repeat(100));
        let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        for _ in 0..3 {
            let got = lines(&mut receiver, &format!("{body}*{sum}\n"));
            assert_eq!(got, [Line::Refused("No Checksum with line number")]);
        }
    }

    #[test]
    fn the_emergency_parser_needs_a_line_of_its_own() {
        let mut receiver = Receiver::new(1024);
        let mut seen =
            |bytes: &[u8]| bytes.iter().filter_map(|byte| receiver.byte(*byte, true)).collect::<Vec<_>>();
        assert_eq!(seen(b"N5 G1 X1M112\n"), []);
        assert_eq!(seen(b"N5 M112*36\n"), []);
        assert_eq!(seen(b"G1 X1\nM112\n"), [Urgent::Kill]);
        assert_eq!(seen(b"M108\nM410\n"), [Urgent::Continue, Urgent::QuickStop]);
    }
}
