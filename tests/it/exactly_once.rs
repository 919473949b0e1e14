//! One payment, one run, one charge, one request.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, FLOWS, PRICE, World};

#[tokio::test]
async fn of_32_copies_at_once_the_handler_runs_once_and_one_is_charged() {
    let world = World::start().await;
    for target in FLOWS {
        let body = json!({ "note": "race", "workMs": 100 });
        let payment = world.sign(0, target, &body).await;
        let earned = world.earned().await;

        let answers = join_all((0..32).map(|_| world.pay(target, &body, &payment))).await;

        let mut by_status = BTreeMap::new();
        for answer in &answers {
            *by_status.entry(answer.status.as_u16()).or_insert(0) += 1;
        }
        assert_eq!(world.service.runs(payment.id), 1, "{target}: {by_status:?}");
        assert_eq!(by_status, BTreeMap::from([(200, 32)]), "{target}: every copy gets the one answer");
        assert!(answers.iter().all(|answer| answer.body == answers[0].body));
        assert_eq!(world.earned().await, earned + PRICE.atomic(), "{target}");
    }
}

#[tokio::test]
async fn a_copy_does_not_wait_for_ever_and_is_never_told_to_pay_again() {
    let world = World::start().await;
    let body = json!({ "workMs": 3000 });
    let payment = world.sign(0, "/authorize", &body).await;
    let (first, copy) = tokio::join!(world.pay("/authorize", &body, &payment), async {
        world.until(payment.id, |status| status["work"] == "running").await;
        world.pay("/authorize", &body, &payment).await
    });
    assert_eq!(first.status, 200);
    assert_eq!(copy.status, 409, "{}", copy.json());
    assert_eq!(copy.headers["retry-after"], "1");
    assert_eq!(world.pay("/authorize", &body, &payment).await.body, first.body);
    assert_eq!(world.service.runs(payment.id), 1);
}

#[tokio::test]
async fn a_payment_is_refused_for_another_path_query_or_body() {
    let world = World::start().await;
    let body = json!({ "note": "mine" });
    let other = json!({ "note": "another's" });
    // Bound by its nonce, before and after its use.
    let bound = world.sign(0, "/authorize", &body).await;
    for used in [false, true] {
        for (target, body) in [("/upfront", &body), ("/authorize?more=1", &body), ("/authorize", &other)] {
            let answer = world.pay(target, body, &bound).await;
            // Before it is used, the other flow's offer already tells it apart.
            let expected = match (target, used) {
                ("/upfront", false) => (402, "invalid_payment_requirements"),
                _ => (409, "payment_request_mismatch"),
            };
            assert_eq!((answer.status.as_u16(), answer.reason().as_str()), expected, "{target} used={used}");
        }
        assert_eq!(world.pay("/authorize", &body, &bound).await.status, 200);
    }
    // A stock client's nonce belongs to the first request that shows it.
    let plain = world.sign_plain(1, "POST", "/authorize").await;
    assert_eq!(world.pay("/authorize", &body, &plain).await.status, 200);
    for (target, body) in [("/authorize?more=1", &body), ("/authorize", &other)] {
        assert_eq!(world.pay(target, body, &plain).await.status, 409, "{target}");
    }
    let get = world.http.get(world.url("/item")).header("payment-signature", plain.header());
    assert!(Answer::of(get).await.status.is_client_error(), "another route");
    assert_eq!(world.earned().await, 2 * PRICE.atomic());
    assert_eq!((world.service.runs(bound.id), world.service.runs(plain.id)), (1, 1));
}

#[tokio::test]
async fn what_stands_on_chain_does_not_fetch_a_bound_answer() {
    let world = World::start().await;
    let body = json!({ "note": "secret" });
    let payment = world.sign(0, "/authorize", &body).await;
    assert_eq!(world.pay("/authorize", &body, &payment).await.status, 200);

    // Everything but the salt can be read from the transaction's input.
    let mut copied = payment.clone();
    copied.payload.extensions = None;
    let answer = world.pay("/authorize", &body, &copied).await;

    assert_eq!(answer.status, 400, "{}", answer.json());
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
}
