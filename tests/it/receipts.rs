//! What the seller signs: before the payment, with the answer, afterwards.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x402::{
    ArtifactError, B256, Delivery, ExtensionInfo, Extensions, Network, OfferPayload, Offers, PaymentStatus,
    ReceiptKey, Signed, SignedReceipt,
};

use crate::support::{Answer, PRICE, Signed as Payment, World, eventually, payee};

const NETWORK: Network = Network::BaseSepolia;

fn verified(offer: &Extensions) -> Result<(OfferPayload, x402::Address), ArtifactError> {
    let offers = Offers::read(Some(offer)).expect("readable").expect("signed offers");
    offers.0[0].artifact.verify().map(|(terms, signer)| (terms.clone(), signer))
}

async fn bought(world: &World, target: &str) -> (Payment, Answer) {
    let body = json!({ "note": "signed" });
    let payment = world.sign(0, target, &body).await;
    let answer = world.pay(target, &body, &payment).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    (payment, answer)
}

#[tokio::test]
async fn an_offer_is_signed_and_names_the_key_that_will_sign_the_receipt() {
    let world = World::start().await;
    let payee = payee(&world.chain).address;
    for (target, body, amount) in [("/authorize", json!({}), 1), ("/units", json!({ "units": 7 }), 7)] {
        let answer = Answer::of(world.http.post(world.url(target)).json(&body)).await;
        assert!(answer.headers["payment-required"].len() <= 8 * 1024, "every proxy takes it");
        let offer = answer.offer();
        let extensions = offer.extensions.expect("extensions");
        let (terms, signer) = verified(&extensions).expect("a signature");
        assert_eq!(signer, payee);
        assert!(terms.matches(offer.accepts[0].evm().expect("an offer")));
        assert_eq!(terms.amount, (amount * PRICE.atomic()).to_string());
        assert!(!terms.is_expired(crate::support::now() + 60));
        let key = Signed::<ReceiptKey>::read(Some(&extensions)).expect("readable").expect("a receipt key");
        assert_eq!(key.key_for(NETWORK, payee, &world.service.origin, crate::support::now()), Ok(payee));

        let shown: Value = Answer::of(world.http.get(world.url("/.well-known/x402"))).await.json();
        assert_eq!(shown["receiptKey"], json!(key));
    }
}

#[tokio::test]
async fn an_answer_comes_with_its_receipt_and_again_with_the_same() {
    let world = World::start().await;
    let payee = payee(&world.chain).address;
    for target in crate::support::FLOWS {
        let (payment, answer) = bought(&world, target).await;
        let settlement = answer.settlement();
        let extensions = settlement.extensions.as_ref();
        let delivery = Signed::<Delivery>::read(extensions).expect("readable").expect("a delivery");
        assert_eq!(delivery.signer(NETWORK), Ok(payee));
        let stated = &delivery.payload;
        assert_eq!((stated.payment_id, stated.status), (payment.id, 200));
        assert_eq!(stated.body_hash, B256::from_slice(&Sha256::digest(&answer.body)));
        assert_eq!(Some(stated.transaction), settlement.transaction);
        assert_eq!((stated.payer, stated.amount), (world.buyer(0).address(), PRICE));
        assert!(!stated.block_hash.is_zero());
        let receipt = SignedReceipt::read(extensions).expect("readable").expect("a receipt");
        let (receipt, signer) = receipt.verify().expect("a signature");
        assert_eq!((signer, receipt.resource_url.as_str()), (payee, world.url(target).as_str()));

        let again = world.pay(target, &json!({ "note": "signed" }), &payment).await;
        assert_eq!(again.headers["payment-response"], answer.headers["payment-response"]);
    }
}

#[tokio::test]
async fn the_status_of_a_payment_is_signed_as_of_a_block() {
    let world = World::start().await;
    let (payment, answer) = bought(&world, "/authorize").await;
    let status = world.status(payment.id).await;
    let signed: Signed<PaymentStatus> =
        serde_json::from_value(status["signedStatus"].clone()).expect("a signed status");
    assert_eq!(signed.signer(NETWORK), Ok(payee(&world.chain).address));
    let stated = signed.payload;
    assert_eq!((stated.money.as_str(), stated.work.as_str()), ("settled", "served"));
    assert_eq!((stated.payment_id, stated.transaction), (payment.id, answer.settlement().transaction));
    assert!(stated.block_number >= 1 && stated.block_time > 0);

    let unknown = world.http.get(world.url(&format!("/payments/{}", B256::ZERO)));
    let unknown = Answer::of(unknown).await;
    assert_eq!((unknown.status.as_u16(), unknown.reason().as_str()), (404, "unknown_payment"));
}

#[tokio::test]
async fn what_is_not_kept_any_more_is_gone_and_stays_proven() {
    let world = World::with_settings(&[("ANSWER_RETENTION_MS", "0")]).await;
    let (payment, answer) = bought(&world, "/upfront").await;
    let body = json!({ "note": "signed" });
    // The reconciler forgets what is due at its next round.
    let gone = eventually(async || {
        let again = world.pay("/upfront", &body, &payment).await;
        if again.status == 410 {
            return Ok(again);
        }
        assert_eq!(again.body, answer.body);
        Err("the answer is still there".to_owned())
    })
    .await;
    assert_eq!(gone.reason(), "answer_expired");
    assert_eq!(gone.headers["payment-response"], answer.headers["payment-response"]);
    assert_eq!((world.service.runs(payment.id), world.earned().await), (1, PRICE.atomic()));
    let other = world.pay("/upfront", &json!({ "note": "another" }), &payment).await;
    assert_eq!(other.status, 409, "it still buys nothing else");
}
