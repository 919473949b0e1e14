//! What an unpaid request gets, and that no way leads around the price.

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use x402::{PaymentRequired, decode_header, v1};

use crate::support::{Answer, World};

#[tokio::test]
async fn the_offer_stands_in_the_header_for_version_2_and_in_the_body_for_version_1() {
    let world = World::start().await;
    let answer = Answer::of(world.http.get(world.url("/item"))).await;
    assert_eq!(answer.status, 402);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let offer: PaymentRequired =
        decode_header(answer.headers["payment-required"].as_bytes()).expect("an offer");
    let v2 = offer.accepts[0].evm().expect("an EVM offer");
    assert_eq!(v2.amount, crate::support::PRICE);
    assert_eq!(offer.resource.url, world.url("/item"));
    let body: v1::PaymentRequired = serde_json::from_slice(&answer.body).expect("a version 1 body");
    assert_eq!(body.accepts[0].to_v2().as_ref(), Some(v2), "the same offer in both");
    let upfront = world.offer("POST", "/upfront").await;
    let extra = upfront.accepts[0].evm().and_then(|offer| offer.extra.clone()).expect("extra");
    assert_eq!(extra["paymentFlow"], "upfront");
}

#[tokio::test]
async fn a_browser_gets_a_page_with_the_same_status_and_offer() {
    let world = World::start().await;
    let plain = Answer::of(world.http.get(world.url("/item"))).await;
    let browser =
        world.http.get(world.url("/item")).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let page = Answer::of(browser).await;
    assert_eq!(page.status, 402);
    assert_eq!(page.headers["payment-required"], plain.headers["payment-required"]);
    assert!(page.headers["content-type"].to_str().expect("text").starts_with("text/html"));
    let html = String::from_utf8_lossy(&page.body);
    assert!(html.contains("$0.01") && html.contains(&world.url("/item")), "{html}");
}

#[tokio::test]
async fn no_method_and_no_spelling_of_a_path_reaches_a_handler_unpaid() {
    let world = World::start().await;
    let paths = [
        "/item",
        "/item/",
        "/ITEM",
        "//item",
        "/./item",
        "/x/../item",
        "/%69tem",
        "/item%2f",
        "/item;a",
        "/item?x=%2e%2e",
    ];
    for path in paths {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = Answer::of(world.http.request(method.clone(), world.url(path))).await;
            let free = method == Method::OPTIONS;
            assert!(free || answer.status.is_client_error(), "{method} {path} answers {}", answer.status);
            assert!(!String::from_utf8_lossy(&answer.body).contains("\"run\""), "{method} {path}");
        }
    }
    assert!(!world.service.ran(), "no handler ran");
    let head = Answer::of(world.http.head(world.url("/item"))).await;
    assert_eq!(head.status, 402, "HEAD asks for the price");
    assert!(head.headers.contains_key("payment-required"));
}

#[tokio::test]
async fn a_page_of_any_origin_may_pay() {
    let world = World::start().await;
    let preflight = world
        .http
        .request(Method::OPTIONS, world.url("/authorize"))
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "payment-signature, access-control-expose-headers, content-type",
        );
    let answer = Answer::of(preflight).await;
    assert!(answer.status.is_success());
    assert!(allows(&answer.headers, "access-control-allow-headers", "payment-signature"));
    assert!(allows(&answer.headers, "access-control-allow-headers", "access-control-expose-headers"));
    assert!(allows(&answer.headers, "access-control-allow-methods", "POST"));
    let unpaid =
        Answer::of(world.http.get(world.url("/item")).header("origin", "https://shop.example")).await;
    assert_eq!(unpaid.headers["access-control-allow-origin"], "*");
    for name in ["payment-required", "payment-response", "x-payment-response"] {
        assert!(allows(&unpaid.headers, "access-control-expose-headers", name), "{name}");
    }
}

fn allows(headers: &HeaderMap, header: &str, wanted: &str) -> bool {
    let value = headers.get(header).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value == "*" || value.split(',').any(|allowed| allowed.trim().eq_ignore_ascii_case(wanted))
}

#[tokio::test]
async fn the_well_known_document_lists_what_is_sold_at_its_price() {
    let world = World::start().await;
    let document: Value = Answer::of(world.http.get(world.url("/.well-known/x402"))).await.json();
    let resources = document["resources"].as_array().expect("resources");
    assert_eq!(resources.len(), 7);
    for resource in resources {
        if resource["pricedBy"] == "unit" {
            let offer = world.offer_for("/units", &json!({ "units": 1 })).await;
            assert_eq!(resource["accepts"], json!([offer.accepts[0].evm().expect("an offer")]));
            continue;
        }
        let method = resource["method"].as_str().expect("a method");
        let url = resource["resource"].as_str().expect("a URL");
        let offer = world.offer(method, url.strip_prefix(&world.service.origin).expect("here")).await;
        assert_eq!(resource["accepts"], json!([offer.accepts[0].evm().expect("an offer")]));
    }
}
