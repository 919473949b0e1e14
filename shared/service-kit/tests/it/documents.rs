use serde_json::Value;

use crate::offline;

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
