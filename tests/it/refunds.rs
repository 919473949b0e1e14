//! What was paid for work that failed is given back: once, to the payer, within the day's budget.

use http::StatusCode;
use serde_json::{Value, json};
use x402::{ExtensionInfo, Refunds};

use crate::support::{Answer, BuyerCommand, PRICE, Signed, World, eventually};

/// The buyer that lends the seller its wallet for refunds.
const WALLET: usize = 40;

async fn ask(world: &World, body: &Value) -> Answer {
    Answer::of(world.http.post(world.url("/refunds")).json(body)).await
}

async fn fail(world: &World, buyer: usize) -> (Signed, Answer) {
    let order = json!({ "status": 500 });
    let payment = world.sign(buyer, "/upfront", &order).await;
    let answer = world.pay("/upfront", &order, &payment).await;
    assert_eq!(answer.status, 500);
    (payment, answer)
}

#[tokio::test]
async fn a_payment_for_failed_work_is_given_back_to_its_payer() {
    let world = World::refunding(WALLET, "1").await;
    let (payer, wallet) = (world.buyer(0).address(), world.buyer(WALLET).address());
    let before = (world.balance(payer).await, world.balance(wallet).await);
    let (payment, answer) = fail(&world, 0).await;
    let announced = Refunds::read(answer.settlement().extensions.as_ref()).expect("readable").expect("there");
    assert_eq!((announced.0[0].amount, announced.0[0].to), (PRICE, payer));

    let status = world.until(payment.id, |status| status["money"] == "refunded").await;
    assert!(status["refunds"][0]["transaction"].is_string(), "{status}");
    assert_eq!(status["work"], "failed");
    let after = (world.balance(payer).await, world.balance(wallet).await);
    assert_eq!(after, (before.0, before.1 - PRICE.atomic()));

    for named in [
        json!({ "paymentId": payment.id }),
        json!({ "transaction": status["transaction"], "payer": payer, "refundTo": payer }),
    ] {
        let answer = ask(&world, &named).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
        assert_eq!(answer.json()["refunds"], status["refunds"]);
    }
    let elsewhere = ask(&world, &json!({ "paymentId": payment.id, "refundTo": wallet })).await;
    assert_eq!((elsewhere.status.as_u16(), elsewhere.reason().as_str()), (400, "refund_to_other"));
    let again = world.pay("/upfront", &json!({ "status": 500 }), &payment).await;
    assert_eq!((again.status.as_u16(), again.reason().as_str()), (502, "refund_due"));
    assert_eq!(world.balance(payer).await, before.0, "once");
}

#[tokio::test]
async fn what_the_work_did_not_cost_is_given_back_and_the_answer_stays() {
    let world = World::refunding(WALLET, "1").await;
    let wallet = world.buyer(WALLET).address();
    for (buyer, route) in ["/authorize", "/upfront"].into_iter().enumerate() {
        let before = (world.balance(world.buyer(buyer).address()).await, world.balance(wallet).await);
        let order = json!({ "charge": 4_000 });
        let payment = world.sign(buyer, route, &order).await;
        let answer = world.pay(route, &order, &payment).await;
        assert_eq!(answer.status, 200);
        let announced =
            Refunds::read(answer.settlement().extensions.as_ref()).expect("readable").expect("there");
        assert_eq!((announced.0[0].amount.atomic(), announced.0.len()), (6_000, 1));

        let named = json!({ "paymentId": payment.id });
        let done = async || ask(&world, &named).await.status == StatusCode::OK;
        while !done().await {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let after = (world.balance(world.buyer(buyer).address()).await, world.balance(wallet).await);
        assert_eq!(after, (before.0 - 4_000, before.1 - 6_000), "{route}");
        let status = world.status(payment.id).await;
        assert_eq!((&status["money"], &status["work"]), (&json!("settled"), &json!("served")));
        assert!(status["refunds"][0]["transaction"].is_string(), "{status}");
        let again = world.pay(route, &order, &payment).await;
        assert_eq!((again.status, &again.body), (answer.status, &answer.body), "the answer is still sent");
        assert_eq!(world.balance(wallet).await, after.1, "once");
    }
    let dear = json!({ "charge": 99_000_000 });
    let payment = world.sign(2, "/authorize", &dear).await;
    assert_eq!(world.pay("/authorize", &dear, &payment).await.status, 200);
    let nothing = ask(&world, &json!({ "paymentId": payment.id })).await;
    assert_eq!((nothing.status.as_u16(), nothing.reason().as_str()), (409, "not_refundable"));
}

#[tokio::test]
async fn what_was_served_or_never_paid_is_not_given_back() {
    let world = World::refunding(WALLET, "1").await;
    let body = json!({ "note": "served" });
    let payment = world.sign(0, "/upfront", &body).await;
    assert_eq!(world.pay("/upfront", &body, &payment).await.status, 200);
    let served = ask(&world, &json!({ "paymentId": payment.id })).await;
    assert_eq!((served.status.as_u16(), served.reason().as_str()), (409, "not_refundable"));
    let unknown = ask(&world, &json!({ "paymentId": crate::support::random() })).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(ask(&world, &json!({ "give": "me" })).await.status, 400);
}

#[tokio::test]
async fn refunds_stop_at_the_day_s_budget_and_go_on_after_a_restart() {
    let mut world = World::refunding(WALLET, "0.01").await;
    let (first, _) = fail(&world, 0).await;
    world.until(first.id, |status| status["money"] == "refunded").await;
    let (second, _) = fail(&world, 1).await;
    let wallet = world.balance(world.buyer(WALLET).address()).await;
    assert_eq!(ask(&world, &json!({ "paymentId": second.id })).await.status, StatusCode::ACCEPTED);

    world.service.kill();
    world.service.restart().await;
    let status = world.status(second.id).await;
    assert_eq!(
        (&status["money"], &status["refunds"][0]["transaction"]),
        (&json!("refund_due"), &json!(null))
    );
    assert_eq!(world.balance(world.buyer(WALLET).address()).await, wallet, "nothing above the budget");

    world.service.kill();
    world.service.set("REFUND_BUDGET", "0.02");
    world.service.restart().await;
    assert_eq!(ask(&world, &json!({ "paymentId": second.id })).await.status, StatusCode::ACCEPTED);
    world.until(second.id, |status| status["money"] == "refunded").await;
    assert_eq!(world.balance(world.buyer(WALLET).address()).await, wallet - PRICE.atomic());
}

#[tokio::test]
async fn a_person_asks_for_a_refund() {
    let world = World::refunding(WALLET, "1").await;
    let buyer = BuyerCommand::new(&world.chain, 0);
    let paid = buyer.run(&["pay", "-d", r#"{"status":500}"#, &world.url("/upfront")]).await;
    let said = String::from_utf8_lossy(&paid.stderr);
    assert!(!paid.status.success(), "the work failed: {said}");
    let history = buyer.run(&["history", "--json"]).await;
    let history: Value = serde_json::from_slice(&history.stdout).expect("JSON");
    let id = history[0]["paymentId"].as_str().expect("a payment").to_owned();
    world
        .until(id.parse().map(x402::PaymentId).expect("an id"), |status| status["money"] == "refunded")
        .await;

    let refund = buyer.run(&["refund", &id, "--json"]).await;
    assert!(refund.status.success(), "{}", String::from_utf8_lossy(&refund.stderr));
    let answer: Value = serde_json::from_slice(&refund.stdout).expect("JSON");
    assert_eq!((&answer["money"], &answer["refunds"][0]["amount"]), (&json!("refunded"), &json!("10000")));
    let stranger = buyer.run(&["refund", &format!("0x{}", "ab".repeat(32))]).await;
    assert_eq!(stranger.status.code(), Some(64));
}

#[tokio::test]
async fn what_a_payment_did_not_cost_stands_in_the_history_promised_and_then_back() {
    let world = World::refunding(WALLET, "1").await;
    let buyer = BuyerCommand::new(&world.chain, 0);
    let paid = buyer.run(&["pay", "-d", r#"{"charge":4000}"#, &world.url("/authorize")]).await;
    assert!(paid.status.success(), "{}", String::from_utf8_lossy(&paid.stderr));
    let history = async || -> Value {
        serde_json::from_slice(&buyer.run(&["history", "--json"]).await.stdout).expect("JSON")
    };
    let told = history().await;
    let entry = |index: usize| [&told[index]["kind"], &told[index]["state"], &told[index]["amount"]];
    assert_eq!(entry(0).map(Value::as_str), [Some("refund"), Some("unknown"), Some("6000")], "{told}");
    assert_eq!(entry(1).map(Value::as_str), [Some("payment"), Some("paid"), Some("10000")], "{told}");
    assert_eq!(told[0]["paymentId"], told[1]["paymentId"]);

    let id = told[1]["paymentId"].as_str().expect("a payment").to_owned();
    eventually(async || {
        let asked = buyer.run(&["refund", &id]).await.status;
        let told = history().await;
        if asked.success() && told[0]["state"] == "paid" { Ok(()) } else { Err(told.to_string()) }
    })
    .await;
    assert!(history().await[0]["transaction"].is_string());
}
