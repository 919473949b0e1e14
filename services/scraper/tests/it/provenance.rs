//! What an answer proves: which bytes came from where, and that the seller has signed it.

use serde::Deserialize;
use serde_json::{json, value::RawValue};
use sha2::{Digest as _, Sha256};
use x402::{Delivery, ExtensionInfo as _, SettlementResponse, Signed, decode_header};

use crate::{
    hostile_servers::gzip,
    market::Market,
    quote,
    site::{Site, article},
};

/// An answer, its content byte for byte.
#[derive(Deserialize)]
struct Answer {
    content: Box<RawValue>,
    provenance: Provenance,
}

#[derive(Deserialize)]
struct Provenance {
    final_url: String,
    raw_sha256: String,
    raw_bytes: usize,
    content_sha256: String,
    fetched_at_ms: u64,
    extractor: String,
}

fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn an_answer_proves_what_was_fetched_and_the_seller_signs_it() {
    let site = Site::open().await;
    let fields = "content-type: text/html\r\ncontent-encoding: gzip\r\n";
    site.redirect("/moved", "/page").page("/page", "200 OK", fields, gzip(article().as_bytes()));
    let market = Market::open(|program| {
        program.env("SCRAPER_ALLOW_ORIGINS", &site.host()).env("SCRAPER_BROWSER", "/nonexistent")
    })
    .await;
    let request = json!({ "url": site.url("/moved"), "formats": ["markdown", "metadata"] });
    let paid = market.pay("/v1/scrape", &request).await;
    assert_eq!(paid.status(), 200);
    let settlement: SettlementResponse =
        decode_header(paid.headers()["payment-response"].as_bytes()).expect("a settlement");
    let body = paid.bytes().await.expect("a body");

    let answer: Answer = serde_json::from_slice(&body).expect("an answer");
    let Provenance { final_url, raw_sha256, raw_bytes, content_sha256, fetched_at_ms, extractor } =
        answer.provenance;
    assert_eq!(final_url, site.url("/page"));
    assert_eq!(
        (raw_sha256, raw_bytes),
        (sha256(article()), article().len()),
        "of the page, not of its coding"
    );
    assert_eq!(content_sha256, sha256(answer.content.get()));
    assert_eq!(extractor, concat!("scraper ", env!("CARGO_PKG_VERSION")));

    let delivery = Signed::<Delivery>::read(settlement.extensions.as_ref()).expect("readable");
    let delivery = delivery.expect("a delivery").payload;
    assert_eq!(hex::encode(delivery.body_hash), sha256(&body), "all of the answer is signed");
    assert!(fetched_at_ms / 1000 <= delivery.issued_at);
}

#[tokio::test]
async fn a_quote_says_how_old_the_copy_at_hand_is_and_asks_for_no_page() {
    let site = Site::open().await;
    site.html("/page", article());
    let market = Market::open(|program| {
        program.env("SCRAPER_ALLOW_ORIGINS", &site.host()).env("SCRAPER_BROWSER", "/nonexistent")
    })
    .await;
    let page = site.url("/page");
    let (status, before) = quote(&market.running, &page).await;
    assert_eq!((status, &before["price"], &before["amount"]), (200, &json!("$0.005"), &json!("5000")));
    assert!(before.get("cached_age").is_none() && before["browser"] == false, "{before}");
    assert_eq!((site.asked("/page"), market.earned().await), (0, 0), "free, and of nothing but robots.txt");
    assert_eq!(market.scrape(&page, json!({})).await.0, 200);
    let (_, after) = quote(&market.running, &page).await;
    assert!(after["cached_age"].is_u64(), "{after}");
    assert_eq!((site.asked("/page"), site.asked("/robots.txt")), (1, 1));
}
