//! Payers that take up more than their share, or let others work for nothing.

use futures_util::future::join_all;
use serde_json::json;
use x402::{Accept, PaymentNonce, PaymentRequired, decode_header};

use crate::support::{PRICE, Signed, World, authorization, random};

#[tokio::test]
async fn a_payer_has_so_many_payments_under_way_and_others_theirs() {
    let world = World::with_settings(&[("PAYER_IN_FLIGHT", "2")]).await;
    let slow = json!({ "workMs": 3000 });
    let mut payments = Vec::new();
    for _ in 0..6 {
        payments.push(world.sign(0, "/authorize", &slow).await);
    }
    let quick = json!({});
    let other = world.sign(1, "/authorize", &quick).await;
    let (answers, undisturbed) = tokio::join!(
        join_all(payments.iter().map(|payment| world.pay("/authorize", &slow, payment))),
        world.pay("/authorize", &quick, &other),
    );
    assert_eq!(undisturbed.status, 200);
    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((served.len(), refused.len()), (2, 4));
    for answer in refused {
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (429, "too_many_payments"));
        assert_eq!(answer.headers["retry-after"], "1");
    }
    // What was turned away is not lost: the same payment buys when there is room.
    let turned_away = payments.iter().zip(&answers).find(|(_, answer)| answer.status == 429);
    let (payment, _) = turned_away.expect("one that was refused");
    assert_eq!(world.pay("/authorize", &slow, payment).await.status, 200);
    assert_eq!(world.earned().await, 4 * PRICE.atomic());
}

#[tokio::test]
async fn whoever_has_much_work_done_for_nothing_pays_first_from_then_on() {
    let world = World::with_settings(&[("UNPAID_FAILURES", "3")]).await;
    let failing = json!({ "status": 500 });
    for _ in 0..3 {
        let payment = world.sign(0, "/authorize", &failing).await;
        assert_eq!(world.pay("/authorize", &failing, &payment).await.status, 500);
    }
    let body = json!({ "note": "pay first" });
    let payment = world.sign(0, "/authorize", &body).await;
    let refused = world.pay("/authorize", &body, &payment).await;
    assert_eq!((refused.status.as_u16(), refused.reason().as_str()), (402, "upfront_required"));
    assert_eq!(world.service.runs(payment.id), 0);

    let offer: PaymentRequired =
        decode_header(refused.headers["payment-required"].as_bytes()).expect("an offer");
    let accepted = offer.accepts.iter().find_map(Accept::evm).expect("an offer").clone();
    assert_eq!(accepted.extra.as_ref().expect("extra")["paymentFlow"], "upfront");
    let buyer = world.buyer(0);
    let first = |body: &serde_json::Value| {
        let signed = authorization(buyer.address(), &accepted, PaymentNonce(random()));
        (body.clone(), Signed::new(&buyer, accepted.clone(), signed, None))
    };
    let (body, payment) = first(&body);
    assert_eq!(
        world.pay("/authorize", &body, &payment).await.status,
        200,
        "the offer that was made is taken"
    );
    let (failing, payment) = first(&failing);
    assert_eq!(world.pay("/authorize", &failing, &payment).await.status, 500);
    assert_eq!(
        world.status(payment.id).await["money"],
        "refund_due",
        "now the failure is paid for, and owed back"
    );
    assert_eq!(world.earned().await, 2 * PRICE.atomic());

    for (buyer, target) in [(0, "/upfront"), (1, "/authorize")] {
        let payment = world.sign(buyer, target, &body).await;
        assert_eq!(world.pay(target, &body, &payment).await.status, 200, "{target} of buyer {buyer}");
    }
}
