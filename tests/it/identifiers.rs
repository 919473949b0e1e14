//! The client's own name for a purchase: one purchase, whatever is signed for it.

use futures_util::future::join_all;
use serde_json::{Value, json};
use x402::{Accept, Extensions, PaymentIdentifier, PaymentNonce};

use crate::support::{Answer, PRICE, Signed, World, authorization, random};

const NAME: &str = "purchase-0001-of-the-test";

/// A new authorization, as a stock client signs it, for a purchase of this name.
async fn sign(world: &World, target: &str, body: &Value, name: &str) -> Signed {
    let offer = world.offer_for(target, body).await;
    let mut extensions: Extensions = offer.extensions.clone().expect("extensions to echo");
    let honoured = name.parse::<PaymentIdentifier>().expect("a name").attach(&mut extensions);
    assert!(honoured, "the seller says that it honours identifiers");
    let accepted = offer.accepts.iter().find_map(Accept::evm).expect("an offer").clone();
    let buyer = world.buyer(0);
    let authorization = authorization(buyer.address(), &accepted, PaymentNonce(random()));
    Signed::new(&buyer, accepted, authorization, Some(extensions))
}

/// The payment as anybody can put it together from what stands on the chain.
fn from_the_chain(payment: &Signed) -> Signed {
    let mut copy = payment.clone();
    copy.payload.extensions = None;
    copy
}

async fn assert_untouched(world: &World, payment: &Signed) {
    let status = Answer::of(world.http.get(world.url(&format!("/payments/{}", payment.id)))).await;
    assert_eq!(status.status, 404, "neither claimed nor stored");
    assert_eq!(world.service.runs(payment.id), 0);
}

#[tokio::test]
async fn a_second_payment_for_the_same_purchase_gets_the_first_ones_answer_and_is_not_charged() {
    let world = World::start().await;
    let body = json!({ "note": "once" });
    for (index, target) in crate::support::FLOWS.into_iter().enumerate() {
        let first = sign(&world, target, &body, NAME).await;
        let bought = world.pay(target, &body, &first).await;
        assert_eq!(bought.status, 200, "{}", bought.json());
        let second = sign(&world, target, &body, NAME).await;
        let again = world.pay(target, &body, &second).await;
        assert_eq!((again.status, &again.body), (bought.status, &bought.body));
        assert_eq!(again.settlement().transaction, bought.settlement().transaction);
        assert_untouched(&world, &second).await;

        let other = json!({ "note": "another thing" });
        let third = sign(&world, target, &other, NAME).await;
        assert_eq!(world.pay(target, &other, &third).await.status, 409, "another request by the same name");
        assert_untouched(&world, &third).await;
        assert_eq!(world.earned().await, (index as u64 + 1) * PRICE.atomic(), "a name is a route's own");
    }
}

#[tokio::test]
async fn payments_at_once_for_one_purchase_make_one() {
    let world = World::start().await;
    let body = json!({ "note": "race", "workMs": 50 });
    let mut payments = Vec::new();
    for _ in 0..8 {
        payments.push(sign(&world, "/authorize", &body, NAME).await);
    }
    let answers = join_all(payments.iter().map(|payment| world.pay("/authorize", &body, payment))).await;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &answers[0].body), "{}", answer.json());
    }
    let runs: usize = payments.iter().map(|payment| world.service.runs(payment.id)).sum();
    assert_eq!((runs, world.earned().await), (1, PRICE.atomic()));
}

#[tokio::test]
async fn what_stands_on_the_chain_does_not_have_the_answer_sent_again() {
    let world = World::start().await;
    let body = json!({ "note": "mine" });
    let payment = sign(&world, "/authorize", &body, NAME).await;
    assert_eq!(world.pay("/authorize", &body, &payment).await.status, 200);
    let stranger = world.pay("/authorize", &body, &from_the_chain(&payment)).await;
    assert_eq!((stranger.status.as_u16(), stranger.reason().as_str()), (410, "answer_withheld"));
    assert_eq!(world.pay("/authorize", &body, &payment).await.status, 200, "who has the name has the answer");
}

#[tokio::test]
async fn a_name_that_is_none_is_refused() {
    let world = World::start().await;
    let body = json!({});
    let mut payment = sign(&world, "/authorize", &body, NAME).await;
    let extensions = payment.payload.extensions.as_mut().expect("extensions");
    extensions["payment-identifier"]["info"]["id"] = json!("short");
    let answer = world.pay("/authorize", &body, &payment).await;
    assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (400, "invalid_payload"));
    assert!(!world.service.ran());
}
