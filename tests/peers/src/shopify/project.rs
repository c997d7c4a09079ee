//! Cuts a complete object down to what a selection asks for. Lists of a connection field become `{nodes, pageInfo}`.

use apollo_compiler::Name;
use apollo_compiler::ast::Value as Literal;
use apollo_compiler::executable::{DirectiveList, Field, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;
use serde_json::{Map, Value, json};

/// The value of an argument: literal or variable.
pub(super) fn argument(field: &Field, name: &str, variables: &JsonMap) -> Option<Value> {
    literal(field.argument_by_name(name).ok()?, variables)
}

fn literal(value: &Literal, variables: &JsonMap) -> Option<Value> {
    match value {
        Literal::Variable(name) => {
            variables.get(Name::as_str(name)).and_then(|v| serde_json::to_value(v).ok())
        }
        Literal::Int(n) => n.try_to_i32().ok().map(Value::from),
        Literal::String(text) => Some(Value::from(text.as_str())),
        Literal::Boolean(flag) => Some(Value::from(*flag)),
        Literal::Enum(name) => Some(Value::from(name.as_str())),
        _other => None,
    }
}

/// Follows `@include` and `@skip`.
pub(super) fn is_included(directives: &DirectiveList, variables: &JsonMap) -> bool {
    let flag = |name: &str| {
        let directive = directives.get(name)?;
        literal(directive.specified_argument_by_name("if")?, variables)?.as_bool()
    };
    flag("include").unwrap_or(true) && !flag("skip").unwrap_or(false)
}

/// `full` cut down to `set`.
pub(super) fn object(full: &Value, set: &SelectionSet, variables: &JsonMap) -> Value {
    let mut out = Map::new();
    for selection in &set.selections {
        match selection {
            Selection::Field(field) if is_included(&field.directives, variables) => {
                let value = full.get(field.name.as_str()).cloned().unwrap_or(Value::Null);
                out.insert(field.response_key().to_string(), cut(&value, field, variables));
            }
            Selection::InlineFragment(part) => {
                if let Value::Object(more) = object(full, &part.selection_set, variables) {
                    out.extend(more);
                }
            }
            Selection::Field(_) | Selection::FragmentSpread(_) => {}
        }
    }
    Value::Object(out)
}

fn cut(value: &Value, field: &Field, variables: &JsonMap) -> Value {
    let is_connection = field.definition.ty.inner_named_type().as_str().ends_with("Connection");
    match value {
        Value::Array(all) if is_connection => {
            let page = page(all, field, variables);
            object(&page, &field.selection_set, variables)
        }
        Value::Array(all) if !field.selection_set.is_empty() => {
            all.iter().map(|one| object(one, &field.selection_set, variables)).collect()
        }
        Value::Object(_) if !field.selection_set.is_empty() => object(value, &field.selection_set, variables),
        other => other.clone(),
    }
}

/// Cursors are positions, written as text.
fn page(all: &[Value], field: &Field, variables: &JsonMap) -> Value {
    let number = |name: &str| argument(field, name, variables).and_then(|v| v.as_u64());
    let first = number("first").and_then(|n| usize::try_from(n).ok()).unwrap_or(all.len());
    let after = argument(field, "after", variables);
    let start = after.as_ref().and_then(Value::as_str).and_then(|c| c.parse().ok()).unwrap_or(0_usize);
    let nodes: Vec<&Value> = all.iter().skip(start).take(first).collect();
    let end = start + nodes.len();
    json!({ "nodes": nodes, "pageInfo": { "hasNextPage": end < all.len(), "endCursor": end.to_string() } })
}
