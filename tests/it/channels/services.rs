//! Scrapes and personas from channels: what the 402 says is the most, what the work turned out to be is what is charged.

use axum::{Router, routing::get};
use devnet::{Devnet, Options};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use x402::Usdc;
use x402_buyer::{Budgets, Request, Terms, channel::ChannelAnswer};

use super::{buyer::usdc, shop::client};
use crate::{
    program::{Program, Running},
    support::binary,
};

const DOLLAR: Usdc = Usdc::from_atomic(1_000_000);

/// Starts a service that sells from channels on `chain`.
async fn selling(chain: &Devnet, service: Program, pay_to: impl ToString) -> Running {
    let key = service.file("channels.key", &chain.signer(5).private_key.to_string());
    let service = service.on("devnet", chain.rpc_url()).env("X402_CHANNEL_KEY_FILE", &key);
    let running = service.env("X402_PAY_TO", &pay_to.to_string()).start();
    running.until_ready(200).await;
    running
}

/// Buys one call from a new channel that holds a dollar, and takes the rest back.
async fn buy(chain: &Devnet, url: &str, body: &Value) -> (ChannelAnswer, Usdc) {
    let folder = TempDir::new().expect("a folder");
    let buyer = client(chain, folder.path(), Budgets::unlimited()).await;
    let request = Request::post_json(url, body).expect("a request");
    let terms = Terms { max_price: Some(DOLLAR), ..Terms::default() };
    let answer = buyer.send(&request, &terms, DOLLAR).await.expect("served");
    let refunded = buyer.close(answer.channel.id).await.expect("closed").refunded;
    (answer, refunded)
}

#[tokio::test]
async fn a_batch_of_scrapes_is_charged_by_the_pages_that_are_content() {
    let pages = Router::new()
        .route("/note.txt", get(async || "68 bytes are content too."))
        .route("/robots.txt", get(async || "User-agent: *\nDisallow: /private\n"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let site = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move { axum::serve(listener, pages).await });
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let scraper = Program::new(binary("scraper"))
        .env("SCRAPER_ALLOW_ORIGINS", &site)
        .env("SCRAPER_HOST_RATE", "1000")
        .env("SCRAPER_BROWSER", "/nonexistent");
    let scraper = selling(&chain, scraper, chain.pay_to().scraper).await;
    let pages = ["note.txt", "missing", "private/note.txt"]
        .map(|path| json!({ "url": format!("http://{site}/{path}") }));
    let url = format!("{}/v1/scrape/batch", scraper.public);
    let (answer, refunded) = buy(&chain, &url, &json!({ "pages": pages })).await;
    assert_eq!((answer.charged, refunded), (usdc(5_000), usdc(995_000)));
}

#[tokio::test]
async fn a_panel_of_personas_is_charged_by_the_head() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let persona = selling(&chain, Program::new(binary("persona")), chain.pay_to().persona).await;
    let url = format!("{}/v1/personas/query", persona.public);
    let query = json!({ "mode": "interview", "question": "Do you own or rent your home?", "n": 3 });
    let (answer, refunded) = buy(&chain, &url, &query).await;
    let said: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(said["answers"].as_array().map(Vec::len), Some(3));
    assert_eq!((answer.charged, refunded), (usdc(60_000), usdc(940_000)));
}
