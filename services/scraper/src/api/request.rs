//! What a buyer asks for.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service_kit::Problem;
use url::Url;

use crate::extract::{self, Format, Schema};

/// The most that is waited for, in milliseconds: less than the deadline of a rendering.
const MAX_WAIT_MS: u32 = 10_000;
/// The most pages of a batch.
pub const MAX_PAGES: usize = 20;
/// The most selectors of a kind, and letters of one.
const MAX_SELECTORS: usize = 20;
const MAX_SELECTOR_LENGTH: usize = 500;

/// One page, and what of it is wanted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct ScrapeRequest {
    /// The page: http or https, on port 80 or 443.
    #[schemars(with = "String", example = "https://example.com/")]
    pub url: Url,
    /// What is wanted of it. `markdown` and `metadata` unless given.
    #[serde(default = "default_formats")]
    pub formats: BTreeSet<Format>,
    /// Whether a browser may be used. `auto` uses one only where the page shows nothing without.
    #[serde(default)]
    pub render: Render,
    /// What a browser waits for before it looks.
    #[serde(default)]
    pub wait_for: Option<WaitFor>,
    /// What of the page a screenshot shows.
    #[serde(default)]
    pub screenshot: Screenshot,
    /// How old a copy may be, in seconds. 0, which it is unless given, fetches the page now.
    #[serde(default)]
    pub max_age: u32,
    /// CSS selectors: only what they match is content.
    #[serde(default)]
    pub include: Vec<String>,
    /// CSS selectors: what they match is not content.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// For `structured`: names of fields, each with a CSS `selector` (and `attribute`, `many`, `fields` inside it) or a `json_ld` path.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub schema: Option<Schema>,
    /// The most tokens of Markdown and of text, four letters or one ideograph each; cut between blocks.
    #[serde(default)]
    pub max_tokens: Option<usize>,
}

/// Many pages, one payment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct BatchRequest {
    /// The pages, at most 20.
    pub pages: Vec<ScrapeRequest>,
}

/// A page that may be bought.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct QuoteRequest {
    /// The page.
    #[schemars(with = "String", example = "https://example.com/")]
    pub url: Url,
}

/// Whether a browser is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Render {
    /// Where the page shows nothing without.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// What a browser waits for: both, where both are given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct WaitFor {
    /// An element that this CSS selector matches.
    #[serde(default)]
    pub selector: Option<String>,
    /// So many milliseconds after the page has loaded, at most 10,000.
    #[serde(default)]
    pub ms: u32,
}

/// What a screenshot shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Screenshot {
    /// What a window shows: 1280 by 800.
    #[default]
    Viewport,
    /// The page from top to bottom, down to 16,384 pixels.
    FullPage,
}

/// What of a page is wanted: all that a worker needs to know of a request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in ScrapeRequest")]
pub struct Wanted {
    pub formats: BTreeSet<Format>,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub schema: Option<Schema>,
    pub max_tokens: Option<usize>,
}

impl Wanted {
    /// What the extraction is asked for.
    #[must_use]
    pub fn options(&self) -> extract::Options {
        let Self { formats, include, exclude, schema, max_tokens } = self.clone();
        let formats = formats.into_iter().collect();
        extract::Options { formats, include, exclude, schema, max_tokens, ..extract::Options::default() }
    }
}

fn default_formats() -> BTreeSet<Format> {
    BTreeSet::from([Format::Markdown, Format::Metadata])
}

impl ScrapeRequest {
    /// What a worker does.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let Self { formats, include, exclude, schema, max_tokens, .. } = self.clone();
        Wanted { formats, include, exclude, schema, max_tokens }
    }

    /// Whether nothing but a browser will do.
    #[must_use]
    pub fn needs_browser(&self) -> bool {
        self.render == Render::Always || self.formats.contains(&Format::Screenshot)
    }

    /// Refuses what could never be done.
    ///
    /// # Errors
    /// A problem that names the field.
    pub fn check(&self) -> Result<(), Problem> {
        let invalid = |detail: String| Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_request", detail));
        let selectors = self.include.len().max(self.exclude.len());
        let longest = self.include.iter().chain(&self.exclude).map(String::len).max().unwrap_or_default();
        if self.formats.is_empty() {
            return invalid("`formats` is empty".to_owned());
        }
        if self.formats.contains(&Format::Structured) != self.schema.is_some() {
            return invalid("`structured` is wanted where there is a `schema`, and only there".to_owned());
        }
        if selectors > MAX_SELECTORS || longest > MAX_SELECTOR_LENGTH {
            return invalid(format!(
                "at most {MAX_SELECTORS} selectors to include, as many to exclude, {MAX_SELECTOR_LENGTH} bytes each"
            ));
        }
        if self.render == Render::Never && (self.wait_for.is_some() || self.needs_browser()) {
            return invalid("a screenshot and `wait_for` take a browser, and `render` is `never`".to_owned());
        }
        if self.wait_for.as_ref().is_some_and(|wait| wait.ms > MAX_WAIT_MS) {
            return invalid(format!("`wait_for.ms` is at most {MAX_WAIT_MS}"));
        }
        Ok(())
    }
}

impl BatchRequest {
    /// Refuses what could never be done.
    ///
    /// # Errors
    /// A problem that names what.
    pub fn check(&self) -> Result<(), Problem> {
        if !(1..=MAX_PAGES).contains(&self.pages.len()) {
            let detail = format!("a batch has 1 to {MAX_PAGES} pages");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_request", detail));
        }
        self.pages.iter().try_for_each(ScrapeRequest::check)
    }
}
