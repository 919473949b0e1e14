//! Fields out of a page, by a schema: the same page and schema always give the same answer.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html, Selector};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    answer::ExtractError,
    json_ld::{Things, is_a},
};

/// Names of fields and where each is found.
pub type Schema = BTreeMap<String, Field>;

/// Where a field is found. With both, the selector is tried first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// A CSS selector; the field is the text of what it matches.
    #[serde(default)]
    pub selector: Option<String>,
    /// This attribute instead of the text.
    #[serde(default)]
    pub attribute: Option<String>,
    /// All matches as a list, not only the first.
    #[serde(default)]
    pub many: bool,
    /// Fields of each match, instead of its text; their selectors look inside it.
    #[serde(default)]
    pub fields: Schema,
    /// A path into JSON-LD: a type, then keys, such as `Product.offers.price`.
    #[serde(default)]
    pub json_ld: Option<String>,
}

/// The fields of a page; null where the page has none.
pub(crate) fn fields(html: &Html, things: &Things, schema: &Schema) -> Result<Value, ExtractError> {
    within(html.root_element(), things, schema)
}

fn within(element: ElementRef<'_>, things: &Things, schema: &Schema) -> Result<Value, ExtractError> {
    let fields = schema.iter().map(|(name, field)| Ok((name.clone(), one(element, things, field)?)));
    Ok(Value::Object(fields.collect::<Result<Map<_, _>, ExtractError>>()?))
}

fn one(element: ElementRef<'_>, things: &Things, field: &Field) -> Result<Value, ExtractError> {
    let mut found = Vec::new();
    if let Some(text) = &field.selector {
        let selector = Selector::parse(text).map_err(|_| ExtractError::Selector(text.clone()))?;
        for matched in element.select(&selector).take(if field.many { usize::MAX } else { 1 }) {
            let value = if field.fields.is_empty() {
                text_of(matched, field)
            } else {
                within(matched, things, &field.fields)?
            };
            found.push(value);
        }
    }
    if found.is_empty()
        && let Some(path) = &field.json_ld
    {
        found = declared(things, path);
    }
    Ok(if field.many { Value::Array(found) } else { found.into_iter().next().unwrap_or(Value::Null) })
}

fn text_of(element: ElementRef<'_>, field: &Field) -> Value {
    match &field.attribute {
        Some(name) => element.attr(name).map_or(Value::Null, Value::from),
        None => Value::from(element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")),
    }
}

/// What stands under the path in the first object of its type that has it; lists on the way are followed into.
fn declared(things: &Things, path: &str) -> Vec<Value> {
    let mut keys = path.split('.');
    let Some(kind) = keys.next() else { return Vec::new() };
    let keys: Vec<&str> = keys.collect();
    let of_kind = things.all().iter().filter(|thing| is_a(thing, &[kind]));
    let values = of_kind.map(|thing| follow(&Value::Object(thing.clone()), &keys));
    values.into_iter().find(|values| !values.is_empty()).unwrap_or_default()
}

fn follow(value: &Value, keys: &[&str]) -> Vec<Value> {
    match (value, keys) {
        (Value::Array(values), _) => {
            values.iter().filter(|value| !value.is_array()).flat_map(|value| follow(value, keys)).collect()
        }
        (value, []) => vec![value.clone()],
        (Value::Object(thing), [key, rest @ ..]) => {
            thing.get(*key).map(|value| follow(value, rest)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
