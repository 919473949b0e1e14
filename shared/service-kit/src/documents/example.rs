//! The smallest example that a schema allows, for the documents' commands.

use serde_json::{Map, Value, json};

use super::schema::{members, variants};

/// An example of a value: one that the schema gives, or one made of what it requires.
pub(super) fn of(schema: &Value) -> Value {
    let given = schema.get("examples").and_then(|examples| examples.get(0));
    let fixed = schema.get("const").or_else(|| schema.get("enum").and_then(|values| values.get(0)));
    if let Some(value) = given.or(fixed).or_else(|| schema.get("default")) {
        return value.clone();
    }
    if let Some(items) = schema.get("items") {
        return json!([of(items)]);
    }
    if let Some(first) = variants(schema).first() {
        return of(first);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => object(schema),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        _ => json!("text"),
    }
}

fn object(schema: &Value) -> Value {
    let required = members(schema).into_iter().filter(|member| member.required);
    required.map(|member| (member.name.to_owned(), of(member.schema))).collect::<Map<_, _>>().into()
}

/// The parameters of a query that have an example, or that are required: `dice=2d6`.
pub(super) fn query(schema: &Value) -> String {
    let members = members(schema);
    let shown = members.iter().filter(|member| member.required || member.schema.get("examples").is_some());
    let pairs = shown.map(|member| match of(member.schema) {
        Value::String(text) => format!("{}={text}", member.name),
        other => format!("{}={other}", member.name),
    });
    pairs.collect::<Vec<_>>().join("&")
}
