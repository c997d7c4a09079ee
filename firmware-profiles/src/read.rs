//! Raw tables with line numbers. A [`Table`] hands out values by key and remembers which keys were asked for, so that
//! what is left over at the end is an unknown key. It collects faults instead of stopping at the first and gives
//! placeholder values in their place; the caller throws the result away when any fault was found.
//!
//! A *figure* is a value with its provenance: `{ value = 3, source = "where it is written or was measured" }`.
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Fault;
use crate::schema::{Kind, Shape};

/// Shortest text that counts as a source: a name and a place in it.
const SOURCE_CHARS_MIN: usize = 12;

/// What reading all files leaves behind: what is wrong, and which keys there are.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    /// Everything that is wrong so far.
    pub(crate) faults: Vec<Fault>,
    /// Every key that was asked for.
    pub(crate) shape: Shape,
}

/// One file being read: its name, its text (for line numbers) and where the findings go.
pub(crate) struct Source<'a> {
    /// Path below the data directory.
    pub(crate) file: &'a str,
    /// The whole text.
    pub(crate) text: &'a str,
    /// Where findings go.
    pub(crate) sink: &'a mut Sink,
}

impl Source<'_> {
    /// Records a fault at a byte offset.
    pub(crate) fn fault(&mut self, offset: usize, what: String) {
        let line = 1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        self.sink.faults.push(Fault { file: self.file.to_owned(), line, what });
    }

    /// Records that a key was asked for.
    fn asked(&mut self, path: &str, kind: Kind) {
        self.sink.shape.asked(self.file, path, kind);
    }

    /// Records syntax errors; true when there are none.
    pub(crate) fn accept(&mut self, errors: &[toml::de::Error]) -> bool {
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            self.fault(offset, format!("is not valid TOML: {}", error.message()));
        }
        errors.is_empty()
    }
}

/// A table of a file and the keys that were read from it.
pub(crate) struct Table<'t> {
    path: String,
    offset: usize,
    entries: Option<&'t DeTable<'t>>,
    used: BTreeSet<String>,
}

impl<'t> Table<'t> {
    /// The top table of a file.
    pub(crate) fn top(table: &'t Spanned<DeTable<'t>>) -> Self {
        Self {
            path: String::new(),
            offset: table.span().start,
            entries: Some(table.get_ref()),
            used: BTreeSet::new(),
        }
    }

    /// The byte offset of the table, for faults about it as a whole.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// The keys of the table in their order.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.entries
            .map(|entries| entries.keys().map(|key| key.get_ref().to_string()).collect())
            .unwrap_or_default()
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Takes a value and marks its key as known.
    fn take(&mut self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.used.insert(key.to_owned());
        self.entries.and_then(|entries| entries.get(key))
    }

    /// A table below this one. A missing one is a fault and reads as empty.
    pub(crate) fn table(&mut self, source: &mut Source<'_>, key: &str) -> Table<'t> {
        let path = self.name(key);
        let (offset, entries) = match self.take(key) {
            Some(value) => match value.get_ref() {
                DeValue::Table(table) => (value.span().start, Some(table)),
                _ => {
                    source.fault(value.span().start, format!("`{path}` must be a table"));
                    (value.span().start, None)
                }
            },
            None => {
                source.fault(self.offset, format!("`[{path}]` is missing"));
                (self.offset, None)
            }
        };
        Table { path, offset, entries, used: BTreeSet::new() }
    }

    /// A plain text that is not a figure, such as a title.
    pub(crate) fn text(&mut self, source: &mut Source<'_>, key: &str) -> String {
        let name = self.name(key);
        let offset = self.offset;
        source.asked(&name, Kind::Plain);
        match self.take(key).map(|value| (value.span().start, value.get_ref())) {
            Some((_, DeValue::String(text))) if !text.trim().is_empty() => text.to_string(),
            Some((at, _)) => self.wrong(source, at, &format!("`{name}` must be a text that is not empty")),
            None if self.entries.is_some() => self.wrong(source, offset, &format!("`{name}` is missing")),
            None => String::new(),
        }
    }

    #[expect(clippy::unused_self, reason = "reads as a method beside the others")]
    fn wrong(&self, source: &mut Source<'_>, at: usize, what: &str) -> String {
        source.fault(at, what.to_owned());
        String::new()
    }

    /// The `value` of a figure; checks that a source is named.
    fn figure(&mut self, source: &mut Source<'_>, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        let name = self.name(key);
        let offset = self.offset;
        let Some(entry) = self.take(key) else {
            if self.entries.is_some() {
                source.fault(offset, format!("`{name}` is missing"));
            }
            return None;
        };
        let at = entry.span().start;
        let DeValue::Table(figure) = entry.get_ref() else {
            source.fault(at, format!("`{name}` must be written as {{ value = …, source = \"…\" }}"));
            return None;
        };
        for unknown in figure.keys().filter(|key| !matches!(key.get_ref().as_ref(), "value" | "source")) {
            source.fault(unknown.span().start, format!("`{name}.{}` is not a known key", unknown.get_ref()));
        }
        let sourced = figure
            .get("source")
            .and_then(|text| text.get_ref().as_str())
            .is_some_and(|text| text.trim().chars().count() >= SOURCE_CHARS_MIN);
        if !sourced {
            source.fault(at, format!("`{name}` needs a `source` that says where the figure comes from"));
        }
        let value = figure.get("value");
        if value.is_none() {
            source.fault(at, format!("`{name}.value` is missing"));
        }
        value
    }

    /// A whole number within bounds.
    pub(crate) fn number(&mut self, source: &mut Source<'_>, key: &str, within: RangeInclusive<u32>) -> u32 {
        let name = self.name(key);
        let fallback = *within.start();
        source.asked(&name, Kind::Number(fallback, *within.end()));
        let Some(value) = self.figure(source, key) else {
            return fallback;
        };
        let parsed =
            value.get_ref().as_integer().and_then(|int| u32::from_str_radix(int.as_str(), int.radix()).ok());
        match parsed {
            Some(number) if within.contains(&number) => number,
            _ => {
                let (low, high) = (within.start(), within.end());
                source.fault(
                    value.span().start,
                    format!("`{name}` must be a whole number from {low} to {high}"),
                );
                fallback
            }
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, source: &mut Source<'_>, key: &str) -> bool {
        let name = self.name(key);
        source.asked(&name, Kind::Flag);
        let Some(value) = self.figure(source, key) else {
            return false;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            source.fault(value.span().start, format!("`{name}` must be true or false"));
            false
        })
    }

    /// A text with its source.
    pub(crate) fn sourced(&mut self, source: &mut Source<'_>, key: &str) -> String {
        let name = self.name(key);
        source.asked(&name, Kind::Text);
        let Some(value) = self.figure(source, key) else {
            return String::new();
        };
        match value.get_ref().as_str() {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => {
                self.wrong(source, value.span().start, &format!("`{name}` must be a text that is not empty"))
            }
        }
    }

    /// A list of texts; may be empty.
    pub(crate) fn texts(&mut self, source: &mut Source<'_>, key: &str) -> Vec<String> {
        let name = self.name(key);
        source.asked(&name, Kind::Texts);
        let Some(value) = self.figure(source, key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            source.fault(value.span().start, format!("`{name}` must be a list of texts"));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_str() {
                Some(text) if !text.is_empty() => texts.push(text.to_owned()),
                _ => source.fault(item.span().start, format!("`{name}` must hold texts that are not empty")),
            }
        }
        texts
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self, source: &mut Source<'_>) {
        for key in self.entries.into_iter().flat_map(|entries| entries.keys()) {
            if !self.used.contains(key.get_ref().as_ref()) {
                let name = self.name(key.get_ref());
                source.fault(key.span().start, format!("`{name}` is not a known key"));
            }
        }
    }
}
