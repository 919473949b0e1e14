//! Draws by the beacon through relays that do not give the round.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Json, Router, extract::Path, http::StatusCode, routing::get};
use devnet::{Devnet, Options};
use draw::beacon::{CHAIN_HASH, time_of};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use x402::SigningKey;

use crate::{
    rng,
    sale::sell,
    support::{client, payment},
};

/// What quicknet published as its round 1000.
const OF_ANOTHER_ROUND: &str = include_str!("../../../../shared/draw/tests/vectors/quicknet-1000.hex");

/// What a relay answers to a round.
type Answer = fn(u64) -> Result<Json<Value>, StatusCode>;

/// A relay, and the rounds that it was asked for.
async fn relay(answer: Answer) -> (String, Arc<Mutex<Vec<u64>>>) {
    let asked = Arc::<Mutex<Vec<u64>>>::default();
    let notes = asked.clone();
    let answer = move |Path(round): Path<u64>| async move {
        notes.lock().expect("not poisoned").push(round);
        answer(round)
    };
    let relay = Router::new().route(&format!("/{CHAIN_HASH}/public/{{round}}"), get(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, relay).await });
    (url, asked)
}

#[tokio::test]
async fn a_forged_round_makes_no_draw_and_the_money_comes_back() {
    let forger = |round| Ok(Json(json!({ "round": round, "signature": OF_ANOTHER_ROUND })));
    no_draw(forger, "the signature is not the beacon's for round").await;
}

#[tokio::test]
async fn another_round_than_asked_for_makes_no_draw_and_the_money_comes_back() {
    let wrong = |_| Ok(Json(json!({ "round": 1000, "signature": OF_ANOTHER_ROUND })));
    no_draw(wrong, "the relay answered round 1000").await;
}

#[tokio::test]
async fn a_round_that_comes_too_late_makes_no_draw_and_the_money_comes_back() {
    no_draw(|_| Err(StatusCode::TOO_EARLY), "425").await;
}

/// A draw is paid, the relay answers so, and nothing is drawn or kept, for the reason that the answer names.
async fn no_draw(answer: Answer, why: &str) {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let (relay, asked) = relay(answer).await;
    let rng = rng().on("devnet", chain.rpc_url()).env("X402_PAY_TO", &chain.pay_to().rng.to_string());
    let wallet = rng.file("refunds.key", &chain.buyer(1).private_key.to_string());
    let running = rng.env("X402_REFUND_KEY_FILE", &wallet).env("RNG_BEACON_RELAY", &relay).start();
    let payer = SigningKey::from_bytes(&chain.buyer(0).private_key.0).expect("a key");
    let target = "/v1/random?dice=2d6&mode=beacon";
    let payment = payment(&running.get(target).await, &payer, 1);
    let held = chain.balance_of(payer.address()).await.expect("a balance");
    let paid_at = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs();

    let (status, refused) = sell(client().get(format!("{}{target}", running.public)), &payment).await;
    let refused: Value = serde_json::from_str(&refused).expect("JSON");
    assert_eq!((status, &refused["reason"]), (503, &json!("beacon_unavailable")), "{refused}");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{refused}");
    let rounds = asked.lock().expect("not poisoned").clone();
    let round = rounds.first().copied().expect("the relay was asked");
    assert!(time_of(round) > paid_at, "a round that nobody knew when the draw was paid");
    assert!(rounds.iter().all(|other| *other == round), "another round would be another draw: {rounds:?}");

    let patience = Instant::now() + Duration::from_secs(30);
    while chain.balance_of(payer.address()).await.expect("a balance") != held {
        assert!(Instant::now() < patience, "what was paid for nothing did not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
