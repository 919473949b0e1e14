//! `scraper`: page scrapes that are paid for only when they are content.

use std::{process::ExitCode, time::Duration};

use scraper_service::{
    api::{self, BatchAnswer, BatchRequest, PRICE, Quote, QuoteRequest, ScrapeAnswer, ScrapeRequest},
    extract_command,
    render::{GUARD, guard},
    settings::Settings,
    site,
    work::worker::{self, WORKER},
};
use service_kit::{Context, Route, Routes, Service, StartError};

/// A page may be fetched, rendered and worked on twice.
const TIMEOUT: Duration = Duration::from_secs(75);
const BATCH_TIMEOUT: Duration = Duration::from_secs(240);

fn main() -> ExitCode {
    let about = "Page scrapes that you pay for only when they are content.";
    let service = Service::new("scraper", about, env!("CARGO_PKG_VERSION")).ports(4022, 5022);
    let service = service
        .command("extract", "The content of a page on stdin, to stdout", async |arguments| {
            extract_command::run(&arguments).map_err(StartError::failed("extracting"))
        })
        .worker(WORKER, worker::run)
        .worker(GUARD, guard::run);
    service_kit::run(service, routes)
}

async fn routes(settings: Settings, context: Context) -> Result<Routes, StartError> {
    let scrape = Route::post("/v1/scrape")
        .price(PRICE)
        .timeout(TIMEOUT)
        .summary("One page: Markdown, text, HTML, links, metadata, fields by a schema, a screenshot. What is not content costs nothing.")
        .check(api::check)
        .request::<ScrapeRequest>()
        .response::<ScrapeAnswer>();
    let batch = Route::post("/v1/scrape/batch")
        .price(PRICE)
        .price_by("page", api::price(PRICE))
        .timeout(BATCH_TIMEOUT)
        .summary("Up to 20 pages for one payment. Those that are not content are given back.")
        .request::<BatchRequest>()
        .response::<BatchAnswer>();
    let quote = Route::post("/v1/scrape/quote")
        .summary(
            "What a page costs, and whether its site lets it be scraped. Fetches nothing but its robots.txt.",
        )
        .request::<QuoteRequest>()
        .response::<Quote>();
    let wallet = settings.wallet.clone();
    let scraper = settings.open(&context)?;
    let routes = Routes::new().paid(scrape, api::scrape).paid(batch, api::batch).free(quote, api::quote);
    Ok(site::add(routes, wallet, &scraper, &context)?.with_state(scraper))
}
