//! The quote is free, so it is counted: by the client that asks, and by the host that is asked on its behalf.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};

use crate::{
    offline,
    site::{Reply, Site},
    support::{Running, client},
};

async fn quote_from(running: &Running, address: &str, url: &str) -> Response {
    let request = client().post(format!("{}/v1/scrape/quote", running.public)).json(&json!({ "url": url }));
    request.header("x-forwarded-for", address).send().await.expect("an answer")
}

/// Each is a typed refusal that says when to come again.
async fn refusals(answers: Vec<Response>) -> Vec<String> {
    let mut reasons = Vec::new();
    for answer in answers.into_iter().filter(|answer| answer.status() == 429) {
        let wait = answer.headers()["retry-after"].to_str().expect("text").parse::<u32>().expect("seconds");
        assert!(wait >= 1);
        let problem: Value = answer.json().await.expect("JSON");
        reasons.push(problem["reason"].as_str().expect("a reason").to_owned());
    }
    reasons
}

#[tokio::test]
async fn a_client_gets_so_many_quotes_and_another_one_its_own() {
    let site = Site::open().await;
    let running = offline()
        .env("SCRAPER_ALLOW_ORIGINS", &site.host())
        .env("SCRAPER_CLIENT_HEADER", "x-forwarded-for")
        .env("SCRAPER_QUOTE_RATE", "1")
        .start();
    let page = site.url("/page");
    let answers = join_all((0..40).map(|_| quote_from(&running, "203.0.113.7", &page))).await;
    let served = answers.iter().filter(|answer| answer.status() == 200).count();
    let refused = refusals(answers).await;
    assert!(served >= 10 && served + refused.len() == 40, "{served} served, {} refused", refused.len());
    assert!(!refused.is_empty() && refused.iter().all(|reason| reason == "too_many_quotes"), "{refused:?}");
    assert_eq!(quote_from(&running, "203.0.113.8", &page).await.status(), 200);
}

#[tokio::test]
async fn a_host_is_not_asked_for_its_robots_txt_as_often_as_anybody_likes() {
    let site = Site::open().await;
    site.on("/robots.txt", Reply::Forever(Vec::new(), Vec::new(), Duration::from_millis(100)));
    let running = offline()
        .env("SCRAPER_ALLOW_ORIGINS", &site.host())
        .env("SCRAPER_HOST_RATE", "1")
        .env("SCRAPER_FETCH_DEADLINE_MS", "4000")
        .start();
    let page = site.url("/page");
    let clients: Vec<_> = (1..=12).map(|at| format!("203.0.113.{at}")).collect();
    let answers = join_all(clients.iter().map(|client| quote_from(&running, client, &page))).await;
    let refused = refusals(answers).await;
    assert!(!refused.is_empty() && refused.iter().all(|reason| reason == "host_busy"), "{refused:?}");
    assert_eq!(site.asked("/robots.txt"), 12 - refused.len());
}
