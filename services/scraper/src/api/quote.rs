//! What a page would cost, and whether it may be had: free.

use std::sync::Arc;

use axum::{Json, extract::State, http::request::Parts};
use schemars::JsonSchema;
use serde::Serialize;
use service_kit::{JsonBody, Usdc};

use super::{QuoteRequest, ScrapeError, Scraper};

/// What a page costs. One price: whether it is in the cache, and whether it takes a browser, changes nothing.
pub const PRICE: Usdc = Usdc::from_atomic(5_000);

/// What can be said of a page without fetching it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Quote {
    /// The page.
    pub url: String,
    /// What it costs, in dollars: `$0.005`.
    pub price: String,
    /// The same in atomic units of USDC.
    pub amount: String,
    /// `allowed`: whatever the site's robots.txt disallows is answered with a problem instead.
    pub robots: &'static str,
    /// How old the copy at hand is, in seconds, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_age: Option<u64>,
    /// Whether there is a browser, for pages that need one.
    pub browser: bool,
}

/// `POST /v1/scrape/quote`. Fetches nothing but the site's robots.txt.
///
/// # Errors
/// [`ScrapeError`] that scraping the page would end with before its first byte, or of a client who asks too often: what is free
/// sends nobody to a stranger's door as often as they like.
pub async fn quote(
    State(scraper): State<Arc<Scraper>>,
    parts: Parts,
    JsonBody(request): JsonBody<QuoteRequest>,
) -> Result<Json<Quote>, ScrapeError> {
    if scraper.quotes.as_ref().is_some_and(|quotes| !quotes.admits(&parts.headers, &parts.extensions)) {
        return Err(ScrapeError::Quotes);
    }
    scraper.fetcher.permitted(&request.url).await?;
    Ok(Json(Quote {
        price: PRICE.to_string(),
        amount: PRICE.atomic().to_string(),
        robots: "allowed",
        cached_age: scraper.fetcher.age(&request.url).map(|age| age.as_secs()),
        browser: scraper.browser.available().is_ok(),
        url: request.url.into(),
    }))
}
