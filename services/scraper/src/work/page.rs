//! The pipeline of one page: coding, kind, content, verdict. Runs in a worker.

use http::{StatusCode, header::CONTENT_TYPE};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json, value::to_raw_value};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{
    Done, Job, Outcome, Unreadable,
    decode::{self, Undecodable},
    kind::{HTML, NoPage, Page},
};
use crate::extract::{
    Answer, ExtractError, Extraction, Format, Judgement, Verdict, extract, extract_parsed, judge_parsed,
};

/// The content of a page. A format that was not asked for is absent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Content {
    /// `text/html`, `application/pdf`, `text/plain`.
    pub media_type: String,
    /// How bytes became letters, by its name in the WHATWG Encoding Standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charset: Option<&'static str>,
    #[serde(flatten)]
    #[expect(missing_docs, reason = "flattened: its fields are documented")]
    pub extraction: Extraction,
}

/// Works on a page.
pub(super) fn work(job: &Job, body: &[u8], max_bytes: usize) -> Done {
    match decode::content(&job.codings, body, max_bytes) {
        Ok(content) => {
            let sha256 = hex::encode(Sha256::digest(&content));
            Done {
                sha256,
                bytes: content.len(),
                outcome: assess(job, &content).unwrap_or_else(|outcome| outcome),
            }
        }
        Err(error) => {
            let reason = match error {
                Undecodable::TooLarge { .. } => Unreadable::TooLarge,
                Undecodable::Bomb => Unreadable::Bomb,
                Undecodable::Unknown(_) | Undecodable::TooMany | Undecodable::Broken { .. } => {
                    Unreadable::Broken
                }
            };
            let outcome = Outcome::Unreadable { reason, detail: error.to_string() };
            Done { sha256: hex::encode(Sha256::digest(body)), bytes: body.len(), outcome }
        }
    }
}

/// What came, and whether anybody would pay for it.
fn assess(job: &Job, bytes: &[u8]) -> Result<Outcome, Outcome> {
    let (headers, options) = (job.header_map(), job.wanted.options());
    let url: Url = job.url.parse().map_err(broken)?;
    let status = StatusCode::from_u16(job.status).map_err(broken)?;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let page = match Page::read(bytes, content_type) {
        // Whatever an error shows, it is an error.
        Err(_) if status.is_client_error() || status.is_server_error() => Page::default(),
        page => page?,
    };
    let answer = Answer { status, headers: &headers, url: &url, body: &page.raw };
    let dom = answer.parse(&options.limits).map_err(ExtractError::from)?;
    let Judgement { verdict, evidence } = judge_parsed(&answer, dom.as_ref());
    if verdict != Verdict::Content {
        let needs_browser = verdict == Verdict::Empty && page.media_type == HTML && !job.rendered;
        return Ok(not_content(verdict, json!(evidence), needs_browser));
    }
    let Page { media_type, charset, raw, shown } = page;
    let mut extraction = match (&shown, &dom) {
        (None, Some(dom)) => extract_parsed(dom, &raw, Some(&url), &options)?,
        _ => extract(shown.as_deref().unwrap_or(&raw), Some(&url), &options)?,
    };
    if extraction.words == 0 {
        let evidence = json!([{ "sign": "no_words", "detail": "nothing is left of the page" }]);
        return Ok(not_content(Verdict::Empty, evidence, media_type == HTML && !job.rendered));
    }
    if shown.is_some() && job.wanted.formats.contains(&Format::RawHtml) {
        extraction.raw_html = Some(raw);
    }
    to_raw_value(&Content { media_type, charset, extraction }).map(Outcome::Content).map_err(broken)
}

fn not_content(verdict: Verdict, evidence: Value, needs_browser: bool) -> Outcome {
    let verdict = json!(verdict).as_str().unwrap_or("error").to_owned();
    Outcome::NotContent { verdict, evidence, needs_browser }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: impl ToString) -> Outcome {
    Outcome::Unreadable { reason: Unreadable::Broken, detail: error.to_string() }
}

impl From<NoPage> for Outcome {
    fn from(error: NoPage) -> Self {
        let (reason, detail) = match error {
            NoPage::MediaType(kind) => {
                (Unreadable::MediaType, format!("{kind} holds no text that is extracted"))
            }
            NoPage::Broken(why) => (Unreadable::Broken, why),
        };
        Self::Unreadable { reason, detail }
    }
}

impl From<ExtractError> for Outcome {
    fn from(error: ExtractError) -> Self {
        let reason = match error {
            ExtractError::Refused(_) => Unreadable::TooComplex,
            ExtractError::Selector(_) => Unreadable::Request,
        };
        Self::Unreadable { reason, detail: error.to_string() }
    }
}
