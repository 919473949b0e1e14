//! What the page says of itself in JSON-LD (schema.org).

use serde_json::{Map, Value};

use super::flat::Flat;

/// Deeper nesting than this is not looked at.
const DEPTH: usize = 12;

/// Every object of the page's JSON-LD, outer ones first.
#[derive(Debug, Default)]
pub(crate) struct Things {
    found: Vec<Map<String, Value>>,
    /// How many of `found` stand at the top, or in a top `@graph`.
    top: usize,
}

impl Things {
    pub(crate) fn of(flat: &Flat<'_>) -> Self {
        let scripts = flat.entries.iter().enumerate().filter(|(_, entry)| {
            entry.name() == "script"
                && entry
                    .attr("type")
                    .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/ld+json"))
        });
        let mut top = Vec::new();
        for (at, _) in scripts {
            let text: String = flat.children(at).filter_map(|child| flat.entries[child].text()).collect();
            if let Ok(value) = serde_json::from_str(clean(&text)) {
                collect(value, DEPTH, &mut top);
            }
        }
        let mut inner = Vec::new();
        for thing in &top {
            for value in thing.values() {
                nested(value, DEPTH, &mut inner);
            }
        }
        let count = top.len();
        top.extend(inner);
        Self { found: top, top: count }
    }

    /// All objects.
    pub(crate) fn all(&self) -> &[Map<String, Value>] {
        &self.found
    }

    /// The objects that stand at the top.
    pub(crate) fn top(&self) -> &[Map<String, Value>] {
        &self.found[..self.top]
    }

    pub(crate) fn has_type(&self, names: &[&str]) -> bool {
        self.top().iter().any(|thing| is_a(thing, names))
    }

    pub(crate) fn count(&self, names: &[&str]) -> usize {
        self.found.iter().filter(|thing| is_a(thing, names)).count()
    }

    /// The longest text under `key` of anything.
    pub(crate) fn longest(&self, key: &str) -> Option<&str> {
        self.found.iter().filter_map(|thing| thing.get(key)?.as_str()).max_by_key(|text| text.len())
    }
}

pub(crate) fn is_a(thing: &Map<String, Value>, names: &[&str]) -> bool {
    let kinds = match thing.get("@type") {
        Some(Value::Array(kinds)) => kinds.as_slice(),
        Some(kind) => std::slice::from_ref(kind),
        None => &[],
    };
    kinds
        .iter()
        .filter_map(Value::as_str)
        .any(|kind| names.contains(&kind.rsplit('/').next().unwrap_or(kind)))
}

/// Pages wrap JSON in comments and CDATA, and end it with a semicolon.
fn clean(text: &str) -> &str {
    let text = text
        .trim()
        .trim_start_matches("<!--")
        .trim_start_matches("//<![CDATA[")
        .trim_start_matches("<![CDATA[");
    text.trim_end_matches(';')
        .trim_end_matches("-->")
        .trim_end_matches("//]]>")
        .trim_end_matches("]]>")
        .trim()
}

fn collect(value: Value, depth: usize, into: &mut Vec<Map<String, Value>>) {
    match value {
        Value::Array(values) if depth > 0 => {
            values.into_iter().for_each(|value| collect(value, depth - 1, into));
        }
        Value::Object(mut thing) if depth > 0 => {
            let graph = thing.remove("@graph");
            if thing.contains_key("@type") {
                into.push(thing);
            }
            if let Some(graph) = graph {
                collect(graph, depth - 1, into);
            }
        }
        _ => {}
    }
}

fn nested(value: &Value, depth: usize, into: &mut Vec<Map<String, Value>>) {
    match value {
        Value::Array(values) if depth > 0 => values.iter().for_each(|value| nested(value, depth - 1, into)),
        Value::Object(thing) if depth > 0 => {
            if thing.contains_key("@type") {
                into.push(thing.clone());
            }
            thing.values().for_each(|value| nested(value, depth - 1, into));
        }
        _ => {}
    }
}
