//! One page: fetched, worked on, rendered where it needs to be, and answered with only if it is content.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{header::CONTENT_TYPE, request::Parts},
};
use bytes::Bytes;
use serde_json::value::RawValue;
use service_kit::{JsonBody, Meter, Problem};

use super::{Render, ScrapeAnswer, ScrapeError, ScrapeRequest};
use crate::{
    fetch::{Fetched, Fetcher},
    render::{Browser, RenderError, Rendered},
    work::{Done, Job, Outcome, Pool, decode},
};

/// Everything that scraping takes.
pub struct Scraper {
    /// Gets pages.
    pub fetcher: Fetcher,
    /// Works on them.
    pub pool: Arc<Pool>,
    /// Renders them, or says what is missing.
    pub browser: Browser,
    /// Counts a client's free quotes, where clients are limited.
    pub quotes: Option<Meter>,
}

/// `POST /v1/scrape`.
///
/// # Errors
/// [`ScrapeError`]: no content, no charge.
pub async fn scrape(
    State(scraper): State<Arc<Scraper>>,
    JsonBody(request): JsonBody<ScrapeRequest>,
) -> Result<Json<ScrapeAnswer>, ScrapeError> {
    scraper.scrape(&request).await.map(Json)
}

/// Refuses what could never be scraped, before any money moves.
///
/// # Errors
/// A problem that says what is wrong.
pub fn check(_: &Parts, body: &Bytes) -> Result<(), Problem> {
    super::parse::<ScrapeRequest>(body)?.check()
}

impl Scraper {
    /// Scrapes a page.
    ///
    /// # Errors
    /// [`ScrapeError`] for whatever is not content.
    pub async fn scrape(&self, request: &ScrapeRequest) -> Result<ScrapeAnswer, ScrapeError> {
        if request.needs_browser() {
            self.browser.available()?;
        }
        let max_age = Duration::from_secs(request.max_age.into());
        let fetched = self.fetcher.fetch(&request.url, max_age).await?;
        let raw = self.pool.work(&job(request, &fetched), &fetched.body).await?;
        let rendered = self.render(request, &fetched, &raw).await?;
        let outcome = match &rendered {
            Some(page) => self.pool.work(&job_of(request, page), page.html.as_bytes()).await?.outcome,
            None => raw.outcome.clone(),
        };
        let content = content(outcome, &fetched, rendered.as_ref())?;
        Ok(ScrapeAnswer::new(request.url.as_str(), &fetched, &raw, content, rendered.as_ref()))
    }

    /// A browser's view of the page, where it is wanted, or where the page shows nothing without.
    async fn render(
        &self,
        request: &ScrapeRequest,
        fetched: &Fetched,
        raw: &Done,
    ) -> Result<Option<Rendered>, RenderError> {
        let empty = matches!(raw.outcome, Outcome::NotContent { needs_browser: true, .. });
        let helps = empty && request.render == Render::Auto && self.browser.available().is_ok();
        if request.needs_browser() || request.wait_for.is_some() || helps {
            return self.browser.render(&fetched.url, request).await.map(Some);
        }
        Ok(None)
    }
}

fn job(request: &ScrapeRequest, fetched: &Fetched) -> Job {
    let fields = fetched
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    Job {
        url: fetched.url.to_string(),
        status: fetched.status,
        headers: fields.collect(),
        codings: decode::codings(&fetched.headers),
        rendered: false,
        wanted: request.wanted(),
    }
}

fn job_of(request: &ScrapeRequest, page: &Rendered) -> Job {
    Job {
        url: page.url.clone(),
        status: page.status,
        headers: vec![(CONTENT_TYPE.to_string(), "text/html; charset=utf-8".to_owned())],
        codings: Vec::new(),
        rendered: true,
        wanted: request.wanted(),
    }
}

fn content(
    outcome: Outcome,
    fetched: &Fetched,
    rendered: Option<&Rendered>,
) -> Result<Box<RawValue>, ScrapeError> {
    match outcome {
        Outcome::Content(content) => Ok(content),
        Outcome::Unreadable { reason, detail } => Err(ScrapeError::Unreadable { reason, detail }),
        Outcome::NotContent { verdict, evidence, .. } => Err(ScrapeError::NotContent {
            verdict,
            evidence,
            final_url: rendered.map_or_else(|| fetched.url.to_string(), |page| page.url.clone()),
            status: rendered.map_or(fetched.status, |page| page.status),
        }),
    }
}
