//! Canonical JSON, RFC 8785 (JCS), for values without numbers.

use std::collections::BTreeMap;

use serde_json::Value;

/// Writes a value that holds only objects with ASCII names, arrays and strings.
///
/// For such values this is JCS. Section 3.2.3 sorts names as UTF-16, which for ASCII is the order of their bytes;
/// sorted here, since another crate may switch serde_json's maps to insertion order. Section 3.2.2.2 escapes strings
/// as serde_json does: the short forms for the backspace, tab, line feed, form feed, carriage return, quote and
/// backslash, `\u00xx` in lower case for other control characters, all else as it is. Section 3.2.2.3, on numbers,
/// never applies: our integers are strings.
pub(crate) fn to_string(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            let members = sorted
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), to_string(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(to_string).collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}
