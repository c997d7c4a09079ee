//! One line of G-code taken apart: the command and its numbered words.

/// A parsed line. Letters are upper case.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    /// Letter and number of the command, such as `G1` or `M104`.
    pub command: String,
    words: Vec<(char, Option<f64>)>,
    /// Everything behind the command, for commands that carry text.
    pub text: String,
}

impl Code {
    /// Parses a line without number and checksum. `None` for a line without a command.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.split(';').next().unwrap_or_default().trim();
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut chars = first.chars();
        let letter = chars.next()?.to_ascii_uppercase();
        let number: u32 = chars.as_str().parse().ok()?;
        if !matches!(letter, 'G' | 'M' | 'T') {
            return None;
        }
        let words = rest
            .split_whitespace()
            .filter_map(|word| {
                let mut chars = word.chars();
                let letter = chars.next()?.to_ascii_uppercase();
                Some((letter, chars.as_str().parse::<f64>().ok().filter(|number| number.is_finite())))
            })
            .collect();
        Some(Self { command: format!("{letter}{number}"), words, text: rest.trim().to_owned() })
    }

    /// The number behind a letter.
    #[must_use]
    pub fn number(&self, letter: char) -> Option<f64> {
        self.words.iter().find(|(name, _)| *name == letter).and_then(|(_, number)| *number)
    }

    /// Whether a letter is there, with or without a number.
    #[must_use]
    pub fn has(&self, letter: char) -> bool {
        self.words.iter().any(|(name, _)| *name == letter)
    }
}
