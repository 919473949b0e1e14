//! Everything that is not charged for: one domain error, turned into HTTP in one place.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use service_kit::Problem;

use crate::{
    extract::Judgement,
    fetch::FetchError,
    render::RenderError,
    work::{Unreadable, WorkError},
};

/// Why there is no content. The payment is released, whichever it is.
#[derive(Debug, thiserror::Error)]
pub enum ScrapeError {
    /// The page did not come.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The page was too much.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The browser did not do it.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The body holds nothing that can be read.
    #[error("{detail}")]
    Unreadable {
        /// Of what kind the obstacle is.
        reason: Unreadable,
        /// What it is.
        detail: String,
    },
    /// This client has had its quotes for now.
    #[error("too many quotes; ask again later")]
    Quotes,
    /// There is a page, and it is not what anybody wants to pay for.
    #[error("the page is not content: {verdict}")]
    NotContent {
        /// What it is.
        verdict: String,
        /// What shows it.
        evidence: Value,
        /// Where it was in the end.
        final_url: String,
        /// With what status.
        status: u16,
    },
}

impl ScrapeError {
    /// The status, and what kind of failure this is, for programs.
    const fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Fetch(error) => of_fetch(error),
            Self::Work(error) => of_work(error),
            Self::Render(error) => of_render(error),
            Self::Unreadable { reason, .. } => of_unreadable(*reason),
            Self::Quotes => (StatusCode::TOO_MANY_REQUESTS, "too_many_quotes"),
            Self::NotContent { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "not_content"),
        }
    }

    /// When to come again, where that is known.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Fetch(FetchError::HostBusy { retry_after, .. }) => Some(*retry_after),
            Self::Work(WorkError::Busy) | Self::Render(RenderError::Busy) => Some(Duration::from_secs(5)),
            // The rate is told by the second: one quote at least is due within one.
            Self::Quotes => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// The problem that the buyer reads. A page that is not charged for is counted here.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (status, reason) = self.kind();
        metrics::counter!("scraper_not_charged_total", "reason" => reason).increment(1);
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            return Problem::internal(self);
        }
        let problem = Problem::new(status, reason, self.to_string()).with("charged", false);
        match self {
            Self::NotContent { verdict, evidence, final_url, status, .. } => problem
                .with("verdict", verdict.clone())
                .with("evidence", evidence.clone())
                .with("final_url", final_url.clone())
                .with("page_status", *status),
            Self::Fetch(FetchError::Robots { rule, .. }) => {
                judged(problem, Judgement::robots("robots_rule", rule))
            }
            Self::Fetch(FetchError::RobotsUnreachable { why, .. }) => {
                judged(problem, Judgement::robots("robots_unreachable", why))
            }
            _ => problem.with("verdict", "error"),
        }
    }
}

fn judged(problem: Problem, Judgement { verdict, evidence }: Judgement) -> Problem {
    problem.with("verdict", json!(verdict)).with("evidence", json!(evidence))
}

const fn of_fetch(error: &FetchError) -> (StatusCode, &'static str) {
    match error {
        FetchError::Refused { .. } => (StatusCode::FORBIDDEN, "destination_refused"),
        FetchError::Robots { .. } => (StatusCode::FORBIDDEN, "robots_disallowed"),
        FetchError::RobotsUnreachable { .. } => (StatusCode::BAD_GATEWAY, "robots_unreachable"),
        FetchError::HostBusy { .. } => (StatusCode::TOO_MANY_REQUESTS, "host_busy"),
        FetchError::Name { .. } => (StatusCode::BAD_GATEWAY, "name_not_found"),
        FetchError::Resolver(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        FetchError::Connect { .. } => (StatusCode::BAD_GATEWAY, "no_connection"),
        FetchError::Tls { .. } => (StatusCode::BAD_GATEWAY, "tls"),
        FetchError::Http { .. } => (StatusCode::BAD_GATEWAY, "not_http"),
        FetchError::HeadTooLarge { .. } => (StatusCode::BAD_GATEWAY, "head_too_large"),
        FetchError::BodyTooLarge { .. } => (StatusCode::BAD_GATEWAY, "body_too_large"),
        FetchError::TooSlow { .. } => (StatusCode::GATEWAY_TIMEOUT, "too_slow"),
        FetchError::Deadline(_) => (StatusCode::GATEWAY_TIMEOUT, "fetch_deadline"),
        FetchError::Redirects(_) => (StatusCode::BAD_GATEWAY, "too_many_redirects"),
        FetchError::BadRedirect { .. } => (StatusCode::BAD_GATEWAY, "bad_redirect"),
    }
}

const fn of_work(error: &WorkError) -> (StatusCode, &'static str) {
    match error {
        WorkError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        WorkError::Deadline(_) => (StatusCode::UNPROCESSABLE_ENTITY, "page_takes_too_long"),
        WorkError::Died(_) => (StatusCode::UNPROCESSABLE_ENTITY, "page_takes_too_much"),
        WorkError::Start(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

const fn of_render(error: &RenderError) -> (StatusCode, &'static str) {
    match error {
        RenderError::NoBrowser(_) => (StatusCode::NOT_IMPLEMENTED, "no_browser"),
        RenderError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        RenderError::Deadline(_) => (StatusCode::GATEWAY_TIMEOUT, "render_deadline"),
        RenderError::Waited(_) => (StatusCode::UNPROCESSABLE_ENTITY, "wait_for_not_met"),
        RenderError::Page(_) => (StatusCode::BAD_GATEWAY, "render_failed"),
        RenderError::Browser(_) => (StatusCode::SERVICE_UNAVAILABLE, "browser_failed"),
    }
}

const fn of_unreadable(reason: Unreadable) -> (StatusCode, &'static str) {
    match reason {
        Unreadable::TooLarge => (StatusCode::BAD_GATEWAY, "content_too_large"),
        Unreadable::Bomb => (StatusCode::BAD_GATEWAY, "decompression_bomb"),
        Unreadable::Broken => (StatusCode::BAD_GATEWAY, "broken_content"),
        Unreadable::TooComplex => (StatusCode::UNPROCESSABLE_ENTITY, "page_too_complex"),
        Unreadable::MediaType => (StatusCode::UNPROCESSABLE_ENTITY, "unsupported_media_type"),
        Unreadable::Request => (StatusCode::BAD_REQUEST, "invalid_request"),
    }
}

impl IntoResponse for ScrapeError {
    fn into_response(self) -> Response {
        let mut response = self.problem().into_response();
        if let Some(wait) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}
