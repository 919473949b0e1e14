use serde_json::json;

use super::buyer::{Buyer, on_chain, usdc};
use crate::support::{Answer, World, random};

#[tokio::test]
async fn what_was_not_spent_goes_back_and_what_was_spent_is_claimed_with_it() {
    let world = World::with_channels(&[]).await;
    let before = world.balance(world.buyer(0).address()).await;
    let buyer = Buyer::opened(&world, 0).await;
    buyer.call(&world, "second", 20_000).await;
    let refund = Answer::of(buyer.post(&world, "/authorize", &json!({}), buyer.refund(20_000, None))).await;
    assert_eq!(refund.status, 200, "{}", refund.json());
    let settlement = refund.paid();
    assert_eq!(settlement.amount, Some(usdc(980_000)));
    assert!(settlement.transaction.is_some());
    let state = refund.state();
    assert_eq!((state.balance, state.total_claimed, state.refund_nonce), (usdc(20_000), usdc(20_000), 1));
    assert_eq!(on_chain(&world, buyer.id()).await, (20_000, 20_000));
    assert_eq!(world.balance(buyer.key.address()).await, before - 20_000);

    let nothing = Answer::of(buyer.post(&world, "/authorize", &json!({}), buyer.refund(20_000, None))).await;
    assert_eq!(nothing.reason(), "invalid_batch_settlement_evm_refund_no_balance");
    let old = buyer.call(&world, "another", 10_000).await;
    assert_eq!(old.correction(buyer.key.address()), 20_000, "the record outlives the refund");
    let again = buyer.deposit(50_000, 30_000, random());
    let again = Answer::of(buyer.post(&world, "/authorize", &json!({}), again)).await;
    assert_eq!(again.charged(), 10_000);
}

#[tokio::test]
async fn a_part_goes_back_and_the_channel_goes_on() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let refund = |charged: u64, amount: u64| {
        Answer::of(buyer.post(&world, "/authorize", &json!({}), buyer.refund(charged, Some(amount))))
    };
    assert_eq!(refund(20_000, 5).await.correction(buyer.key.address()), 10_000);
    let invalid = "invalid_batch_settlement_evm_refund_amount_invalid";
    assert_eq!(refund(10_000, 990_001).await.reason(), invalid);
    assert_eq!(refund(10_000, 0).await.reason(), invalid);
    let part = refund(10_000, 900_000).await;
    assert_eq!(part.paid().amount, Some(usdc(900_000)));
    assert_eq!(part.state().balance, usdc(100_000));
    assert_eq!(buyer.call(&world, "next", 20_000).await.charged(), 10_000);
}

#[tokio::test]
async fn calls_before_a_refund_are_served_and_none_behind_it_is_lost() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let slow = json!({ "workMs": 400 });
    let working = Answer::of(buyer.post(&world, "/authorize", &slow, buyer.spend(20_000)));
    let refund = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        Answer::of(buyer.post(&world, "/authorize", &json!({}), buyer.refund(20_000, None))).await
    };
    let late = async {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        buyer.call(&world, "late", 30_000).await
    };
    let (worked, refund, late) = futures_util::join!(working, refund, late);
    assert_eq!(worked.charged(), 10_000);
    assert_eq!(refund.paid().amount, Some(usdc(980_000)));
    assert_eq!(late.reason(), "invalid_batch_settlement_evm_channel_busy");
    assert!(late.headers.contains_key("retry-after"));
}
