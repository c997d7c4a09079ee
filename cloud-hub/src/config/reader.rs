//! Reads the settings file and the environment into single values, and collects every fault with its place.
//!
//! A value knows where it came from (`hub.toml line 12`, `the variable CLOUD_HUB__WEB__LISTEN`). Nothing is taken
//! silently: what nobody asked for is a fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::secrets::Secret;

/// Start of our variables in the environment.
const PREFIX: &str = "CLOUD_HUB__";

/// Names of the original system that are accepted for ours: (variable, section, key).
const ALIASES: [(&str, &str, &str); 9] = [
    ("SHOPIFY_SHOP_DOMAIN", "shopify", "shop"),
    ("SHOPIFY_WEBHOOK_SECRET", "shopify", "webhook_secret"),
    ("SHOPIFY_ACCESS_TOKEN", "shopify", "access_token"),
    ("SHOPIFY_API_VERSION", "shopify", "api_version"),
    ("SIMPLYPRINT_API_KEY", "simplyprint", "api_key"),
    ("SIMPLYPRINT_COMPANY_ID", "simplyprint", "company"),
    ("SENDCLOUD_PUBLIC_KEY", "sendcloud", "public_key"),
    ("SENDCLOUD_SECRET_KEY", "sendcloud", "secret_key"),
    ("DATABASE_URL", "database", "url"),
];

/// One thing that is wrong with the settings; printed as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// File and line, or the variable.
    pub place: String,
    /// `section.key`.
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
    Numbers(Vec<i64>),
    Texts(Vec<String>),
    Other(&'static str),
}

#[derive(Debug, Clone)]
struct Found {
    raw: Raw,
    place: String,
    /// From the environment: a text that may stand for any type.
    is_env: bool,
}

/// All values that were given, and the faults so far.
#[derive(Debug, Default)]
pub struct Reader {
    found: BTreeMap<(String, String), Found>,
    faults: Vec<Fault>,
    file: String,
}

impl Reader {
    /// Reads `file` (none: only the environment) and `environment`.
    #[must_use]
    pub fn new(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut reader = Self { file: "the settings".into(), ..Self::default() };
        if let Some(path) = file {
            reader.file = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => reader.take_file(&text),
                Err(error) => {
                    reader.fault_at(&reader.file.clone(), "file", &format!("cannot be read: {error}"))
                }
            }
        }
        reader.take_environment(environment);
        reader
    }

    fn fault_at(&mut self, place: &str, key: &str, text: &str) {
        self.faults.push(Fault { place: place.into(), key: key.into(), text: text.into() });
    }

    fn take_file(&mut self, text: &str) {
        let line_of = |at: usize| 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
        let root = match DeTable::parse(text) {
            Ok(root) => root,
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(span.start));
                let place = format!("{} line {line}", self.file);
                return self.fault_at(&place, "file", &format!("is not TOML: {}", error.message()));
            }
        };
        for (section, value) in root.get_ref() {
            let place = format!("{} line {}", self.file, line_of(section.span().start));
            let DeValue::Table(table) = value.get_ref() else {
                let key = section.get_ref().to_string();
                self.fault_at(&place, &key, "is not a section: expected `[section]` with keys below it");
                continue;
            };
            for (key, value) in table {
                let place = format!("{} line {}", self.file, line_of(key.span().start));
                let raw = raw(value.get_ref());
                let name = (section.get_ref().to_string(), key.get_ref().to_string());
                self.found.insert(name, Found { raw, place, is_env: false });
            }
        }
    }

    fn take_environment(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        for (variable, value) in environment {
            let place = format!("the variable {variable}");
            let name = if let Some(rest) = variable.strip_prefix(PREFIX) {
                match rest.split_once("__") {
                    Some((section, key)) => (section.to_lowercase(), key.to_lowercase()),
                    None => {
                        self.fault_at(&place, rest, "expected CLOUD_HUB__SECTION__KEY");
                        continue;
                    }
                }
            } else if let Some((_, section, key)) = ALIASES.iter().find(|(alias, _, _)| *alias == variable) {
                let name = ((*section).to_owned(), (*key).to_owned());
                // Our own names win over the original's.
                if self.found.contains_key(&name) {
                    continue;
                }
                name
            } else {
                continue;
            };
            self.found.insert(name, Found { raw: Raw::Text(value), place, is_env: true });
        }
    }

    fn take(&mut self, section: &str, key: &str) -> Option<Found> {
        self.found.remove(&(section.to_owned(), key.to_owned()))
    }

    /// Notes a fault of a value that was taken.
    pub fn wrong(&mut self, section: &str, key: &str, text: &str) {
        let place = self.file.clone();
        self.fault_at(&place, &format!("{section}.{key}"), text);
    }

    fn mismatch(&mut self, found: &Found, section: &str, key: &str, expected: &str) {
        let was = match &found.raw {
            Raw::Text(text) => format!("{text:?}"),
            Raw::Whole(n) => n.to_string(),
            Raw::Flag(flag) => flag.to_string(),
            Raw::Numbers(_) | Raw::Texts(_) => "a list".to_owned(),
            Raw::Other(what) => (*what).to_owned(),
        };
        self.fault_at(
            &found.place,
            &format!("{section}.{key}"),
            &format!("expected {expected}, found {was}"),
        );
    }

    /// A text, if given.
    pub fn text(&mut self, section: &str, key: &str) -> Option<String> {
        let found = self.take(section, key)?;
        match &found.raw {
            Raw::Text(text) => Some(text.clone()),
            Raw::Whole(_) | Raw::Flag(_) | Raw::Numbers(_) | Raw::Texts(_) | Raw::Other(_) => {
                self.mismatch(&found, section, key, "a text");
                None
            }
        }
    }

    /// A text that `parse` understands; `expected` says what that is.
    pub fn parsed<T>(
        &mut self,
        (section, key): (&str, &str),
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.take(section, key)?;
        let value = match &found.raw {
            Raw::Text(text) => parse(text),
            Raw::Whole(_) | Raw::Flag(_) | Raw::Numbers(_) | Raw::Texts(_) | Raw::Other(_) => None,
        };
        if value.is_none() {
            self.mismatch(&found, section, key, expected);
        }
        value
    }

    /// A flag.
    pub fn flag(&mut self, section: &str, key: &str, default: bool) -> bool {
        let Some(found) = self.take(section, key) else { return default };
        match (&found.raw, found.is_env) {
            (Raw::Flag(flag), _) => *flag,
            (Raw::Text(text), true) if text == "true" || text == "1" => true,
            (Raw::Text(text), true) if text == "false" || text == "0" => false,
            _wrong => {
                self.mismatch(&found, section, key, "true or false");
                default
            }
        }
    }

    /// A whole number in `range`.
    pub fn number(
        &mut self,
        section: &str,
        key: &str,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> u64 {
        let Some(found) = self.take(section, key) else { return default };
        let value = match (&found.raw, found.is_env) {
            (Raw::Whole(n), _) => u64::try_from(*n).ok(),
            (Raw::Text(text), true) => text.parse().ok(),
            _wrong => None,
        };
        match value.filter(|n| range.contains(n)) {
            Some(n) => n,
            None => {
                let expected = format!("a whole number from {} to {}", range.start(), range.end());
                self.mismatch(&found, section, key, &expected);
                default
            }
        }
    }

    /// Two whole numbers: `[250, 220]`, or `250x220` in the environment.
    pub fn pair(&mut self, section: &str, key: &str, default: [u32; 2]) -> [u32; 2] {
        let Some(found) = self.take(section, key) else { return default };
        let list: Vec<i64> = match &found.raw {
            Raw::Numbers(list) => list.clone(),
            Raw::Text(text) => text.split('x').filter_map(|n| n.trim().parse().ok()).collect(),
            Raw::Whole(_) | Raw::Flag(_) | Raw::Texts(_) | Raw::Other(_) => Vec::new(),
        };
        let whole: Vec<u32> = list.iter().filter_map(|n| u32::try_from(*n).ok()).filter(|n| *n > 0).collect();
        if let ([first, second], 2) = (whole.as_slice(), list.len()) {
            return [*first, *second];
        }
        self.mismatch(&found, section, key, "two whole numbers, for example [250, 220]");
        default
    }

    /// A list of texts; in the environment separated by `|`.
    pub fn texts(&mut self, section: &str, key: &str) -> Option<Vec<String>> {
        let found = self.take(section, key)?;
        match (&found.raw, found.is_env) {
            (Raw::Texts(list), _) => Some(list.clone()),
            (Raw::Text(text), true) => Some(text.split('|').map(String::from).collect()),
            _wrong => {
                self.mismatch(&found, section, key, "a list of texts");
                None
            }
        }
    }

    /// A secret given as `key`, or in the file that `key_file` names.
    pub fn secret(&mut self, section: &str, key: &str) -> Option<Secret> {
        let file_key = format!("{key}_file");
        let direct = self.text(section, key);
        let place = self.found.get(&(section.to_owned(), file_key.clone())).map(|f| f.place.clone());
        let Some(path) = self.text(section, &file_key) else { return direct.map(Secret::new) };
        let place = place.unwrap_or_default();
        let name = format!("{section}.{file_key}");
        if direct.is_some() {
            self.fault_at(&place, &name, &format!("give either {key} or {file_key}, not both"));
            return None;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(Secret::new(text.trim())),
            Err(error) => {
                self.fault_at(&place, &name, &format!("cannot read {path}: {error}"));
                None
            }
        }
    }

    /// A path, if given.
    pub fn path(&mut self, section: &str, key: &str) -> Option<PathBuf> {
        self.text(section, key).map(PathBuf::from)
    }

    /// Ends the reading: everything that nobody asked for is a fault.
    ///
    /// # Errors
    /// All faults, in the order of their places.
    pub fn finish(mut self, known: &[&str]) -> Result<(), Vec<Fault>> {
        for ((section, key), found) in std::mem::take(&mut self.found) {
            let hint = if known.contains(&section.as_str()) {
                format!("unknown key; see the manual for the keys of [{section}]")
            } else {
                format!("unknown section [{section}]; expected one of {}", known.join(", "))
            };
            self.fault_at(&found.place, &format!("{section}.{key}"), &hint);
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(n) => {
            i64::from_str_radix(n.as_str(), n.radix()).map_or(Raw::Other("a number"), Raw::Whole)
        }
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::Float(_) => Raw::Other("a number with a fraction"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Table(_) => Raw::Other("a section"),
        DeValue::Array(list) => {
            let items: Vec<Raw> = list.iter().map(|v| raw(v.get_ref())).collect();
            let numbers: Vec<i64> =
                items.iter().filter_map(|i| if let Raw::Whole(n) = i { Some(*n) } else { None }).collect();
            let texts: Vec<String> = items
                .iter()
                .filter_map(|i| if let Raw::Text(t) = i { Some(t.clone()) } else { None })
                .collect();
            if numbers.len() == items.len() {
                Raw::Numbers(numbers)
            } else if texts.len() == items.len() {
                Raw::Texts(texts)
            } else {
                Raw::Other("a mixed list")
            }
        }
    }
}
