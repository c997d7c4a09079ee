//! Reports: everything, or only what changed since the last one.
use serde_json::{Map, Value, json};

/// What was reported last.
#[derive(Debug, Default)]
pub struct Reporter {
    sent: Map<String, Value>,
    sequence: u64,
}

impl Reporter {
    /// The next report; `None` when nothing changed.
    pub fn next(&mut self, status: &Value, full: bool) -> Option<Value> {
        let Value::Object(status) = status else { return None };
        let mut body: Map<_, _> = status
            .iter()
            .filter(|(key, value)| full || self.sent.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        self.sent.clone_from(status);
        if body.is_empty() {
            return None;
        }
        self.sequence += 1;
        body.insert("command".to_owned(), json!("push_status"));
        body.insert("msg".to_owned(), json!(u8::from(!full)));
        body.insert("sequence_id".to_owned(), json!(self.sequence.to_string()));
        Some(json!({ "print": body }))
    }
}
