//! What a buyer gets.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::{
    fetch::{Fetched, Peer, Redirect, Timing},
    render::Rendered,
    work::{Content, Done},
};

/// A page, and the proof of where it comes from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct ScrapeAnswer {
    /// The page that was asked for.
    pub url: String,
    /// Always `content`: whatever is not, is an error and costs nothing.
    pub verdict: &'static str,
    /// What was got out of it.
    #[schemars(with = "Content")]
    pub content: Box<RawValue>,
    /// What the browser saw, where one was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendered: Option<Rendering>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// What a browser did.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Rendering {
    /// Where the browser was in the end.
    pub url: String,
    /// A picture, PNG in base64, where one was wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot: Option<String>,
    /// SHA-256 of the page as the browser had made it, UTF-8.
    pub sha256: String,
    /// The connections that the page asked for and did not get, since they lead to addresses that are not public.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// The proof of where a page comes from, as the fetcher saw it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Provenance {
    /// Where the page was in the end.
    pub final_url: String,
    /// With what status it came.
    pub status: u16,
    /// The redirects on the way, in order.
    pub redirects: Vec<Redirect>,
    /// Who answered.
    pub peer: Peer,
    /// When it was fetched, in epoch milliseconds.
    pub fetched_at_ms: u64,
    /// How old it was when it was answered with, in seconds: 0 unless `max_age` let a copy be used.
    pub age: u64,
    /// Where the time of the fetch went.
    pub timing: Timing,
    /// SHA-256 of the page's bytes, their content coding undone.
    pub raw_sha256: String,
    /// How many bytes those are.
    pub raw_bytes: usize,
    /// SHA-256 of `content`, byte for byte as it stands in this answer.
    pub content_sha256: String,
    /// What extracted it.
    pub extractor: &'static str,
}

/// The name and version of what extracts.
const EXTRACTOR: &str = concat!("scraper ", env!("CARGO_PKG_VERSION"));

impl ScrapeAnswer {
    /// Puts an answer together. `raw` is the page as fetched, `content` what was got out of it, or out of the browser's.
    #[must_use]
    pub fn new(
        url: &str,
        fetched: &Fetched,
        raw: &Done,
        content: Box<RawValue>,
        rendered: Option<&Rendered>,
    ) -> Self {
        let provenance = Provenance {
            final_url: fetched.url.to_string(),
            status: fetched.status,
            redirects: fetched.redirects.clone(),
            peer: fetched.peer.clone(),
            fetched_at_ms: fetched.fetched_at_ms,
            age: fetched.age().as_secs(),
            timing: fetched.timing,
            raw_sha256: raw.sha256.clone(),
            raw_bytes: raw.bytes,
            content_sha256: hex::encode(Sha256::digest(content.get())),
            extractor: EXTRACTOR,
        };
        let rendered = rendered.map(Rendering::of);
        Self { url: url.to_owned(), verdict: "content", content, rendered, provenance }
    }
}

impl Rendering {
    fn of(rendered: &Rendered) -> Self {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        Self {
            url: rendered.url.clone(),
            screenshot: rendered.screenshot.as_ref().map(|png| BASE64_STANDARD.encode(png)),
            sha256: hex::encode(Sha256::digest(&rendered.html)),
            refused: rendered.refused.clone(),
            elapsed_ms: rendered.elapsed_ms,
        }
    }
}
