//! Whether an answer is content, or what it is instead. Nobody pays for anything but content.

mod phrases;
mod seen;
mod signs;

use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use url::Url;

use self::seen::Seen;
use super::dom::{Dom, Limits, Refused};

/// What a site answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What was asked for.
    Content,
    /// Content behind a paywall, a region, an access rule or a demand to change the browser.
    Wall,
    /// A test whether a person asks.
    Captcha,
    /// A page that asks for consent in place of the content.
    Consent,
    /// A page that asks to sign in.
    Login,
    /// A name without a site: for sale, expired, or a server's first page.
    Parking,
    /// "Not found", said with a status that means success.
    #[serde(rename = "soft_404")]
    Soft404,
    /// Nothing to read: no text, or a shell that scripts would fill.
    Empty,
    /// A status that means failure.
    Error,
    /// The site's robots.txt refuses.
    Robots,
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The signs that led to it; none for content.
    pub evidence: Vec<Evidence>,
}

/// One sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What kind of sign.
    pub sign: &'static str,
    /// The status, header or words.
    pub detail: String,
}

impl Judgement {
    pub(super) fn new(verdict: Verdict, sign: &'static str, detail: impl Into<String>) -> Self {
        Self { verdict, evidence: vec![Evidence { sign, detail: detail.into() }] }
    }

    /// Content, without reservation.
    #[must_use]
    pub fn content() -> Self {
        Self { verdict: Verdict::Content, evidence: Vec::new() }
    }

    /// The site's robots.txt lets nobody in: by this rule, or since it cannot be read.
    #[must_use]
    pub fn robots(sign: &'static str, detail: &str) -> Self {
        Self::new(Verdict::Robots, sign, detail)
    }
}

/// An answer to judge.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Of the last answer, after all redirects.
    pub status: StatusCode,
    /// Of the last answer.
    pub headers: &'a HeaderMap,
    /// Where the redirects ended.
    pub url: &'a Url,
    /// The decoded body.
    pub body: &'a str,
}

/// Judges an answer: by its status and headers, then, where it is a page, by what a reader of it would see.
///
/// # Errors
/// The page is beyond the limits.
pub fn judge(answer: &Answer<'_>, limits: &Limits) -> Result<Judgement, Refused> {
    Ok(judge_parsed(answer, answer.parse(limits)?.as_ref()))
}

/// The same with the body parsed already, by [`Answer::parse`].
#[must_use]
pub fn judge_parsed(answer: &Answer<'_>, dom: Option<&Dom>) -> Judgement {
    let page = dom.map(|dom| Seen::of(dom, answer.url));
    let by_head =
        signs::challenge(answer).or_else(|| page.as_ref().and_then(|page| signs::captcha(answer, page)));
    if let Some(judgement) = by_head.or_else(|| signs::status(answer)) {
        return judgement;
    }
    let Some(page) = page else {
        let empty = answer.body.trim().is_empty();
        return if empty { Judgement::new(Verdict::Empty, "no_body", "") } else { Judgement::content() };
    };
    let signs = [signs::parking, signs::consent, signs::login, signs::soft_404, signs::wall, signs::empty];
    signs.iter().find_map(|sign| sign(answer, &page)).unwrap_or_else(Judgement::content)
}

impl Answer<'_> {
    /// The body, where it is a page. What is not HTML is content as it is, however small.
    ///
    /// # Errors
    /// The page is beyond the limits.
    pub fn parse(&self, limits: &Limits) -> Result<Option<Dom>, Refused> {
        self.is_page().then(|| Dom::parse(self.body, limits)).transpose()
    }

    fn is_page(&self) -> bool {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        match kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()) {
            Some(kind) => kind == "text/html" || kind == "application/xhtml+xml",
            None => self.body.trim_start().starts_with('<'),
        }
    }
}
