//! What a worker is asked, and what it answers.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::api::Wanted;

/// A page to work on. Its body goes beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Where the page is: what relative links are relative to.
    pub url: String,
    /// The status it came with.
    pub status: u16,
    /// Its header fields, as far as they are text.
    pub headers: Vec<(String, String)>,
    /// Its content codings, in the order they were applied.
    pub codings: Vec<String>,
    /// Whether a browser has made it.
    pub rendered: bool,
    /// What of it is wanted.
    pub wanted: Wanted,
}

impl Job {
    /// The header fields again.
    pub(super) fn header_map(&self) -> HeaderMap {
        let fields = self.headers.iter().map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
        fields.flatten().collect::<Vec<(HeaderName, HeaderValue)>>().into_iter().collect()
    }
}

/// What became of a page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    /// SHA-256 of its content, coding undone.
    pub sha256: String,
    /// How many bytes that is.
    pub bytes: usize,
    /// What it is.
    pub outcome: Outcome,
}

/// What a page turned out to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// What somebody would pay for: a [`super::Content`], as it goes into the answer.
    Content(Box<RawValue>),
    /// A page, but not what was asked for.
    NotContent {
        /// What it is instead: the name of a [`crate::extract::Verdict`].
        verdict: String,
        /// What shows it: a list of signs.
        evidence: Value,
        /// Whether a browser may get more out of it.
        needs_browser: bool,
    },
    /// Nothing that can be read.
    Unreadable {
        /// Why, in `snake_case`.
        reason: Unreadable,
        /// Why, for people.
        detail: String,
    },
}

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unreadable {
    /// More than is read.
    TooLarge,
    /// Small only on the wire.
    Bomb,
    /// Not what it says it is.
    Broken,
    /// Deeper, or of more parts, than is parsed.
    TooComplex,
    /// A kind of file that holds no text for us.
    MediaType,
    /// A selector of the request is none.
    Request,
}
