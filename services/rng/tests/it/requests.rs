use serde_json::{Value, json};

use crate::{
    offline,
    support::{Running, client, pauper, payment},
};

/// The header of a payment. The chain is away, so that whoever passes the check gets 503 and no further.
async fn signed(running: &Running) -> String {
    payment(&running.get("/v1/random").await, &pauper(), 9)
}

async fn outcome(request: reqwest::RequestBuilder, payment: &str) -> (u16, Value) {
    let answer = request.header("payment-signature", payment).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn what_can_never_be_drawn_is_refused_before_the_payment_is_looked_at() {
    let running = offline().start();
    let payment = signed(&running).await;
    let url = format!("{}/v1/random", running.public);
    let get = |query: &str| client().get(format!("{url}?{query}"));
    let post = |body: &Value| client().post(&url).json(body);
    let refused = [
        (get("dice=2d0"), "side"),
        (get("bytes=1&dice=2d6"), "`dice` is unknown, or does not go"),
        (get("bytes=1&bytes=2"), "`bytes` occurs twice"),
        (get("sample=50/49"), "50"),
        (get("colour=blue"), "`colour`"),
        (get("bytes=32").body("{}"), "by query or by body"),
        (get("mode=beacon"), "no beacon is configured"),
        (get("epoch=19000"), "not today's"),
        (get("passwords=8&charset=aa"), "none twice"),
        (post(&json!({ "draws": [] })), "at least one draw"),
        (post(&json!({ "draws": [{ "op": "dice", "sides": 6 }], "seed": "typo" })), "unknown field `seed`"),
        (post(&json!({ "draws": [{ "op": "bytes", "count": 4_000_000 }] })), "4000000"),
        (
            client().post(format!("{url}?bytes=1")).json(&json!({ "draws": [{ "op": "bytes" }] })),
            "by query or by body",
        ),
    ];
    for (request, why) in refused {
        let (status, problem) = outcome(request, &payment).await;
        assert_eq!((status, &problem["reason"]), (400, &"invalid_draw".into()), "{problem}");
        assert!(problem["detail"].as_str().expect("text").contains(why), "{why}: {problem}");
    }
}

#[tokio::test]
async fn what_can_be_drawn_goes_on_to_the_payment() {
    let running = offline().start();
    let payment = signed(&running).await;
    let url = format!("{}/v1/random", running.public);
    let request = json!({ "draws": [{ "op": "dice", "count": "2", "sides": 6 }], "clientSeed": "mine" });
    let accepted = [
        client().get(&url),
        client().get(format!("{url}?dice=2d6&label=round%2012")),
        client().get(format!("{url}?min=1&max=100&count=5")),
        client().post(&url).json(&request),
    ];
    for request in accepted {
        let (status, problem) = outcome(request, &payment).await;
        assert_eq!(status, 503, "{problem}");
    }
}
