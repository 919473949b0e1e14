//! Many pages for one payment, charged for those that are content.

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
use serde_json::{Map, Value};
use service_kit::{Charge, JsonBody, Problem, Usdc};

use super::{BatchRequest, PRICE, ScrapeAnswer, ScrapeError, Scraper};

/// How many pages of a batch are worked on at once.
const AT_ONCE: usize = 4;

/// The pages of a batch, in the order they were asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BatchAnswer {
    /// One answer for each page, or the problem why there is none.
    pub pages: Vec<PageAnswer>,
    /// How many of them are content, and charged for. What was paid for the others is given back.
    pub charged: usize,
}

/// What became of one page of a batch.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PageAnswer {
    /// It is content.
    Content(Box<ScrapeAnswer>),
    /// It is not, and costs nothing: the problem that a single scrape would answer with, and the `url`.
    Problem(Map<String, Value>),
}

/// What a batch costs: the price of a page, for each.
pub fn price(page: Usdc) -> impl Fn(&Parts, &Bytes) -> Result<Usdc, Problem> {
    move |_, body| {
        let request = super::parse::<BatchRequest>(body)?;
        request.check()?;
        Ok(of_pages(page, request.pages.len()))
    }
}

/// `POST /v1/scrape/batch`.
///
/// # Errors
/// A problem that says of every page what became of it, where none is content.
pub async fn batch(
    State(scraper): State<Arc<Scraper>>,
    JsonBody(request): JsonBody<BatchRequest>,
) -> Result<(Charge, Json<BatchAnswer>), Problem> {
    let scrapes = request.pages.into_iter().map(|page| {
        let scraper = Arc::clone(&scraper);
        async move {
            let outcome = scraper.scrape(&page).await;
            PageAnswer::of(page.url.as_str(), outcome)
        }
    });
    let pages: Vec<_> = stream::iter(scrapes).buffered(AT_ONCE).collect().await;
    let charged = pages.iter().filter(|page| matches!(page, PageAnswer::Content(_))).count();
    if charged == 0 {
        let detail = "none of the pages is content, so nothing is charged";
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "batch_without_content", detail);
        let pages: Vec<_> = pages.into_iter().filter_map(PageAnswer::problem).collect();
        return Err(problem.with("pages", pages).with("charged", false));
    }
    Ok((Charge(of_pages(PRICE, charged)), Json(BatchAnswer { pages, charged })))
}

impl PageAnswer {
    fn of(url: &str, outcome: Result<ScrapeAnswer, ScrapeError>) -> Self {
        match outcome {
            Ok(answer) => Self::Content(Box::new(answer)),
            Err(error) => Self::Problem(error.problem().with("url", url).members()),
        }
    }

    fn problem(self) -> Option<Map<String, Value>> {
        match self {
            Self::Content(_) => None,
            Self::Problem(members) => Some(members),
        }
    }
}

fn of_pages(page: Usdc, pages: usize) -> Usdc {
    Usdc::from_atomic(page.atomic().saturating_mul(pages as u64))
}
