use serde_json::{Value, json};

use crate::{offline, support::client};

#[tokio::test]
async fn the_panel_is_free_and_names_its_sources() {
    let running = offline().start();
    let panel: Value = running.get("/v1/panel").await.json().await.expect("JSON");
    assert_eq!(panel["personas"], 10_000);
    for margin in panel["margins"].as_array().expect("margins") {
        assert!(margin["source"].as_str().is_some_and(|source| source.contains("202")), "{margin}");
        for share in margin["shares"].as_array().expect("shares") {
            let (cited, own) =
                (share["cited"].as_f64().expect("a share"), share["panel"].as_f64().expect("a share"));
            assert!((own - cited).abs() < 1.0, "{share}");
        }
    }
    let listed: Value = running.get("/v1/personas?limit=3").await.json().await.expect("JSON");
    let first = &listed["personas"][0];
    let id = first["id"].as_str().expect("an id");
    let again: Value = running.get(&format!("/v1/personas/{id}")).await.json().await.expect("JSON");
    assert_eq!(&again, first);
    assert_eq!(first["party"]["basis"], "conditional");
    assert_eq!(running.get("/v1/personas/p_0000").await.status(), 404);
    assert!(running.get("/").await.text().await.expect("a page").contains("<form"));
}

#[tokio::test]
async fn the_price_is_per_persona_and_a_bad_query_is_refused_before_it() {
    let running = offline().start();
    let ask =
        |query: Value| client().post(format!("{}/v1/personas/query", running.public)).json(&query).send();
    let offer = ask(json!({"question": "Tea or coffee?", "options": ["Tea", "Coffee"], "n": 10}))
        .await
        .expect("an answer");
    assert_eq!(offer.status(), 402);
    let offer: Value = offer.json().await.expect("JSON");
    assert_eq!(
        offer["accepts"][0]["amount"].as_str().or(offer["accepts"][0]["maxAmountRequired"].as_str()),
        Some("200000"),
        "{offer}"
    );
    let refused = ask(json!({"question": "Tea?", "n": 0})).await.expect("an answer");
    assert_eq!(refused.status(), 422);
    let refused: Value = refused.json().await.expect("JSON");
    assert_eq!(refused["reason"], "invalid_query");
}
