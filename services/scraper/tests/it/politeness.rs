//! One host is asked so often, and no more; who comes too soon is told when to come again.

use serde_json::json;

use crate::{
    market::Market,
    site::{Site, article},
};

#[tokio::test]
async fn a_host_that_was_asked_enough_is_left_alone_and_nobody_is_charged_for_waiting() {
    let site = Site::open().await;
    site.html("/page", article());
    let market = Market::open(|program| {
        program
            .env("SCRAPER_ALLOW_ORIGINS", &site.host())
            .env("SCRAPER_HOST_RATE", "1")
            .env("SCRAPER_BROWSER", "/nonexistent")
    })
    .await;
    // More at once than can have their turn while a request waits for it.
    let page = site.url("/page");
    let all = futures_util::future::join_all((0..8).map(|_| market.scrape(&page, json!({})))).await;
    let (served, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(|(status, _)| *status == 200);
    assert!(!served.is_empty() && !refused.is_empty(), "{} of 8 were served", served.len());
    for (status, problem) in &refused {
        assert_eq!((*status, problem["reason"].as_str()), (429, Some("host_busy")), "{problem}");
    }
    assert_eq!(site.asked("/page"), served.len());
    assert_eq!(market.earned().await, 5_000 * served.len() as u64);
    // A copy asks nobody.
    assert_eq!(market.scrape(&page, json!({ "max_age": 600 })).await.0, 200);
}
