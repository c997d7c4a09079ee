//! The keys of profile files as a JSON schema. It is recorded while the compiled-in files are read, so that it says what
//! the reader really asks for and cannot drift from it. Pure.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text without a source, such as a title.
    Plain,
    /// A whole number within bounds, with its source.
    Number(u32, u32),
    /// Yes or no, with its source.
    Flag,
    /// A text with its source.
    Text,
    /// A list of texts with their source.
    Texts,
}

/// Every key asked for, by kind of file: the first folder, or the name of a file at the top.
#[derive(Debug, Default)]
pub(crate) struct Shape(BTreeMap<String, Keys>);

#[derive(Debug, Default)]
struct Keys {
    files: BTreeSet<String>,
    /// Path of a key → what it holds, and in how many files it was asked for.
    keys: BTreeMap<String, (Kind, BTreeSet<String>)>,
}

impl Shape {
    /// Records a key. Materials are tables of any name: the name counts as `*`.
    pub(crate) fn asked(&mut self, file: &str, path: &str, kind: Kind) {
        let of = file.split(['/', '.']).next().unwrap_or(file);
        let path = match path.split_once('.') {
            Some((_, rest)) if of == "materials" => format!("*.{rest}"),
            _ => path.to_owned(),
        };
        let keys = self.0.entry(of.to_owned()).or_default();
        keys.files.insert(file.to_owned());
        keys.keys.entry(path).or_insert((kind, BTreeSet::new())).1.insert(file.to_owned());
    }

    /// The schema.
    pub(crate) fn json(&self) -> String {
        let mut all = Map::new();
        for (of, keys) in &self.0 {
            let mut top = Node::default();
            for (path, (kind, in_files)) in &keys.keys {
                let everywhere = in_files.len() == keys.files.len();
                top.add(path, *kind, everywhere);
            }
            all.insert(of.clone(), top.json());
        }
        let schema = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": all });
        format!("{schema:#}")
    }
}

/// A table of the schema.
#[derive(Default)]
struct Node {
    keys: BTreeMap<String, (Kind, bool)>,
    tables: BTreeMap<String, Node>,
}

impl Node {
    /// Files have tables of one level.
    fn add(&mut self, path: &str, kind: Kind, everywhere: bool) {
        match path.split_once('.') {
            None => drop(self.keys.insert(path.to_owned(), (kind, everywhere))),
            Some((table, key)) => {
                let table = self.tables.entry(table.to_owned()).or_default();
                table.keys.insert(key.to_owned(), (kind, everywhere));
            }
        }
    }

    fn json(&self) -> Value {
        let mut properties = Map::new();
        let mut required: Vec<&str> = Vec::new();
        for (key, (kind, everywhere)) in &self.keys {
            properties.insert(key.clone(), of_kind(*kind));
            required.extend(everywhere.then_some(key.as_str()));
        }
        for (key, table) in self.tables.iter().filter(|(key, _)| *key != "*") {
            properties.insert(key.clone(), table.json());
            required.push(key);
        }
        let others = self.tables.get("*").map_or(Value::Bool(false), Self::json);
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": others })
    }
}

fn of_kind(kind: Kind) -> Value {
    let value = match kind {
        Kind::Plain => return json!({ "type": "string", "minLength": 1 }),
        Kind::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Text => json!({ "type": "string", "minLength": 1 }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
    };
    json!({
        "type": "object",
        "properties": { "value": value, "source": { "type": "string", "minLength": 12 } },
        "required": ["value", "source"],
        "additionalProperties": false,
    })
}
