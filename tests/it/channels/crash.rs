//! SIGKILL at any time: what was answered is charged, what was charged can be had again, and no voucher buys twice.

use std::time::Duration;

use serde_json::json;
use x402::B256;

use super::{
    buyer::{Buyer, on_chain},
    claims::until_claimed,
};
use crate::support::{Answer, World, eventually};

#[tokio::test]
async fn an_answered_call_survives_and_is_answered_again() {
    let mut world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let first = buyer.call(&world, "mine", 20_000).await;
    world.service.kill();
    world.service.restart().await;
    let again = buyer.call(&world, "mine", 20_000).await;
    assert_eq!((again.charged(), &again.body), (10_000, &first.body));
    assert_eq!(buyer.call(&world, "other", 20_000).await.correction(buyer.key.address()), 20_000);
    assert_eq!(buyer.call(&world, "next", 30_000).await.charged(), 10_000);
}

/// The process dies at forty moments of a call, from before its arrival to after its answer.
#[tokio::test]
async fn a_call_that_was_under_way_is_charged_once_or_not_at_all() {
    let mut world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let mut ceiling = 20_000;
    for moment in 0..40_u64 {
        let note = moment.to_string();
        let body = json!({ "note": note, "workMs": 5 });
        let request = buyer.post(&world, "/authorize", &body, buyer.spend(ceiling)).send();
        let request = tokio::spawn(request);
        tokio::time::sleep(Duration::from_micros(moment * 700)).await;
        world.service.kill();
        let answered = match request.await.expect("a task") {
            Ok(response) => response.bytes().await.ok(),
            Err(_) => None,
        };
        world.service.restart().await;
        let again = Answer::of(buyer.post(&world, "/authorize", &body, buyer.spend(ceiling))).await;
        assert_eq!(again.charged(), 10_000);
        if let Some(answered) = answered {
            assert_eq!(again.body, answered, "what was answered is answered again");
        }
        let other = buyer.call(&world, "something else", ceiling).await;
        assert_eq!(other.correction(buyer.key.address()), ceiling, "a voucher buys once");
        ceiling += 10_000;
    }
}

#[tokio::test]
async fn a_deposit_that_was_under_way_is_made_once() {
    for moment in 0..6_u64 {
        let mut world = World::with_channels(&[]).await;
        let buyer = Buyer::new(&world, 0).await;
        let deposit = buyer.deposit(100_000, 10_000, B256::ZERO);
        let request = buyer.post(&world, "/authorize", &json!({}), deposit.clone()).send();
        let request = tokio::spawn(request);
        tokio::time::sleep(Duration::from_millis(moment * 6)).await;
        world.service.kill();
        let _ = request.await;
        world.service.restart().await;
        let again = Answer::of(buyer.post(&world, "/authorize", &json!({}), deposit)).await;
        assert_eq!(again.charged(), 10_000);
        assert_eq!(on_chain(&world, buyer.id()).await.0, 100_000);
    }
}

#[tokio::test]
async fn a_refund_that_was_under_way_is_made_once() {
    for moment in 0..6_u64 {
        let mut world = World::with_channels(&[]).await;
        let before = world.balance(world.buyer(0).address()).await;
        let buyer = Buyer::opened(&world, 0).await;
        let refund = buyer.post(&world, "/authorize", &json!({}), buyer.refund(10_000, None)).send();
        let refund = tokio::spawn(refund);
        tokio::time::sleep(Duration::from_millis(moment * 5)).await;
        world.service.kill();
        let _ = refund.await;
        world.service.restart().await;
        eventually(async || {
            let again = buyer.post(&world, "/authorize", &json!({}), buyer.refund(10_000, None));
            let again = Answer::of(again).await;
            let ended = again.status == 200 || again.reason().ends_with("refund_no_balance");
            if ended { Ok(()) } else { Err(again.json().to_string()) }
        })
        .await;
        assert_eq!(on_chain(&world, buyer.id()).await, (10_000, 10_000));
        assert_eq!(world.balance(buyer.key.address()).await, before - 10_000);
    }
}

#[tokio::test]
async fn a_claim_that_was_under_way_pays_once() {
    for moment in 0..6_u64 {
        let mut world = World::with_channels(&[("CLAIM_VALUE", "20000")]).await;
        let buyer = Buyer::opened(&world, 0).await;
        buyer.call(&world, "second", 20_000).await;
        // Every tenth of a second the service looks whether it is time for a claim.
        tokio::time::sleep(Duration::from_millis(moment * 20)).await;
        world.service.kill();
        world.service.restart().await;
        until_claimed(&world, &buyer, 20_000).await;
        assert_eq!(buyer.call(&world, "third", 30_000).await.charged(), 10_000);
        assert_eq!(on_chain(&world, buyer.id()).await, (1_000_000, 20_000));
    }
}
