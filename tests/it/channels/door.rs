//! What the contract would refuse later is refused at the door.

use serde_json::{Value, json};
use x402::{Address, Bytes, ChannelConfig, SigningKey};

use super::buyer::{Buyer, NETWORK, channel_offer, header, usdc};
use crate::support::{Answer, World, random};

async fn reason(world: &World, buyer: &Buyer, payload: Value) -> String {
    let answer = Answer::of(buyer.post(world, "/authorize", &json!({}), payload)).await;
    assert!(answer.status == 402 || answer.status == 400, "{}", answer.json());
    answer.reason()
}

#[tokio::test]
async fn a_signature_that_the_contract_would_refuse_is_refused() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let good = buyer.voucher(20_000).signature.to_vec();
    let order: alloy_primitives::U256 =
        "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().expect("a number");
    let mut high_s = good.clone();
    let s = order - alloy_primitives::U256::from_be_slice(&good[32..64]);
    high_s[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    high_s[64] = 55 - good[64];
    let mut low_v = good.clone();
    low_v[64] -= 27;
    let stranger = SigningKey::from_bytes(&[9; 32]).expect("a key");
    let foreign = x402::Voucher::sign(buyer.id(), usdc(20_000), NETWORK, &stranger).signature.to_vec();
    for signature in [high_s, low_v, good[..64].to_vec(), [&good[..], &[0]].concat(), foreign, Vec::new()] {
        let mut payload = buyer.spend(20_000);
        payload["voucher"]["signature"] = json!(Bytes::from(signature));
        let said = reason(&world, &buyer, payload).await;
        assert_eq!(said, "invalid_batch_settlement_evm_voucher_signature");
    }
    assert_eq!(buyer.call(&world, "good", 20_000).await.charged(), 10_000);
}

#[tokio::test]
async fn a_channel_on_other_terms_is_refused_by_name() {
    let world = World::with_channels(&[]).await;
    let mut buyer = Buyer::new(&world, 0).await;
    let good = buyer.config;
    let other = Address::repeat_byte(9);
    for (config, expected) in [
        (ChannelConfig { receiver: other, ..good }, "receiver_mismatch"),
        // A channel of a service that has another ledger.
        (ChannelConfig { receiver_authorizer: other, ..good }, "receiver_authorizer_mismatch"),
        (ChannelConfig { token: other, ..good }, "token_mismatch"),
        (ChannelConfig { withdraw_delay: 1_000, ..good }, "withdraw_delay_mismatch"),
        (ChannelConfig { payer_authorizer: Address::ZERO, ..good }, "payer_authorizer_required"),
    ] {
        buyer.config = config;
        let said = reason(&world, &buyer, buyer.spend(10_000)).await;
        assert_eq!(said, format!("invalid_batch_settlement_evm_{expected}"));
    }
    buyer.config = good;
    let mut misnamed = buyer.spend(10_000);
    misnamed["voucher"]["channelId"] = json!(random());
    assert_eq!(reason(&world, &buyer, misnamed).await, "invalid_batch_settlement_evm_channel_id_mismatch");
    assert_eq!(
        reason(&world, &buyer, buyer.spend(10_000)).await,
        "invalid_batch_settlement_evm_channel_not_found"
    );
}

#[tokio::test]
async fn the_accepted_offer_is_a_current_one_exactly() {
    let world = World::with_channels(&[]).await;
    let mut buyer = Buyer::opened(&world, 0).await;
    let good = buyer.offer.clone();
    buyer.offer.amount = usdc(1);
    assert_eq!(reason(&world, &buyer, buyer.spend(10_001)).await, "invalid_payment_requirements");
    buyer.offer = good.clone();
    buyer.offer.max_timeout_seconds += 1;
    assert_eq!(reason(&world, &buyer, buyer.spend(20_000)).await, "invalid_payment_requirements");
    buyer.offer = good;
    assert_eq!(buyer.call(&world, "good", 20_000).await.charged(), 10_000);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_nothing_breaks() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    for payload in [
        json!(null),
        json!({}),
        json!({ "type": "voucher" }),
        json!({ "type": "claim", "claims": [] }),
        json!({ "type": "settle", "receiver": Address::ZERO, "token": Address::ZERO }),
        json!({ "type": "voucher", "channelConfig": {}, "voucher": [] }),
    ] {
        reason(&world, &buyer, payload).await;
    }
    let mut permit2 = buyer.deposit(10_000, 20_000, random());
    permit2["deposit"]["authorization"] = json!({ "permit2Authorization": {} });
    let said = reason(&world, &buyer, permit2).await;
    assert_eq!(said, "invalid_batch_settlement_evm_erc3009_authorization_required");
    let twice = buyer
        .post(&world, "/authorize", &json!({}), buyer.spend(20_000))
        .header("payment-signature", header(&buyer.offer, buyer.spend(20_000)));
    assert_eq!(Answer::of(twice).await.status, 400);
    assert_eq!(buyer.call(&world, "good", 20_000).await.charged(), 10_000);
}

#[tokio::test]
async fn a_service_without_channels_refuses_the_scheme() {
    let world = World::with_channels(&[]).await;
    let without = World::start().await;
    let buyer = Buyer::new(&world, 0).await;
    let offer = without.offer_for("/authorize", &json!({})).await;
    assert_eq!(offer.accepts.len(), 1);
    let answer = Answer::of(buyer.post(&without, "/authorize", &json!({}), buyer.spend(10_000))).await;
    assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (402, "invalid_scheme"));
    assert!(channel_offer(&world, "/authorize", &json!({})).await.channel_terms().is_some());
}

#[tokio::test]
async fn a_get_of_what_is_sold_by_post_asks_for_the_price_and_buys_nothing() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let asked = Answer::of(world.http.get(world.url("/units"))).await;
    assert_eq!((asked.status.as_u16(), asked.offer().accepts.len()), (402, 2));
    let paid = world
        .http
        .get(world.url("/authorize"))
        .header("payment-signature", header(&buyer.offer, buyer.spend(20_000)));
    assert_eq!(Answer::of(paid).await.status, 402);
    assert_eq!(Answer::of(world.http.put(world.url("/authorize"))).await.status, 405);
    assert_eq!(buyer.call(&world, "next", 20_000).await.charged(), 10_000, "nothing was charged");
}
