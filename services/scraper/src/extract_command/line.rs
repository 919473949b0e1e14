//! One line in, one line out.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::extract::{Extraction, Options, extract};

/// A page to extract.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    url: Option<String>,
    html: String,
}

/// Only what says which page it is.
#[derive(Deserialize, Default)]
struct Named {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    url: Option<String>,
}

/// What became of a page.
#[derive(Serialize)]
pub(super) struct Answered {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    url: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    found: Option<Extraction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed>,
}

#[derive(Serialize)]
struct Failed {
    kind: &'static str,
    detail: String,
}

/// Extracts the page of a line.
pub(super) fn answer(line: &[u8], options: &Options) -> Answered {
    let asked: Asked = match serde_json::from_slice(line) {
        Ok(asked) => asked,
        Err(error) => return failed(line, "bad_line", error.to_string()),
    };
    let url: Option<Url> = asked.url.as_deref().and_then(|url| url.parse().ok());
    match extract(&asked.html, url.as_ref(), options) {
        Ok(found) => Answered { id: asked.id, url: asked.url, found: Some(found), error: None },
        Err(error) => {
            let error = Failed { kind: error.kind(), detail: error.to_string() };
            Answered { id: asked.id, url: asked.url, found: None, error: Some(error) }
        }
    }
}

/// Says why a line has no content.
pub(super) fn failed(line: &[u8], kind: &'static str, detail: String) -> Answered {
    let named: Named = serde_json::from_slice(line).unwrap_or_default();
    Answered { id: named.id, url: named.url, found: None, error: Some(Failed { kind, detail }) }
}
