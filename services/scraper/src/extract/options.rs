//! What a caller asks of an extraction.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{dom::Limits, structured::Schema};

/// What may be got out of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The content as Markdown.
    Markdown,
    /// The content as text.
    Text,
    /// The content as HTML, without what runs.
    Html,
    /// The page as it came.
    RawHtml,
    /// Where the page points to.
    Links,
    /// What the page says of itself: title, author, dates, language, OpenGraph, JSON-LD.
    Metadata,
    /// A picture of the page, PNG in base64. Takes a browser.
    // Nothing that is extracted: it is made beside.
    Screenshot,
    /// What `schema` finds.
    Structured,
}

/// How a page is extracted.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The forms wanted.
    pub formats: Vec<Format>,
    /// CSS selectors: where given, the content is what they match, whatever else the page holds.
    pub include: Vec<String>,
    /// CSS selectors of what is left out.
    pub exclude: Vec<String>,
    /// Text and markdown are cut, between blocks, near this many tokens (four letters, or one ideograph, each).
    pub max_tokens: Option<usize>,
    /// The fields of [`Format::Structured`].
    pub schema: Option<Schema>,
    /// What a page may cost.
    pub limits: Limits,
}

impl Options {
    /// Those formats, all else as it comes.
    #[must_use]
    pub fn formats(formats: &[Format]) -> Self {
        Self { formats: formats.to_vec(), ..Self::default() }
    }

    pub(crate) fn wants(&self, format: Format) -> bool {
        self.formats.contains(&format)
    }
}
