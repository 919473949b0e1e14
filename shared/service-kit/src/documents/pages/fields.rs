//! JSON Schema for people: a table of members, and the schema itself behind a fold.

use maud::{Markup, html};
use serde_json::Value;

use crate::documents::schema::{Member, members, text, type_name, variants};

/// Who writes a value: whoever does must know what may not be left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WrittenBy {
    Caller,
    Service,
}

/// The members of an object, and the whole schema for whoever needs it.
pub(super) fn described(schema: &Value, by: WrittenBy) -> Markup {
    // A JSON value always serializes.
    let whole = serde_json::to_string_pretty(schema).unwrap_or_default();
    html! {
        (table(schema, by))
        details { summary { "JSON Schema" } pre { code { (whole) } } }
    }
}

/// The members of an object.
pub(super) fn table(schema: &Value, by: WrittenBy) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th { "Name" } th { "Type" } th { "Meaning" } } }
            tbody { @for member in members(schema) { (row(&member, by)) } }
        } }
    }
}

fn row(member: &Member<'_>, by: WrittenBy) -> Markup {
    let required = member.required && by == WrittenBy::Caller;
    html! {
        tr {
            td { code { (member.name) } @if required { span.required { "required" } } }
            td.type { (type_name(member.schema)) }
            td { (prose(member.description())) (alternatives(member.schema)) }
        }
    }
}

/// The alternatives of a value, where they are objects: what each is called and consists of.
fn alternatives(schema: &Value) -> Markup {
    let objects: Vec<_> = variants(schema).iter().filter(|variant| !members(variant).is_empty()).collect();
    html! {
        @if !objects.is_empty() {
            ul.variants {
                @for variant in objects { li { code { (outline(variant)) } " " (prose(text(variant, "description"))) } }
            }
        }
    }
}

/// `op: "dice", sides, count?`: what it is called first, a question mark after what may be left out.
fn outline(variant: &Value) -> String {
    let mut members = members(variant);
    members.sort_by_key(|member| (member.schema.get("const").is_none(), !member.required));
    let names = members.iter().map(|member| match (member.schema.get("const"), member.required) {
        (Some(constant), _) => format!("{}: {constant}", member.name),
        (None, true) => member.name.to_owned(),
        (None, false) => format!("{}?", member.name),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// A description with its backticks: every second part is code.
fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
