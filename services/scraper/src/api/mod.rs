//! What is sold: requests, answers, and everything that is not charged for.

mod answer;
mod batch;
mod error;
mod quote;
mod request;
mod scrape;

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use service_kit::Problem;

pub use answer::{Provenance, Rendering, ScrapeAnswer};
pub use batch::{BatchAnswer, PageAnswer, batch, price};
pub use error::ScrapeError;
pub use quote::{PRICE, Quote, quote};
pub use request::{
    BatchRequest, MAX_PAGES, QuoteRequest, Render, ScrapeRequest, Screenshot, WaitFor, Wanted,
};
pub use scrape::{Scraper, check, scrape};

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_body", error.to_string()))
}
