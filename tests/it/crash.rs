//! SIGKILL in the middle of a sale, a restart on the same ledger, and the buyer sending the same payment again.

use serde_json::json;

use crate::support::{FLOWS, PRICE, World, eventually};

#[tokio::test]
async fn killed_while_the_handler_works() {
    let mut world = World::start().await;
    for target in FLOWS {
        let earned = world.earned().await;
        let body = json!({ "note": "work", "workMs": 700 });
        let payment = world.sign(0, target, &body).await;
        let request = world.post(target, &body, &payment);
        let caller = tokio::spawn(request.send());
        world.until(payment.id, |status| status["work"] == "running").await;
        world.service.has_begun(payment.id).await;
        world.service.kill();
        assert!(caller.await.expect("joined").is_err(), "the caller saw nothing");

        world.service.restart().await;
        let answer = again(&world, target, &body, &payment).await;
        assert_eq!(answer.0, 200, "{target}: {}", answer.1);
        let status = world.until(payment.id, |status| status["money"] == "settled").await;
        assert_eq!(status["work"], "served");
        assert_eq!(world.earned().await, earned + PRICE.atomic(), "{target}: one charge");
    }
}

#[tokio::test]
async fn killed_while_the_settlement_waits_for_a_block() {
    let mut world = World::start().await;
    for target in FLOWS {
        let earned = world.earned().await;
        let body = json!({ "note": "settle" });
        let payment = world.sign(0, target, &body).await;
        world.chain.pause_mining().await.expect("paused");
        let caller = tokio::spawn(world.post(target, &body, &payment).send());
        world.until(payment.id, |status| status["money"] == "settling").await;
        until_sent(&world, 1).await;
        world.service.kill();
        assert!(caller.await.expect("joined").is_err());
        world.chain.resume_mining().await.expect("mined");

        world.service.restart().await;
        let answer = again(&world, target, &body, &payment).await;
        assert_eq!(answer.0, 200, "{target}: {}", answer.1);
        assert_eq!(world.service.runs(payment.id), 1, "{target}: nothing is done twice");
        assert_eq!(world.earned().await, earned + PRICE.atomic(), "{target}: one charge");
    }
}

#[tokio::test]
async fn killed_while_two_transactions_wait_for_a_block() {
    let mut world = World::start().await;
    let body = json!({ "note": "two" });
    world.chain.pause_mining().await.expect("paused");
    let mut payments = Vec::new();
    for sent in 1..=2 {
        let payment = world.sign(usize::try_from(sent).expect("small"), "/authorize", &body).await;
        payments.push((tokio::spawn(world.post("/authorize", &body, &payment).send()), payment));
        until_sent(&world, sent).await;
    }
    world.service.kill();
    world.chain.resume_mining().await.expect("mined");
    world.service.restart().await;
    for (caller, payment) in payments {
        assert!(caller.await.expect("joined").is_err());
        let answer = again(&world, "/authorize", &body, &payment).await;
        assert_eq!(answer.0, 200, "{}", answer.1);
        assert_eq!(world.service.runs(payment.id), 1, "nothing is done twice");
    }
    assert_eq!(world.earned().await, 2 * PRICE.atomic(), "one charge each");
}

#[tokio::test]
async fn killed_after_the_settlement_and_before_the_buyer_asks_again() {
    let mut world = World::start().await;
    for target in FLOWS {
        let earned = world.earned().await;
        let body = json!({ "note": "lost" });
        let payment = world.sign(0, target, &body).await;
        let first = world.pay(target, &body, &payment).await;
        world.service.kill();
        world.service.restart().await;
        let answer = again(&world, target, &body, &payment).await;
        assert_eq!(answer, (200, String::from_utf8_lossy(&first.body).into_owned()));
        assert_eq!(world.service.runs(payment.id), 1);
        assert_eq!(world.earned().await, earned + PRICE.atomic());
    }
}

#[tokio::test]
async fn what_was_paid_before_a_crash_is_done_without_the_buyer() {
    let mut world = World::start().await;
    let body = json!({ "workMs": 700 });
    let payment = world.sign(0, "/upfront", &body).await;
    let caller = tokio::spawn(world.post("/upfront", &body, &payment).send());
    world.until(payment.id, |status| status["money"] == "settled").await;
    world.service.kill();
    assert!(caller.await.expect("joined").is_err());
    world.service.restart().await;
    let status = world.until(payment.id, |status| status["work"] == "served").await;
    assert_eq!(status["money"], "settled");
    assert_eq!(world.earned().await, PRICE.atomic());
}

#[tokio::test]
async fn work_done_after_a_crash_sees_the_request_as_it_came_in() {
    let mut world = World::start().await;
    let (target, body) = ("/things/42", json!({ "workMs": 700 }));
    let payment = world.sign(0, target, &body).await;
    let request = world.post(target, &body, &payment).header("x-colour", "green");
    let again = request.try_clone().expect("a body in memory");
    let caller = tokio::spawn(request.send());
    world.until(payment.id, |status| status["money"] == "settled").await;
    world.service.kill();
    assert!(caller.await.expect("joined").is_err());
    world.service.restart().await;
    world.until(payment.id, |status| status["work"] == "served").await;

    let answer = crate::support::Answer::of(again).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let note = answer.json()["note"].as_str().expect("a note").to_owned();
    assert!(
        note.starts_with("42 in green, Bound"),
        "path, header and salt are those of the first run: {note}"
    );
    assert_eq!(world.earned().await, PRICE.atomic());
}

/// A second attempt that is refused says nothing about the first one, which may be under way.
#[tokio::test]
async fn a_refusal_after_a_crash_is_not_taken_for_the_end_of_what_was_sent() {
    let mut world = World::start().await;
    let body = json!({});
    let poor = x402::SigningKey::from_bytes(&[5; 32]).expect("a key");
    world.chain.mint(poor.address(), alloy_primitives::U256::from(PRICE.atomic())).await.expect("minted");
    let payment = world.sign_as(&poor, "/authorize", &body).await;
    world.chain.pause_mining().await.expect("paused");
    let caller = tokio::spawn(world.post("/authorize", &body, &payment).send());
    world.until(payment.id, |status| status["money"] == "settling").await;
    until_sent(&world, 1).await;
    world.service.kill();
    assert!(caller.await.expect("joined").is_err());
    world.service.restart().await;

    let answer = world.pay("/authorize", &body, &payment).await;
    assert_ne!(
        answer.status,
        402,
        "never told to pay again while the first transaction may arrive: {}",
        answer.json()
    );
    world.chain.resume_mining().await.expect("mined");
    let answer = again(&world, "/authorize", &body, &payment).await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    assert_eq!(world.earned().await, PRICE.atomic());
    let status = world.status(payment.id).await;
    assert_eq!(
        (&status["money"], &status["reason"]),
        (&json!("settled"), &json!(null)),
        "no reason of an earlier state"
    );
}

/// Sends the same payment to the restarted service until it is done with it.
async fn again(
    world: &World,
    target: &str,
    body: &serde_json::Value,
    payment: &crate::support::Signed,
) -> (u16, String) {
    for _ in 0..40 {
        let response = world.post(target, body, payment).send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        assert_ne!(status, 402, "never told to pay again: {text}");
        if status != 503 && status != 409 {
            return (status, text);
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    (0, "no answer".to_owned())
}

/// Waits until so many transactions wait for a block.
async fn until_sent(world: &World, count: u64) {
    eventually(async || match pending(world).await {
        sent if sent >= count => Ok(()),
        sent => Err(format!("{sent} of {count} transactions were sent")),
    })
    .await;
}

async fn pending(world: &World) -> u64 {
    let status: serde_json::Value = world.chain.rpc("txpool_status", json!([])).await.expect("a pool");
    let count = status["pending"].as_str().unwrap_or("0x0").trim_start_matches("0x").to_owned();
    u64::from_str_radix(&count, 16).expect("a number")
}

/// The transaction stands in the ledger before anybody may have it, and after a restart it is sent as it was.
#[tokio::test]
async fn killed_before_the_transaction_reaches_anybody() {
    let faults = "drop@eth_sendRawTransactionSync=1,drop@eth_sendRawTransaction=1";
    let (mut world, proxy) = World::behind(faults).await;
    let body = json!({ "note": "on the way" });
    let payment = world.sign(0, "/authorize", &body).await;
    let caller = tokio::spawn(world.post("/authorize", &body, &payment).send());
    let status = world.until(payment.id, |status| status["transaction"].is_string()).await;
    world.service.kill();
    assert!(caller.await.expect("joined").is_err());
    assert_eq!(pending(&world).await, 0, "nobody had it");

    proxy.set(devnet::Faults::default());
    world.service.restart().await;
    let answer = again(&world, "/authorize", &body, &payment).await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    assert_eq!(world.status(payment.id).await["transaction"], status["transaction"], "the same transaction");
    assert_eq!(world.earned().await, PRICE.atomic());
}
