//! Work that fails: free where the money was not asked for yet, owed back where it was.

use serde_json::json;

use crate::support::{PRICE, World};

#[tokio::test]
async fn work_that_fails_before_settlement_costs_nothing_and_may_be_tried_again() {
    let world = World::start().await;
    for order in
        [json!({ "status": 500, "note": "down" }), json!({ "status": 404 }), json!({ "panic": true })]
    {
        let payment = world.sign(0, "/authorize", &order).await;
        for run in 1..=3 {
            let answer = world.pay("/authorize", &order, &payment).await;
            let expected = order["status"].as_u64().unwrap_or(500);
            assert_eq!(u64::from(answer.status.as_u16()), expected, "run {run} of {order}");
            assert!(!answer.headers.contains_key("payment-response"), "no settlement was tried");
            assert_eq!(world.service.runs(payment.id), run);
        }
        let answer = world.pay("/authorize", &order, &payment).await;
        assert_eq!(
            (answer.status.as_u16(), answer.reason().as_str()),
            (502, "work_failed"),
            "three runs are enough"
        );
        assert_eq!(world.service.runs(payment.id), 3);
        assert_eq!(world.status(payment.id).await["money"], "open");
    }
    assert_eq!(world.earned().await, 0);
}

#[tokio::test]
async fn work_that_never_ends_is_ended_and_costs_nothing() {
    let world = World::start().await;
    let order = json!({ "workMs": 60_000 });
    let payment = world.sign(0, "/authorize", &order).await;
    let answer = world.pay("/authorize", &order, &payment).await;
    assert_eq!(answer.status, 504);
    assert_eq!(world.earned().await, 0);
}

#[tokio::test]
async fn work_that_fails_after_settlement_leaves_a_refund_due_and_is_never_served() {
    let world = World::start().await;
    for (index, order) in [json!({ "status": 500 }), json!({ "panic": true })].into_iter().enumerate() {
        let payment = world.sign(index, "/upfront", &order).await;
        let answer = world.pay("/upfront", &order, &payment).await;
        assert_eq!(answer.status, 500);
        let settlement = answer.settlement();
        assert!(settlement.success, "the money moved, and the buyer is told so");
        assert!(settlement.transaction.is_some());
        let status = world.status(payment.id).await;
        assert_eq!((&status["money"], &status["work"]), (&json!("refund_due"), &json!("failed")));

        let again = world.pay("/upfront", &order, &payment).await;
        assert_eq!((again.status.as_u16(), again.reason().as_str()), (502, "refund_due"));
        assert_eq!(world.service.runs(payment.id), 1);
    }
    assert_eq!(world.earned().await, 2 * PRICE.atomic());
}

#[tokio::test]
async fn a_buyer_who_hangs_up_early_blocks_nobody() {
    let world = World::start().await;
    for wait in 0..24 {
        let body = json!({ "note": "gone" });
        let payment = world.sign(0, "/authorize", &body).await;
        let hang_up =
            world.post("/authorize", &body, &payment).timeout(std::time::Duration::from_micros(wait * 400));
        let _ = hang_up.send().await;
        let answer = world.pay("/authorize", &body, &payment).await;
        assert_eq!(answer.status, 200, "after {wait}: {}", answer.json());
        assert_eq!(world.service.runs(payment.id), 1);
    }
}
