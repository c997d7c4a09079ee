//! The JSON schema of parameter files, made from the parameters' own defaults.

use protocol::grid::{GridParams, Parameter};
use serde_json::{Map, Value, json};

/// JSON schema (2020-12) of a parameter file.
#[must_use]
pub fn schema() -> Value {
    let defaults = serde_json::to_value(GridParams::upstream_defaults()).unwrap_or_default();
    let mut properties = Map::new();
    if let Value::Object(defaults) = defaults {
        for (name, default) in defaults {
            properties.insert(name.clone(), property(&name, &default));
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Grid parameters",
        "description": "Lengths in mm; 4-vectors in the order north, east, south, west. Every parameter is optional.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn property(name: &str, default: &Value) -> Value {
    let Some(Parameter { range, about, is_beyond_original, .. }) =
        GridParams::AVAILABLE.iter().find(|known| known.name == name)
    else {
        return json!({ "const": default, "description": "Not made by this program: only its default value is accepted." });
    };
    let mut property =
        Map::from_iter([("description".to_owned(), json!(about)), ("default".to_owned(), default.clone())]);
    if *is_beyond_original {
        property.insert("x-beyond-original".to_owned(), json!(true));
    }
    let limits = |kind: &str| match range {
        Some([min, max]) if kind == "integer" => {
            #[expect(clippy::cast_possible_truncation, reason = "limits of counts are small whole numbers")]
            let (min, max) = (*min as i64, *max as i64);
            json!({ "type": kind, "minimum": min, "maximum": max })
        }
        Some([min, max]) => json!({ "type": kind, "minimum": min, "maximum": max }),
        None => json!({ "type": kind }),
    };
    match default {
        Value::Array(list) if list.is_empty() => {
            let pair = json!({ "type": "array", "items": limits("number"), "minItems": 2, "maxItems": 2 });
            property.insert("type".to_owned(), json!("array"));
            property.insert("items".to_owned(), pair);
        }
        Value::Array(list) => {
            let kind = list.first().map_or("number", kind);
            property.insert("type".to_owned(), json!("array"));
            property.insert("items".to_owned(), limits(kind));
            property.insert("minItems".to_owned(), json!(list.len()));
            property.insert("maxItems".to_owned(), json!(list.len()));
        }
        other => {
            if let Value::Object(limits) = limits(kind(other)) {
                property.extend(limits);
            }
        }
    }
    Value::Object(property)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
    }
}
