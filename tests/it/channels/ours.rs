//! Our own buyer on our channels: many calls at once, a record that was lost, a budget that is kept, the rest taken back.

use futures_util::future::join_all;
use serde_json::json;
use tempfile::TempDir;
use x402::Usdc;
use x402_buyer::{Budget, Budgets, Request, Terms, channel::ChannelError};

use super::{
    buyer::{on_chain, usdc},
    shop::client,
};
use crate::support::World;

const DOLLAR: Usdc = Usdc::from_atomic(1_000_000);

fn request(world: &World, note: &str) -> Request {
    Request::post_json(&world.url("/authorize"), &json!({ "note": note })).expect("a request")
}

#[tokio::test]
async fn it_opens_spends_many_at_once_and_takes_the_rest_back() {
    let world = World::with_channels(&[]).await;
    let folder = TempDir::new().expect("a folder");
    let buyer = client(&world.chain, folder.path(), Budgets::unlimited()).await;
    let held = world.balance(world.buyer(0).address()).await;
    let terms = Terms::default();
    let first = buyer.send(&request(&world, "first"), &terms, DOLLAR).await.expect("served");
    assert_eq!((first.charged, first.deposited), (usdc(10_000), Some(DOLLAR)));

    let requests: Vec<_> = (0..12).map(|call| request(&world, &call.to_string())).collect();
    let answers = join_all(requests.iter().map(|request| buyer.send(request, &terms, DOLLAR))).await;
    for (call, answer) in answers.into_iter().enumerate() {
        let answer = answer.expect("served");
        assert_eq!((answer.charged, answer.deposited), (usdc(10_000), None));
        let body: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(body["note"], call.to_string());
    }
    let id = first.channel.id;
    let row = buyer.ledger().channel(id).await.expect("read").expect("a channel");
    assert_eq!((row.charged, row.signed), (usdc(130_000), usdc(130_000)));

    let closed = buyer.close(id).await.expect("closed");
    assert_eq!(closed.refunded, usdc(870_000));
    assert_eq!(on_chain(&world, id).await, (130_000, 130_000));
    assert_eq!(world.balance(world.buyer(0).address()).await, held - 130_000);
}

#[tokio::test]
async fn it_recovers_a_channel_that_it_has_no_record_of() {
    let world = World::with_channels(&[]).await;
    let (first, second) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let terms = Terms::default();
    let buyer = client(&world.chain, first.path(), Budgets::unlimited()).await;
    let paid = buyer.send(&request(&world, "0"), &terms, DOLLAR).await.expect("served");
    for call in 1..3 {
        buyer.send(&request(&world, &call.to_string()), &terms, DOLLAR).await.expect("served");
    }
    let forgetful = client(&world.chain, second.path(), Budgets::unlimited()).await;
    let again = forgetful.send(&request(&world, "0"), &terms, DOLLAR).await.expect("served");
    assert_eq!((again.base, again.body), (paid.base, paid.body), "it names the call as the first one did");
    let answer = forgetful.send(&request(&world, "new"), &terms, DOLLAR).await.expect("served");
    assert_eq!((answer.charged, answer.deposited), (usdc(10_000), None), "it found the money");
    assert_eq!(answer.channel.charged, usdc(40_000), "and what was charged");
    let stale = buyer.send(&request(&world, "stale"), &terms, DOLLAR).await.expect("served");
    assert_eq!(stale.channel.charged, usdc(50_000), "the first one was corrected");
}

#[tokio::test]
async fn it_tops_a_channel_up_and_keeps_to_its_budget() {
    let world = World::with_channels(&[]).await;
    let folder = TempDir::new().expect("a folder");
    let mut budgets = Budgets::unlimited();
    budgets.set("total", Budget { per_day: Some(usdc(50_000)), ..Budget::default() });
    let buyer = client(&world.chain, folder.path(), budgets).await;
    let terms = Terms::default();
    let calls = ["1", "2", "3", "4"].map(|note| request(&world, note));
    let mut deposits = Vec::new();
    for call in &calls {
        let answer = buyer.send(call, &terms, usdc(20_000)).await.expect("served");
        deposits.extend(answer.deposited);
    }
    assert_eq!(deposits, [usdc(20_000), usdc(20_000)]);
    let beyond = buyer.send(&request(&world, "5"), &terms, usdc(20_000)).await;
    assert!(matches!(beyond, Err(ChannelError::Budget(_))), "{beyond:?}");
    let within = buyer.send(&request(&world, "5"), &terms, usdc(10_000)).await.expect("served");
    assert_eq!(within.deposited, Some(usdc(10_000)));
}

#[tokio::test]
async fn a_call_that_fails_costs_nothing_and_the_next_one_is_served() {
    let world = World::with_channels(&[]).await;
    let folder = TempDir::new().expect("a folder");
    let buyer = client(&world.chain, folder.path(), Budgets::unlimited()).await;
    let terms = Terms::default();
    buyer.send(&request(&world, "first"), &terms, DOLLAR).await.expect("served");
    let failing = Request::post_json(&world.url("/authorize"), &json!({ "status": 500 })).expect("a request");
    let failed = buyer.send(&failing, &terms, DOLLAR).await;
    assert!(matches!(failed, Err(ChannelError::Refused { .. })), "{failed:?}");
    let next = buyer.send(&request(&world, "next"), &terms, DOLLAR).await.expect("served");
    assert_eq!(next.channel.charged, usdc(20_000));
}
