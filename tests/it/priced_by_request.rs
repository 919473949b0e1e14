//! Prices that depend on the request: what is offered, what is accepted, what is charged.

use serde_json::json;
use x402::{Accept, Usdc};

use crate::support::{Answer, PRICE, Signed, World, authorization, random};

#[tokio::test]
async fn a_call_costs_what_its_request_asks_for() {
    let world = World::start().await;
    for (units, bought) in [(1, 1), (3, 4)] {
        let order = json!({ "units": units });
        let payment = world.sign(0, "/units", &order).await;
        let answer = world.pay("/units", &order, &payment).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let cost = Usdc::from_atomic(units * PRICE.atomic());
        assert_eq!(answer.settlement().amount, Some(cost));
        assert_eq!(world.earned().await, bought * PRICE.atomic());
    }
}

#[tokio::test]
async fn the_offer_for_one_request_does_not_buy_a_dearer_one() {
    let world = World::start().await;
    let (cheap, dear) = (json!({ "units": 1 }), json!({ "units": 10 }));
    // Not bound to the request, as a stock client's is not.
    let offer = world.offer_for("/units", &cheap).await;
    let accepted = offer.accepts.iter().find_map(Accept::evm).expect("an offer").clone();
    let buyer = world.buyer(0);
    let nonce = x402::PaymentNonce(random());
    let payment =
        Signed::new(&buyer, accepted.clone(), authorization(buyer.address(), &accepted, nonce), None);
    let answer = world.pay("/units", &dear, &payment).await;
    assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (402, "invalid_payment_requirements"));
    assert_eq!(answer.offer().accepts[0].evm().expect("an offer").amount.atomic(), 10 * PRICE.atomic());
    assert!(!world.service.ran() && world.earned().await == 0);
    assert_eq!(world.pay("/units", &cheap, &payment).await.status, 200, "it buys what it was offered for");
}

#[tokio::test]
async fn a_request_without_a_price_is_refused_with_or_without_a_payment() {
    let world = World::start().await;
    let order = json!({ "units": 1 });
    let payment = world.sign(0, "/units", &order).await;
    for (order, status) in [(json!({ "units": 11 }), 422), (json!({ "units": "many" }), 400)] {
        let unpaid = world.http.post(world.url("/units")).json(&order);
        assert_eq!(Answer::of(unpaid).await.status, status);
        assert_eq!(world.pay("/units", &order, &payment).await.status, status);
    }
    let huge = world.http.post(world.url("/units")).body(vec![b' '; (1 << 20) + 1]);
    assert_eq!(Answer::of(huge).await.status, 413);
    assert_eq!(world.earned().await, 0);
}
