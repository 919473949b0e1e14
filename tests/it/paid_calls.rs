//! A call that is paid for, from socket to chain and back.

use serde_json::json;

use crate::support::{Answer, FLOWS, PRICE, World};

#[tokio::test]
async fn a_paid_call_is_served_charged_once_and_proven_by_its_transaction() {
    let world = World::start().await;
    for (buyer, target) in FLOWS.iter().enumerate() {
        let body = json!({ "note": "hello" });
        let payment = world.sign(buyer, target, &body).await;
        let payer = world.buyer(buyer).address();
        let (earned, held) = (world.earned().await, world.balance(payer).await);

        let answer = world.pay(target, &body, &payment).await;

        assert_eq!(answer.status, 200, "{}: {}", target, answer.json());
        assert_eq!(answer.json()["note"], "hello");
        assert_eq!(answer.headers["cache-control"], "private, no-store");
        let settlement = answer.settlement();
        assert!(settlement.success);
        assert_eq!((settlement.payer, settlement.amount), (Some(payer), Some(PRICE)));
        assert_eq!(settlement.network, "eip155:84532");
        assert_eq!(world.earned().await, earned + PRICE.atomic());
        assert_eq!(world.balance(payer).await, held - PRICE.atomic());
        let status = world.status(payment.id).await;
        assert_eq!((&status["money"], &status["work"]), (&json!("settled"), &json!("served")));
        assert_eq!(status["transaction"], json!(settlement.transaction));
    }
}

#[tokio::test]
async fn a_version_1_client_pays_by_the_older_headers() {
    let world = World::start().await;
    let body = json!({ "note": "old" });
    let payment = world.sign_plain(0, "POST", "/authorize").await;
    let exact = payment.payload.exact().expect("exact");
    let v1 = x402::v1::PaymentPayload {
        x402_version: 1,
        scheme: "exact".to_owned(),
        network: "base-sepolia".to_owned(),
        payload: exact,
    };
    let request = world
        .http
        .post(world.url("/authorize"))
        .header("content-type", "application/json")
        .header("x-payment", x402::encode_header(&v1).expect("encodes"))
        .body(body.to_string());
    let again = request.try_clone().expect("a body in memory");

    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let header = answer.headers["x-payment-response"].as_bytes();
    let settlement: x402::SettlementResponse = x402::decode_header(header).expect("a settlement");
    assert!(settlement.success);
    assert_eq!(settlement.network, "base-sepolia");

    let repeated = Answer::of(again).await;
    assert_eq!((repeated.status, repeated.body), (answer.status, answer.body), "the stored answer");
    assert_eq!(world.earned().await, PRICE.atomic(), "one charge");
}

#[tokio::test]
async fn one_authorization_is_one_payment_in_both_protocol_versions() {
    let world = World::start().await;
    let payment = world.sign_plain(0, "GET", "/item").await;
    let v1 = x402::v1::PaymentPayload {
        x402_version: 1,
        scheme: "exact".to_owned(),
        network: "base-sepolia".to_owned(),
        payload: payment.payload.exact().expect("exact"),
    };
    let get = || world.http.get(world.url("/item"));
    let first = Answer::of(get().header("payment-signature", payment.header())).await;
    let second = Answer::of(get().header("x-payment", x402::encode_header(&v1).expect("encodes"))).await;
    assert_eq!((first.status, second.status), (reqwest::StatusCode::OK, reqwest::StatusCode::OK));
    assert_eq!(first.body, second.body);
    assert_eq!(world.service.runs(payment.id), 1);
    assert_eq!(world.earned().await, PRICE.atomic());
}

#[tokio::test]
async fn a_lost_answer_is_sent_again_for_the_same_payment_and_not_charged_again() {
    let world = World::start().await;
    for target in FLOWS {
        let body = json!({ "note": target, "workMs": 300 });
        let payment = world.sign(0, target, &body).await;
        let earned = world.earned().await;
        let hang_up = world.post(target, &body, &payment).timeout(std::time::Duration::from_millis(100));
        assert!(hang_up.send().await.expect_err("the caller hangs up").is_timeout());

        let answer = world.pay(target, &body, &payment).await;

        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_eq!(answer.json()["run"], 1);
        assert_eq!(world.pay(target, &body, &payment).await.body, answer.body);
        assert_eq!(world.service.runs(payment.id), 1, "hanging up neither cancels nor repeats the work");
        assert_eq!(world.earned().await, earned + PRICE.atomic());
    }
}

#[tokio::test]
async fn blocks_of_a_second_make_a_caller_wait_and_not_pay_more() {
    let world = World::with_block_time(1).await;
    for target in FLOWS {
        let body = json!({});
        let payment = world.sign(0, target, &body).await;
        let answer = world.pay(target, &body, &payment).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_eq!(world.service.runs(payment.id), 1);
    }
    assert_eq!(world.earned().await, 2 * PRICE.atomic());
}
