//! `scraper`, as its operator, its customers and its enemies see it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends where something is not as expected")]

mod addresses;
mod charset;
mod content;
mod destinations;
mod extract_command;
mod home;
mod hostile;
mod hostile_servers;
mod markdown;
mod market;
mod metadata;
mod names;
mod politeness;
mod provenance;
mod quotes;
mod rendering;
mod robots;
mod sample;
mod secure;
mod site;
#[path = "../../../../shared/service-kit/tests/support/mod.rs"]
mod support;
mod verdict;
mod workers;

use serde_json::{Value, json};

use site::Site;
use support::{NOWHERE, PAY_TO, Program, Running, client};

fn scraper() -> Program {
    // A fresh host is asked as fast as a test asks.
    Program::new(env!("CARGO_BIN_EXE_scraper"))
        .env("SCRAPER_HOST_RATE", "1000")
        .env("SCRAPER_QUOTE_RATE", "1000")
}

/// The service, selling on a chain that does not answer: for all that is free.
fn offline() -> Program {
    scraper().on("devnet", NOWHERE).env("X402_PAY_TO", PAY_TO)
}

/// What the free quote says of a URL: its status, and its reason where it is a problem.
async fn quote(running: &Running, url: &str) -> (u16, Value) {
    let request = client().post(format!("{}/v1/scrape/quote", running.public)).json(&json!({ "url": url }));
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}
