use serde_json::{Value, json};
use x402::{PaymentRequired, decode_header};

use crate::{offline, support::client};

#[tokio::test]
async fn the_pages_show_every_route_with_its_price_and_escape_what_they_show() {
    let running = offline().start();
    for page in ["/", "/docs"] {
        let answer = running.get(page).await;
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        assert!(
            answer.headers()["content-security-policy"]
                .to_str()
                .expect("text")
                .starts_with("default-src 'none'")
        );
        let html = answer.text().await.expect("text");
        for expected in
            ["/v1/answer", "$0.001", "The answer.", "Answers, &lt;b&gt;bold&lt;/b&gt; &amp; short."]
        {
            assert!(html.contains(expected), "{page} lacks {expected}");
        }
        assert!(!html.contains("<b>"), "{page}");
        assert!(!html.contains("<script") && !html.contains("src="), "{page} loads nothing");
        assert!(html.contains(&format!("buyer pay {}/v1/answer", running.public)), "{page}");
    }
}

#[tokio::test]
async fn one_table_prices_the_route_and_makes_every_document() {
    let running = offline().start();
    let offer: Value = running.get("/v1/answer").await.json().await.expect("JSON");
    let openapi: Value = running.get("/openapi.json").await.json().await.expect("JSON");
    let discovery: Value = running.get("/.well-known/x402").await.json().await.expect("JSON");
    let priced = &openapi["paths"]["/v1/answer"]["get"]["x-payment-info"];
    let offered = &offer["accepts"][0];
    assert_eq!(offered["maxAmountRequired"], "1000");
    assert_eq!(priced["price"]["amount"], "0.001");
    assert_eq!(priced["protocols"][0]["x402"]["amount"], offered["maxAmountRequired"]);
    assert_eq!(priced["protocols"][0]["x402"]["payTo"], offered["payTo"]);
    assert_eq!(discovery["resources"][0]["accepts"][0]["amount"], offered["maxAmountRequired"]);
}

#[tokio::test]
async fn what_is_free_stands_in_the_documents_and_has_no_price() {
    let running = offline().start();
    let openapi: Value = running.get("/openapi.json").await.json().await.expect("JSON");
    let sum = &openapi["paths"]["/sum"]["post"];
    assert_eq!((&sum["summary"], &sum["security"]), (&json!("The sum."), &json!([])));
    assert!(sum.get("x-payment-info").is_none() && sum["responses"].get("402").is_none());
    assert!(sum["requestBody"]["content"]["application/json"]["schema"].is_object());
    assert!(openapi["paths"].get("/broken").is_none(), "pages are not listed");
    for page in ["/", "/docs"] {
        let html = running.get(page).await.text().await.expect("text");
        assert!(html.contains("/sum") && html.contains("free"), "{page}");
    }
    let discovery: Value = running.get("/.well-known/x402").await.json().await.expect("JSON");
    assert_eq!(discovery["resources"].as_array().expect("a list").len(), 2, "what is sold");
}

#[tokio::test]
async fn a_price_by_the_request_is_offered_for_the_request_and_documented_by_its_unit() {
    let running = offline().start();
    let ask = async |body: &'static str| {
        let request = client().post(format!("{}/v1/answers", running.public)).body(body);
        request.send().await.expect("an answer")
    };
    for (body, price) in [("[1, 2, 3]", 3_000), ("[7]", 1_000), ("[]", 1_000)] {
        let unpaid = ask(body).await;
        assert_eq!(unpaid.status(), 402);
        let offer: PaymentRequired =
            decode_header(unpaid.headers()["payment-required"].as_bytes()).expect("an offer");
        assert_eq!(offer.accepts[0].evm().expect("USDC").amount.atomic(), price, "{body}");
    }
    let refused = ask("[1, -2]").await;
    assert_eq!(refused.status(), 400);
    assert_eq!(refused.json::<Value>().await.expect("JSON")["reason"], "invalid_numbers");

    let openapi: Value = running.get("/openapi.json").await.json().await.expect("JSON");
    let price = &openapi["paths"]["/v1/answers"]["post"]["x-payment-info"]["price"];
    assert_eq!(*price, json!({ "mode": "dynamic", "currency": "USD", "min": "0.001", "unit": "answer" }));
    let discovery: Value = running.get("/.well-known/x402").await.json().await.expect("JSON");
    assert_eq!(discovery["resources"][1]["pricedBy"], "answer");
    let page = running.get("/docs").await.text().await.expect("text");
    assert!(page.contains("$0.001 per answer"), "{page}");
}

#[tokio::test]
async fn a_service_may_have_a_home_page_of_its_own() {
    let running = offline().arg("--home=<h1>Welcome</h1>").start();
    let home = running.get("/").await;
    assert_eq!(home.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(home.text().await.expect("text"), "<h1>Welcome</h1>");
    assert_eq!(running.get("/docs").await.status(), 200);
}
