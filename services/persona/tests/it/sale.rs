use devnet::{Devnet, Options};
use serde_json::{Value, json};
use x402::SigningKey;

use crate::{
    persona,
    support::{Running, client, payment},
};

fn ask(running: &Running, query: &Value) -> reqwest::RequestBuilder {
    client().post(format!("{}/v1/personas/query", running.public)).json(query)
}

/// Pays for a query with a payment of its own.
async fn buy(
    running: &Running,
    payer: &SigningKey,
    serial: u8,
    query: &Value,
) -> (u16, Option<String>, Value) {
    let offer = ask(running, query).send().await.expect("an offer");
    let sent = ask(running, query)
        .header("payment-signature", payment(&offer, payer, serial))
        .send()
        .await
        .expect("an answer");
    let cache = sent.headers().get("cache-status").and_then(|value| value.to_str().ok()).map(str::to_owned);
    (sent.status().as_u16(), cache, sent.json().await.expect("JSON"))
}

#[tokio::test]
async fn ten_personas_are_interviewed_in_ten_calls_and_in_one_for_twenty_cents() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let pay_to = chain.pay_to().persona;
    let running = persona().on("devnet", chain.rpc_url()).env("X402_PAY_TO", &pay_to.to_string()).start();
    let payer = SigningKey::from_bytes(&chain.buyer(0).private_key.0).expect("a key");
    let earned = async || -> u64 { chain.balance_of(pay_to).await.expect("a balance").to() };
    let concept = json!({"description": "A bottle that reminds you to drink", "price": 29, "attributes": ["glowing reminder"]});
    let interview =
        json!({"mode": "interview", "question": "What do you think of it?", "concept": concept, "n": 10});

    let before = earned().await;
    let (status, cache, answer) = buy(&running, &payer, 1, &interview).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["answers"].as_array().map(Vec::len), Some(10));
    assert!(cache.expect("a cache status").contains("stored"));
    assert_eq!(earned().await - before, 200_000, "ten personas at $0.02");

    let (_, cache, again) = buy(&running, &payer, 2, &interview).await;
    assert_eq!(cache.as_deref(), Some("persona; hit"));
    assert_eq!(again, answer);

    let events = ask(&running, &interview).header("accept", "text/event-stream");
    let offer = ask(&running, &interview).send().await.expect("an offer");
    let paid = events.header("payment-signature", payment(&offer, &payer, 3)).send().await.expect("events");
    assert_eq!(paid.headers()["content-type"], "text/event-stream");
    assert!(paid.headers().contains_key("payment-response"));
    let events = paid.text().await.expect("text");
    let data = |kind: &str| -> Vec<Value> {
        let of_kind = events.split("\n\n").filter(|event| event.contains(&format!("event: {kind}\n")));
        of_kind
            .map(|event| serde_json::from_str(event.split("data: ").nth(1).expect("data")).expect("JSON"))
            .collect()
    };
    assert_eq!(Value::from(data("persona")), answer["answers"], "a persona an event");
    assert_eq!(data("answer")[0]["payment"]["amount"], "200000");
    assert_eq!(data("answer")[0]["calibration"], answer["calibration"]);

    let before = earned().await;
    for serial in 0..10 {
        let single = json!({"mode": "single", "question": "What do you think of it?", "concept": concept, "seed": serial});
        let (status, _, answer) = buy(&running, &payer, 10 + serial, &single).await;
        assert_eq!((status, answer["answers"].as_array().map(Vec::len)), (200, Some(1)), "{answer}");
    }
    assert_eq!(earned().await - before, 200_000, "ten calls at $0.02");

    let before = earned().await;
    let offer = ask(&running, &interview).send().await.expect("an offer");
    let refused = json!({"question": "Who will you vote for?", "options": ["A", "B"], "n": 10});
    let refused = ask(&running, &refused)
        .header("payment-signature", payment(&offer, &payer, 30))
        .send()
        .await
        .expect("an answer");
    assert_eq!(refused.status(), 422);
    assert_eq!(earned().await, before, "a refusal costs nothing");
}
