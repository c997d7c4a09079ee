//! A line of G-code as words, and the few comments that carry facts.

/// A letter and its number. Numbers come without a leading zero (`E.8`, `E-.8`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Word {
    pub(super) letter: char,
    pub(super) value: f64,
}

/// The command of a line without comment: `G1`, `M109`, `T0`. None for an empty line.
pub(super) fn command_of(code: &str) -> Option<String> {
    let first = code.split_ascii_whitespace().next()?;
    Some(first.to_ascii_uppercase())
}

/// The words behind the command. Commands with free text have none.
///
/// # Errors
/// The word that is not a letter with a finite number.
pub(super) fn words_of(code: &str) -> Result<Vec<Word>, String> {
    let mut parts = code.split_ascii_whitespace();
    if matches!(parts.next(), Some("M117" | "M118" | "m117" | "m118")) {
        return Ok(Vec::new());
    }
    parts
        .map(|part| {
            let mut chars = part.chars();
            let letter = chars.next().filter(char::is_ascii_alphabetic).ok_or_else(|| part.to_owned())?;
            let rest = chars.as_str();
            // A bare axis as in `G28 X` has no number.
            let value =
                if rest.is_empty() { 0.0 } else { rest.parse().map_err(|_not_a_number| part.to_owned())? };
            if f64::is_finite(value) {
                Ok(Word { letter: letter.to_ascii_uppercase(), value })
            } else {
                Err(part.to_owned())
            }
        })
        .collect()
}

/// Facts in comments: layers by their marks, time by PrusaSlicer's footer.
#[derive(Debug, Default)]
pub(super) struct Footer {
    pub(super) layers: u32,
    pub(super) time_s: u32,
}

impl Footer {
    pub(super) fn read(&mut self, line: &str) {
        if line == ";LAYER_CHANGE" {
            self.layers = self.layers.saturating_add(1);
        } else if let Some(time) = line.strip_prefix("; estimated printing time (normal mode) = ") {
            self.time_s = seconds(time);
        }
    }
}

/// `1d 3h 31m 41s` in seconds; 0 where it is something else.
fn seconds(text: &str) -> u32 {
    text.split_ascii_whitespace().fold(0_u32, |sum, part| {
        let unit = match part.chars().next_back() {
            Some('d') => 86_400,
            Some('h') => 3_600,
            Some('m') => 60,
            Some('s') => 1,
            _ => 0,
        };
        let number: u32 = part.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().unwrap_or(0);
        sum.saturating_add(number.saturating_mul(unit))
    })
}

#[cfg(test)]
mod tests {
    use super::{Word, seconds, words_of};

    #[test]
    fn numbers_without_a_leading_zero_are_numbers() {
        let word = |letter, value| Word { letter, value };
        let read = words_of("G1 X10.5 Y-3 Z.4 E-.8 F9000").unwrap();
        assert_eq!(
            read,
            [word('X', 10.5), word('Y', -3.0), word('Z', 0.4), word('E', -0.8), word('F', 9000.0)]
        );
        for bad in ["G1 Xnan", "G1 X1e999", "G1 X1.2.3", "G1 5"] {
            assert!(words_of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_read_as_the_slicer_writes_them() {
        for (text, s) in [("3h 31m 41s", 12_701), ("1d 0h 0m 5s", 86_405), ("52s", 52), ("soon", 0)] {
            assert_eq!(seconds(text), s, "{text}");
        }
    }
}
