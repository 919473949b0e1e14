//! What an extraction gives.

use serde::Serialize;
use serde_json::Value;

use super::{dom::Refused, injection::Suspicion, metadata::Metadata, page_type::PageType};

/// A page's content, in the formats asked for.
#[derive(schemars::JsonSchema, Debug, Clone, Serialize)]
pub struct Extraction {
    /// What kind of page it is.
    pub page_type: PageType,
    /// How sure the extraction is of having the content and little else, from 0 to 1.
    pub quality: f32,
    /// Where the content was found.
    pub source: Source,
    /// Words of the content.
    pub words: u32,
    /// Whether a token budget cut it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// [`super::Format::Markdown`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// [`super::Format::Text`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// [`super::Format::Html`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// [`super::Format::RawHtml`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_html: Option<String>,
    /// [`super::Format::Links`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<Link>>,
    /// [`super::Format::Metadata`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// [`super::Format::Structured`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured: Option<Value>,
    /// Text that the page holds and does not show; it is in no format but `raw_html`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden_text: Vec<String>,
    /// What reads like instructions to a program that reads the page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suspicions: Vec<Suspicion>,
}

/// Where content was found.
#[derive(schemars::JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In the element that holds the content.
    Main,
    /// Everywhere: no element stood out.
    Page,
    /// In what the page declares of itself (JSON-LD, description), because it shows no text.
    Declared,
    /// In what the caller's selectors matched.
    Selectors,
}

/// A link of the content.
#[derive(schemars::JsonSchema, Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Absolute.
    pub url: String,
    /// What it shows.
    pub text: String,
    /// `rel`, where the page sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rel: Option<String>,
}

/// Why a page was not extracted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// The page is beyond a limit.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A selector of the caller's does not parse.
    #[error("{0:?} is not a CSS selector")]
    Selector(String),
}

impl ExtractError {
    /// A name for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused(Refused::TooLarge { .. }) => "too_large",
            Self::Refused(Refused::TooDeep { .. }) => "too_deep",
            Self::Refused(Refused::TooManyNodes { .. }) => "too_many_nodes",
            Self::Refused(Refused::TooSlow { .. }) => "too_slow",
            Self::Selector(_) => "bad_selector",
        }
    }
}
