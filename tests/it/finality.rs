//! On which certainty an answer is delivered, and what happens when a reorganisation takes its payment back. Blocks are made by
//! hand: the newest one is not safe, those before it are.

use scratch_postgres::ScratchPostgres;
use serde_json::{Value, json};
use x402::{Delivery, ExtensionInfo, Finality, Network, PaymentStatus, Signed as Statement};

use crate::support::{Answer, FLOWS, PRICE, Signed, World, eventually, now, payee};

/// A chain that makes no block by itself.
async fn world(settings: &[(&'static str, &str)]) -> World {
    World::by_hand(settings).await
}

/// Buys, and makes the block that the payment waits for.
async fn buy(world: &World, target: &str, body: &Value) -> (Signed, Answer) {
    let payment = world.sign(0, target, body).await;
    let answer = pay(world, target, body, &payment).await;
    (payment, answer)
}

async fn pay(world: &World, target: &str, body: &Value, payment: &Signed) -> Answer {
    let answer = world.pay(target, body, payment);
    tokio::pin!(answer);
    loop {
        tokio::select! {
            answer = &mut answer => return answer,
            _ = world.mine_what_waits() => {}
        }
    }
}

fn delivery(answer: &Answer) -> Delivery {
    let settlement = answer.settlement();
    let delivery = Statement::<Delivery>::read(settlement.extensions.as_ref()).expect("readable");
    delivery.expect("a delivery").payload
}

/// What the seller signed about a payment.
fn stated(world: &World, status: &Value) -> PaymentStatus {
    let signed = status["signedStatus"].clone();
    let signed: Statement<PaymentStatus> = serde_json::from_value(signed).expect("a signed status");
    assert_eq!(signed.signer(Network::BaseSepolia), Ok(payee(&world.chain).address));
    signed.payload
}

/// Replaces the newest blocks by empty ones.
async fn reorganise(world: &World, depth: u64) {
    world.chain.rpc::<Value>("anvil_reorg", (depth, json!([]))).await.expect("a reorganisation");
}

#[tokio::test]
async fn an_answer_says_on_what_certainty_it_was_delivered() {
    let world = world(&[]).await;
    for (target, level) in [("/authorize", "preconf"), ("/upfront", "preconf"), ("/block", "block")] {
        let (payment, answer) = buy(&world, target, &json!({ "note": level })).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_eq!(delivery(&answer).finality.as_str(), level, "{target}");
        let status = world.status(payment.id).await;
        assert_eq!((&status["finality"], &status["receipt"]), (&json!(level), &json!("valid")));
        assert_eq!(stated(&world, &status).finality, level);

        world.chain.mine().await.expect("a block");
        let status = world.until(payment.id, |status| status["finality"] == "safe").await;
        assert_eq!(stated(&world, &status).finality, "safe");
        let again = world.pay(target, &json!({ "note": level }), &payment).await;
        assert_eq!(delivery(&again).finality.as_str(), level, "what was signed stays as it was");
    }
    let shown: Value = Answer::of(world.http.get(world.url("/.well-known/x402"))).await.json();
    let resources = shown["resources"].as_array().expect("resources").clone();
    let level = |path: &str| {
        let sold = resources.iter().find(|sold| sold["resource"] == json!(world.url(path)));
        sold.expect("for sale")["finality"].clone()
    };
    assert_eq!(
        ["/authorize", "/block", "/safe"].map(level),
        ["preconf", "block", "safe"].map(|level| json!(level))
    );
}

#[tokio::test]
async fn what_is_sold_on_safe_blocks_waits_for_one() {
    let world = world(&[("UNSAFE_LIMIT", "0")]).await;
    let body = json!({ "note": "patient" });
    let (payment, answer) = buy(&world, "/safe", &body).await;
    assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (503, "settlement_pending"));
    assert_eq!(answer.headers["link"], format!("</payments/{}>; rel=\"payment\"", payment.id));
    assert!(answer.headers.contains_key("retry-after"));
    let status = world.status(payment.id).await;
    assert_eq!(
        (&status["money"], &status["work"], &status["receipt"]),
        (&json!("settled"), &json!("served"), &json!(null))
    );

    world.chain.mine().await.expect("a block");
    world.until(payment.id, |status| status["finality"] == "safe").await;
    let answer = world.pay("/safe", &body, &payment).await;
    assert_eq!((answer.status.as_u16(), delivery(&answer).finality), (200, Finality::Safe));
    let again = world.pay("/safe", &body, &payment).await;
    assert_eq!(again.headers["payment-response"], answer.headers["payment-response"], "signed once");
    assert_eq!((world.service.runs(payment.id), world.earned().await), (1, PRICE.atomic()));
}

#[tokio::test]
async fn a_settlement_that_is_taken_back_is_made_again() {
    for target in FLOWS {
        is_made_again(&world(&[]).await, target).await;
        let database = ScratchPostgres::start().expect("a database");
        is_made_again(&world(&[("DATABASE_URL", &database.url())]).await, target).await;
    }
}

async fn is_made_again(world: &World, target: &str) {
    let body = json!({ "note": "again" });
    let (payment, first) = buy(world, target, &body).await;
    reorganise(world, 1).await;
    assert_eq!(world.earned().await, 0, "gone");
    // The block that was put in its place can be read once it has a next one.
    world.chain.mine().await.expect("a block");
    let status = world.until(payment.id, |status| status["money"] == "settling").await;
    assert_eq!(status["receipt"], "revoked", "{status}");
    assert_eq!(
        (stated(world, &status).money.as_str(), stated(world, &status).finality.as_str()),
        ("settling", "")
    );

    let settled = async { world.until(payment.id, |status| status["money"] == "settled").await };
    tokio::pin!(settled);
    let status = loop {
        tokio::select! {
            status = &mut settled => break status,
            _ = world.mine_what_waits() => {}
        }
    };
    assert_eq!((&status["work"], &status["receipt"]), (&json!("served"), &json!("valid")));
    let again = world.pay(target, &body, &payment).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body));
    assert_ne!(delivery(&again).block_hash, delivery(&first).block_hash, "signed for the new block");
    assert_eq!((world.service.runs(payment.id), world.earned().await), (1, PRICE.atomic()));
    // Later sales do not wait for the nonce of the transaction that was taken back.
    assert_eq!(buy(world, target, &json!({ "note": "next" })).await.1.status, 200);
}

/// The same transaction, in a block before the one that the claim was made at.
#[tokio::test]
async fn a_settlement_that_moved_to_an_earlier_block_is_still_this_payment() {
    let world = world(&[]).await;
    for _ in 0..3 {
        world.chain.mine().await.expect("a block");
    }
    let body = json!({ "note": "moved" });
    let (payment, first) = buy(&world, "/authorize", &body).await;
    let transaction = first.settlement().transaction.expect("a transaction");
    let raw: String = world.chain.rpc("eth_getRawTransactionByHash", [transaction]).await.expect("there");
    world.chain.rpc::<Value>("anvil_reorg", (3, json!([[raw, 0]]))).await.expect("a reorganisation");
    world.chain.mine().await.expect("a block");
    let status = world
        .until(payment.id, |status| {
            status["money"] == "settled"
                && status["blockNumber"] != json!(null)
                && status["finality"] == "safe"
        })
        .await;
    assert_eq!(status["transaction"], json!(transaction), "{status}");
    let again = world.pay("/authorize", &body, &payment).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &first.body));
    assert_ne!(delivery(&again).block_hash, delivery(&first).block_hash);
    assert_eq!(world.earned().await, PRICE.atomic());
}

#[tokio::test]
async fn a_settlement_that_is_taken_back_for_good_is_lost_and_its_receipt_revoked() {
    let world = world(&[("SETTLEMENT_ALLOWANCE", "2"), ("SETTLE_MS", "2000")]).await;
    let body = json!({ "note": "lost" });
    let (payment, answer) = buy(&world, "/authorize", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    reorganise(&world, 1).await;
    world.chain.mine().await.expect("a block");
    world.until(payment.id, |status| status["money"] == "settling").await;
    // No block takes it until its window has closed.
    let closes = payment.payload.exact().expect("exact").authorization.valid_before;
    while now() <= closes {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for _ in 0..2 {
        world.chain.mine().await.expect("a block");
    }
    let status = world.until(payment.id, |status| status["money"] == "dead").await;
    assert_eq!((&status["receipt"], &status["work"]), (&json!("revoked"), &json!("served")), "{status}");
    assert_eq!(
        (stated(&world, &status).money.as_str(), stated(&world, &status).finality.as_str()),
        ("dead", "")
    );
    assert_eq!(world.earned().await, 0);
}

#[tokio::test]
async fn new_sales_wait_once_too_much_is_not_safe() {
    let world = world(&[("UNSAFE_LIMIT", "0.01")]).await;
    let (_, answer) = buy(&world, "/authorize", &json!({ "note": "the first" })).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let body = json!({ "note": "one too many" });
    let payment = world.sign(0, "/authorize", &body).await;
    let refused = world.pay("/authorize", &body, &payment).await;
    assert_eq!(
        (refused.status.as_u16(), refused.reason().as_str()),
        (503, "unsafe_value"),
        "{}",
        refused.json()
    );
    assert_eq!(refused.headers["retry-after"], "10");
    assert_eq!(world.status(payment.id).await["status"], 404, "nothing was claimed");

    world.chain.mine().await.expect("a block");
    let served = eventually(async || pay(&world, "/authorize", &body, &payment).await.for_good()).await;
    assert_eq!(served.status, 200, "{}", served.json());
}
