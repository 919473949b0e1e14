//! What a caller asks of an extraction.

use serde::{Deserialize, Serialize};

use super::{dom::Limits, structured::Schema};

/// A form of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// CommonMark with tables, links absolute.
    Markdown,
    /// A line for each block.
    Text,
    /// The content's elements without their styling, scripts and handlers.
    Html,
    /// The page as it was decoded.
    RawHtml,
    /// The content's links, absolute.
    Links,
    /// Title, author, dates, language, Open Graph, JSON-LD.
    Metadata,
    /// Fields by a schema of CSS selectors and JSON-LD paths.
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
