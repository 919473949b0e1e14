//! Many pages for one payment: all of them are content, or nobody pays.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, request::Parts},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use service_kit::{JsonBody, Problem, Usdc};

use super::{BatchRequest, ScrapeAnswer, Scraper};

/// How many pages of a batch are worked on at once.
const AT_ONCE: usize = 4;

/// The pages of a batch, in the order they were asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BatchAnswer {
    /// One answer for each page.
    pub pages: Vec<ScrapeAnswer>,
}

/// What a batch costs: the price of a page, for each.
pub fn price(page: Usdc) -> impl Fn(&Parts, &Bytes) -> Result<Usdc, Problem> {
    move |_, body| {
        let request = super::parse::<BatchRequest>(body)?;
        request.check()?;
        Ok(Usdc::from_atomic(page.atomic().saturating_mul(request.pages.len() as u64)))
    }
}

/// `POST /v1/scrape/batch`.
///
/// # Errors
/// A problem that says of every page what became of it, where one is not content. What was fetched is kept, so that the same
/// batch without that page, with a `max_age`, is answered from the copies.
pub async fn batch(
    State(scraper): State<Arc<Scraper>>,
    JsonBody(request): JsonBody<BatchRequest>,
) -> Result<Json<BatchAnswer>, Problem> {
    let scrapes = request.pages.clone().into_iter().map(|page| {
        let scraper = Arc::clone(&scraper);
        async move { scraper.scrape(&page).await }
    });
    let outcomes: Vec<_> = stream::iter(scrapes).buffered(AT_ONCE).collect().await;
    if outcomes.iter().all(Result::is_ok) {
        return Ok(Json(BatchAnswer { pages: outcomes.into_iter().flatten().collect() }));
    }
    let report = request.pages.iter().zip(&outcomes).map(|(page, outcome)| match outcome {
        Ok(_) => json!({ "url": page.url, "verdict": "content" }),
        Err(error) => json!({ "url": page.url, "reason": error.reason(), "detail": error.to_string() }),
    });
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let detail = format!("{failed} of {} pages are not content, so none is charged for", outcomes.len());
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "batch_incomplete", detail);
    Err(problem.with("pages", report.collect::<Vec<Value>>()).with("charged", false))
}
