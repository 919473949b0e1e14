use futures_util::future::join_all;
use serde_json::{Value, json};
use x402::{B256, Settlement};

use super::buyer::{Buyer, act, channel_offer, header_with, on_chain, usdc};
use crate::support::{Answer, PRICE, World, random};

#[tokio::test]
async fn both_schemes_are_offered_and_version_1_sees_one() {
    let world = World::with_channels(&[]).await;
    let answer = Answer::of(world.http.post(world.url("/authorize"))).await;
    let schemes: Vec<_> =
        answer.offer().accepts.iter().filter_map(|offer| Some(offer.evm()?.scheme.clone())).collect();
    assert_eq!(schemes, ["exact", "batch-settlement"]);
    assert_eq!(answer.json()["accepts"].as_array().expect("offers").len(), 1);
    let terms = channel_offer(&world, "/upfront", &json!({})).await.channel_terms().expect("terms");
    assert_eq!(terms.receiver_authorizer, world.chain.signer(5).address);
    assert_eq!(terms.withdraw_delay, 900);
}

#[tokio::test]
async fn a_deposit_pays_its_own_call_and_vouchers_the_next_ones() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::new(&world, 0).await;
    let opened = buyer.open(&world, 100_000).await;
    assert_eq!(opened.charged(), PRICE.atomic());
    let settlement = opened.paid();
    assert!(settlement.transaction.is_some());
    assert_eq!(settlement.amount, Some(usdc(100_000)));
    assert_eq!(opened.state().balance, usdc(100_000));
    assert_eq!(on_chain(&world, buyer.id()).await, (100_000, 0));

    for call in 2..=10 {
        let answer = buyer.call(&world, &format!("{call}"), call * 10_000).await;
        assert_eq!(answer.charged(), 10_000);
        assert_eq!(answer.state().charged_cumulative_amount, Some(usdc(call * 10_000)));
        assert_eq!((answer.paid().transaction, answer.paid().amount), (None, None));
        assert_eq!(answer.json()["note"], call.to_string());
    }
    let beyond = buyer.call(&world, "11", 110_000).await;
    assert_eq!(beyond.reason(), "invalid_batch_settlement_evm_cumulative_exceeds_balance");

    let top_up = buyer.deposit(50_000, 110_000, random());
    let topped_up = Answer::of(buyer.post(&world, "/authorize", &json!({}), top_up)).await;
    assert_eq!(topped_up.state().balance, usdc(150_000));
    assert_eq!(buyer.call(&world, "12", 120_000).await.charged(), 10_000);
}

#[tokio::test]
async fn twelve_calls_at_once_are_all_served_in_the_order_of_their_vouchers() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    // The latest voucher first, so that each must wait for the one before it.
    let calls = (2..14_u64).rev().map(|call| {
        let (buyer, world) = (&buyer, &world);
        async move { (call, buyer.call(world, &call.to_string(), call * 10_000).await) }
    });
    for (call, answer) in join_all(calls).await {
        assert_eq!(answer.charged(), 10_000);
        assert_eq!(answer.json()["note"], call.to_string());
        assert_eq!(answer.state().charged_cumulative_amount, Some(usdc(call * 10_000)));
    }
}

#[tokio::test]
async fn the_same_voucher_for_the_same_request_gets_the_stored_answer() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let copies = join_all((0..8).map(|_| buyer.call(&world, "once", 20_000))).await;
    let first = &copies[0];
    for copy in &copies {
        assert_eq!((copy.charged(), &copy.body), (10_000, &first.body));
        assert_eq!(copy.state().charged_cumulative_amount, Some(usdc(20_000)));
    }
    assert_eq!(first.json()["run"], 1);
    assert_eq!(buyer.call(&world, "next", 30_000).await.charged(), 10_000);
    assert_eq!(buyer.call(&world, "once", 20_000).await.body, first.body, "also after the next call");
}

/// A voucher that was claimed stands on the chain, and a correction hands out the latest one: neither shows who asks.
#[tokio::test]
async fn the_answer_to_a_call_that_has_a_name_goes_to_whoever_knows_the_name() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let call = |name: Option<&str>| {
        let named = |name| json!({ "payment-identifier": { "info": { "required": false, "id": name } } });
        let extensions = name.and_then(|name| named(name).as_object().cloned());
        let header = header_with(&buyer.offer, buyer.spend(20_000), extensions);
        let request = world.http.post(world.url("/authorize")).header("payment-signature", header);
        Answer::of(request.json(&json!({ "note": "mine" })))
    };
    let first = call(Some("purchase-number-1")).await;
    assert_eq!(first.charged(), 10_000);
    for name in [None, Some("purchase-number-2")] {
        assert_eq!(call(name).await.correction(buyer.key.address()), 20_000, "{name:?}");
    }
    let again = call(Some("purchase-number-1")).await;
    assert_eq!((again.charged(), &again.body), (10_000, &first.body));
}

#[tokio::test]
async fn an_old_voucher_buys_nothing_new_and_is_told_where_the_channel_stands() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    buyer.call(&world, "second", 20_000).await;
    for ceiling in [10_000, 20_000, 19_999, 5, 30_001] {
        let answer = buyer.call(&world, "another", ceiling).await;
        assert_eq!(answer.correction(buyer.key.address()), 20_000);
    }
    assert_eq!(buyer.call(&world, "third", 30_000).await.charged(), 10_000);
}

#[tokio::test]
async fn what_a_call_costs_may_turn_out_in_the_work() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let metered = |ceiling: u64, charge: u64| {
        let (buyer, world) = (&buyer, &world);
        async move {
            let body = json!({ "charge": charge });
            Answer::of(buyer.post(world, "/authorize", &body, buyer.spend(ceiling))).await
        }
    };
    let answer = metered(20_000, 300).await;
    assert_eq!(answer.charged(), 300);
    assert_eq!(answer.state().charged_cumulative_amount, Some(usdc(10_300)));
    assert_eq!(metered(20_300, 90_000).await.charged(), 10_000, "never more than was signed");
    assert_eq!(metered(30_300, 0).await.charged(), 0);
    assert_eq!(metered(30_300, 10_000).await.charged(), 10_000);
}

/// The price depends on the request, and the voucher is over that price.
#[tokio::test]
async fn a_price_by_the_request_is_paid_from_a_channel_too() {
    let world = World::with_channels(&[]).await;
    let mut buyer = Buyer::opened(&world, 0).await;
    let body = json!({ "units": 7 });
    let standing = buyer.offer.clone();
    let refused = Answer::of(buyer.post(&world, "/units", &body, buyer.spend(80_000))).await;
    assert_eq!(refused.reason(), "invalid_payment_requirements", "the offer of another price");
    buyer.offer = channel_offer(&world, "/units", &body).await;
    assert_eq!((standing.amount, buyer.offer.amount), (usdc(10_000), usdc(70_000)));
    let answer = Answer::of(buyer.post(&world, "/units", &body, buyer.spend(80_000))).await;
    assert_eq!(answer.charged(), 70_000);
}

#[tokio::test]
async fn a_failed_call_costs_nothing_and_those_signed_behind_it_are_corrected_unserved() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let failing = json!({ "status": 503, "workMs": 300 });
    let failing = Answer::of(buyer.post(&world, "/authorize", &failing, buyer.spend(20_000)));
    let behind = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        buyer.call(&world, "behind", 30_000).await
    };
    let (failed, behind) = futures_util::join!(failing, behind);
    assert_eq!(failed.status, 503);
    assert!(!failed.headers.contains_key("payment-response"));
    assert_eq!(behind.correction(buyer.key.address()), 10_000);
    let again = buyer.call(&world, "again", 20_000).await;
    assert_eq!((again.charged(), again.json()["run"].clone()), (10_000, json!(2)), "the failed one ran once");
}

#[tokio::test]
async fn a_handler_that_panics_costs_nothing() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let panicking = buyer.post(&world, "/authorize", &json!({ "panic": true }), buyer.spend(20_000));
    assert_eq!(Answer::of(panicking).await.status, 500);
    assert_eq!(buyer.call(&world, "next", 20_000).await.charged(), 10_000);
}

#[tokio::test]
async fn a_channel_without_a_record_starts_at_what_was_claimed_on_chain() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::new(&world, 0).await;
    let x402::ChannelPayload::Deposit(deposit) =
        serde_json::from_value(buyer.deposit(100_000, 10_000, random())).expect("a deposit")
    else {
        panic!("a deposit")
    };
    let call = deposit.deposit.authorization.erc3009.expect("EIP-3009").call(&buyer.config, usdc(100_000));
    let call = <Settlement::depositCall as alloy_sol_types::SolCall>::abi_decode(&call).expect("a call");
    act(&world, world.chain.signer(1).address, call).await;
    let row = x402::VoucherClaim::new(buyer.config, buyer.voucher(40_000), usdc(40_000));
    act(&world, buyer.config.receiver, Settlement::claimCall { claims: vec![row.into()] }).await;

    assert_eq!(buyer.call(&world, "stale", 10_000).await.correction(buyer.key.address()), 40_000);
    assert_eq!(buyer.call(&world, "good", 50_000).await.charged(), 10_000);
}

#[tokio::test]
async fn deposits_that_a_reorganisation_could_take_back_cover_a_bounded_value() {
    let world = World::with_channels(&[("UNSAFE_VALUE", "25000")]).await;
    let buyer = Buyer::opened(&world, 0).await;
    assert_eq!(buyer.call(&world, "within", 20_000).await.charged(), 10_000);
    assert_eq!(buyer.call(&world, "beyond", 30_000).await.status, 503);
    world.chain.rpc::<Value>("anvil_mine", [100]).await.expect("blocks");
    assert_eq!(buyer.call(&world, "beyond", 30_000).await.charged(), 10_000);
}

#[tokio::test]
async fn a_deposit_whose_answer_was_lost_is_not_made_again() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::new(&world, 0).await;
    let deposit = buyer.deposit(100_000, 10_000, B256::ZERO);
    let first = Answer::of(buyer.post(&world, "/authorize", &json!({}), deposit.clone())).await;
    let again = Answer::of(buyer.post(&world, "/authorize", &json!({}), deposit)).await;
    assert_eq!((first.charged(), again.charged()), (10_000, 10_000));
    assert_eq!(first.body, again.body);
    assert_eq!(first.paid().transaction, again.paid().transaction);
    assert_eq!(on_chain(&world, buyer.id()).await.0, 100_000);
}
