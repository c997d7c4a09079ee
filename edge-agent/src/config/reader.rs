//! The settings file and the environment as single values with their place, and every fault that was found.
//!
//! A value that nobody asked for is a fault too: a misspelt key never passes for the default.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

/// Start of our variables in the environment.
const PREFIX: &str = "EDGE_AGENT__";

/// One thing that is wrong with the settings; printed as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// File and line, or the variable.
    pub place: String,
    /// The key: `web.listen`, `printer[2].id`.
    pub key: String,
    /// What is wrong and what is expected.
    pub text: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.key, self.text)
    }
}

#[derive(Debug, Clone)]
enum Raw {
    Text(String),
    Whole(i64),
    Flag(bool),
    Other(&'static str),
}

#[derive(Debug, Clone)]
struct Found {
    raw: Raw,
    place: String,
}

/// All values that were given, and the faults so far.
#[derive(Debug, Default)]
pub(super) struct Reader {
    found: BTreeMap<String, Found>,
    faults: Vec<Fault>,
    file: String,
}

impl Reader {
    /// Reads `file` (none: only the environment) and `environment`.
    pub(super) fn new(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut reader = Self { file: "the settings".into(), ..Self::default() };
        if let Some(path) = file {
            reader.file = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => reader.take_file(&text),
                Err(error) => reader.wrong("file", format!("cannot be read: {error}")),
            }
        }
        for (variable, value) in environment {
            if let Some(rest) = variable.strip_prefix(PREFIX) {
                let key = rest.to_lowercase().replace("__", ".");
                let place = format!("the variable {variable}");
                reader.found.insert(key, Found { raw: Raw::Text(value), place });
            }
        }
        reader
    }

    fn take_file(&mut self, text: &str) {
        let line_of = |at: usize| 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
        match DeTable::parse(text) {
            Ok(root) => self.flatten("", root.get_ref(), &line_of),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(span.start));
                let place = format!("{} line {line}", self.file);
                let text = format!("is not TOML: {}", error.message());
                self.faults.push(Fault { place, key: "file".into(), text });
            }
        }
    }

    fn flatten(&mut self, above: &str, table: &DeTable<'_>, line_of: &dyn Fn(usize) -> usize) {
        for (key, value) in table {
            let path = if above.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{above}.{}", key.get_ref())
            };
            self.flatten_value(path, key.span().start, value.get_ref(), line_of);
        }
    }

    fn flatten_value(
        &mut self,
        path: String,
        at: usize,
        value: &DeValue<'_>,
        line_of: &dyn Fn(usize) -> usize,
    ) {
        let raw = match value {
            DeValue::Table(inner) => return self.flatten(&path, inner, line_of),
            DeValue::Array(list) => {
                for (n, item) in list.iter().enumerate() {
                    self.flatten_value(
                        format!("{path}[{}]", n + 1),
                        item.span().start,
                        item.get_ref(),
                        line_of,
                    );
                }
                return;
            }
            DeValue::String(text) => Raw::Text(text.to_string()),
            DeValue::Integer(n) => {
                i64::from_str_radix(n.as_str(), n.radix()).map_or(Raw::Other("a number"), Raw::Whole)
            }
            DeValue::Boolean(flag) => Raw::Flag(*flag),
            DeValue::Float(_) => Raw::Other("a number with a fraction"),
            DeValue::Datetime(_) => Raw::Other("a date"),
        };
        let place = format!("{} line {}", self.file, line_of(at));
        self.found.insert(path, Found { raw, place });
    }

    /// Notes a fault of the settings as a whole, or of a key that is missing.
    pub(super) fn wrong(&mut self, key: &str, text: String) {
        let place = self.file.clone();
        self.faults.push(Fault { place, key: key.into(), text });
    }

    /// Whether anything below `key` was given.
    pub(super) fn has(&self, key: &str) -> bool {
        let below = format!("{key}.");
        self.found.keys().any(|k| k == key || k.starts_with(&below))
    }

    /// How many entries the list `key` has.
    pub(super) fn len(&self, key: &str) -> usize {
        let numbered = |k: &String| k.strip_prefix(key)?.strip_prefix('[')?.split_once(']')?.0.parse().ok();
        self.found.keys().filter_map(numbered).max().unwrap_or(0)
    }

    /// A text that `parse` understands, if given; `expected` says what that is.
    pub(super) fn parsed<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.found.remove(key)?;
        let (value, was) = match &found.raw {
            Raw::Text(text) => (parse(text), format!("{text:?}")),
            Raw::Whole(n) => (None, n.to_string()),
            Raw::Flag(flag) => (None, flag.to_string()),
            Raw::Other(what) => (None, (*what).to_owned()),
        };
        if value.is_none() {
            let text = format!("expected {expected}, found {was}");
            self.faults.push(Fault { place: found.place, key: key.into(), text });
        }
        value
    }

    /// A text that must be there.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        if self.found.contains_key(key) {
            return self.parsed(key, expected, parse);
        }
        self.wrong(key, format!("is missing: expected {expected}"));
        None
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.parsed(key, "a text", |text| Some(text.to_owned()))
    }

    /// A whole number in `range`; in the environment as its digits.
    pub(super) fn number(&mut self, key: &str, default: u64, range: std::ops::RangeInclusive<u64>) -> u64 {
        let Some(found) = self.found.remove(key) else { return default };
        let (value, was) = match &found.raw {
            Raw::Whole(n) => (u64::try_from(*n).ok(), n.to_string()),
            Raw::Text(text) => (text.parse().ok(), format!("{text:?}")),
            Raw::Flag(flag) => (None, flag.to_string()),
            Raw::Other(what) => (None, (*what).to_owned()),
        };
        value.filter(|n| range.contains(n)).unwrap_or_else(|| {
            let text =
                format!("expected a whole number from {} to {}, found {was}", range.start(), range.end());
            self.faults.push(Fault { place: found.place, key: key.into(), text });
            default
        })
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &str) -> Vec<String> {
        let n = self.len(key);
        (1..=n).filter_map(|at| self.text(&format!("{key}[{at}]"))).collect()
    }

    /// A path, if given.
    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// Ends the reading: everything that nobody asked for is a fault.
    pub(super) fn finish(mut self) -> Result<(), Vec<Fault>> {
        for (key, found) in std::mem::take(&mut self.found) {
            let text = "is not a setting of this version; see docs/operators/settings.md".to_owned();
            self.faults.push(Fault { place: found.place, key, text });
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}
