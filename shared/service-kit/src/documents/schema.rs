//! Reading JSON Schema, as far as the documents show it.

use serde_json::{Map, Value};

/// A member of an object.
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) schema: &'a Value,
    pub(super) required: bool,
}

impl Member<'_> {
    /// What it means.
    pub(super) fn description(&self) -> &str {
        text(self.schema, "description")
    }
}

/// The members of an object's schema, in its order; none where it is no object.
pub(super) fn members(schema: &Value) -> Vec<Member<'_>> {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.map(|(name, schema)| Member { name, schema, required: is_required(name) }).collect()
}

/// The alternatives of a schema, or of the items of its list.
pub(super) fn variants(schema: &Value) -> &[Value] {
    let one_of = |schema: &'_ Value| schema.get("oneOf").or_else(|| schema.get("anyOf")).is_some();
    let schema = schema.get("items").filter(|items| one_of(items)).unwrap_or(schema);
    let list = schema.get("oneOf").or_else(|| schema.get("anyOf"));
    list.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The schema's `description`, `title` and the like, or nothing.
pub(super) fn text<'a>(schema: &'a Value, name: &str) -> &'a str {
    schema.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A schema's type in a few words: `list of integer or string`.
pub(super) fn type_name(schema: &Value) -> String {
    if let Some(constant) = schema.get("const") {
        return constant.to_string();
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return any_of(values.iter().map(Value::to_string));
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", type_name(items));
    }
    match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => {
            any_of(names.iter().filter_map(Value::as_str).filter(|name| *name != "null").map(str::to_owned))
        }
        _ if !variants(schema).is_empty() => any_of(variants(schema).iter().map(type_name)),
        _ => "any".to_owned(),
    }
}

fn any_of(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    names.dedup();
    names.join(" or ")
}

/// A schema as a part of a larger document, which says once which dialect it speaks.
pub(super) fn embedded(schema: &schemars::Schema) -> Value {
    let mut schema = schema.as_value().clone();
    if let Some(members) = schema.as_object_mut() {
        members.retain(|name, _| name != "$schema");
    }
    schema
}

/// A member's schema as that of a query parameter: described elsewhere, perhaps absent, never null.
pub(super) fn of_parameter(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.retain(|name, _| name != "description");
    }
    if let Some(Value::Array(names)) = schema.get_mut("type") {
        names.retain(|name| name != "null");
        if let [name] = names.as_slice() {
            schema["type"] = name.clone();
        }
    }
    schema
}

/// The object with these members.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
