use std::time::Duration;

use alloy_primitives::{U256, keccak256};
use alloy_sol_types::SolEvent;
use devnet::{BlockTime, Fault, Options};
use serde_json::{Value, json};
use x402::{Address, B256, ErrorReason, SETTLEMENT_CONTRACT, Settlement};

use super::buyer::{Buyer, act, on_chain};
use crate::support::{Answer, World, eventually};

/// Waits until a channel's total claimed is as expected.
pub(super) async fn until_claimed(world: &World, buyer: &Buyer, expected: u64) {
    eventually(async || match on_chain(world, buyer.id()).await {
        (_, claimed) if claimed == expected => Ok(()),
        (_, claimed) => Err(format!("{claimed} claimed, not {expected}")),
    })
    .await;
}

#[tokio::test]
async fn channels_are_claimed_together_when_one_owes_enough() {
    let world = World::with_channels(&[("CLAIM_VALUE", "30000")]).await;
    let (first, second) = (Buyer::opened(&world, 0).await, Buyer::opened(&world, 1).await);
    first.call(&world, "two", 20_000).await;
    assert_eq!(on_chain(&world, first.id()).await.1, 0);
    first.call(&world, "three", 30_000).await;
    until_claimed(&world, &first, 30_000).await;
    until_claimed(&world, &second, 10_000).await;
    assert_eq!(first.call(&world, "four", 40_000).await.charged(), 10_000, "claims stop nobody");
}

#[tokio::test]
async fn a_withdrawal_is_claimed_against_and_its_money_is_not_counted_on() {
    let world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    buyer.call(&world, "second", 20_000).await;
    let announce = Settlement::initiateWithdrawCall { config: buyer.config.into(), amount: 970_000 };
    act(&world, buyer.key.address(), announce).await;
    until_claimed(&world, &buyer, 20_000).await;
    assert_eq!(buyer.call(&world, "covered", 30_000).await.charged(), 10_000);
    let beyond = buyer.call(&world, "not covered", 40_000).await;
    assert_eq!(beyond.reason(), "invalid_batch_settlement_evm_cumulative_exceeds_balance");
}

#[tokio::test]
async fn a_withdrawal_that_nobody_watched_is_claimed_against_after_a_restart() {
    let mut world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    world.service.kill();
    let announce = Settlement::initiateWithdrawCall { config: buyer.config.into(), amount: 900_000 };
    act(&world, buyer.key.address(), announce).await;
    world.service.restart().await;
    until_claimed(&world, &buyer, 10_000).await;
}

/// Base's blocks: nobody has two of them to take its money back before it is claimed.
#[tokio::test]
async fn a_withdrawal_is_claimed_against_within_two_blocks() {
    let options = Options { block_time: BlockTime::Seconds(2), ..Options::default() };
    let world = World::with_channels_on(options, &[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    let announce = Settlement::initiateWithdrawCall { config: buyer.config.into(), amount: 900_000 };
    act(&world, buyer.key.address(), announce).await;
    until_claimed(&world, &buyer, 10_000).await;
    let block_of = async |event: B256| {
        let filter = json!({ "fromBlock": "0x0", "topics": [event, buyer.id().0] });
        let logs: Value = world.chain.rpc("eth_getLogs", [filter]).await.expect("logs");
        let block = logs[0]["blockNumber"].as_str().expect("an event");
        u64::from_str_radix(block.trim_start_matches("0x"), 16).expect("a number")
    };
    let announced = block_of(Settlement::WithdrawInitiated::SIGNATURE_HASH).await;
    let claimed = block_of(Settlement::Claimed::SIGNATURE_HASH).await;
    assert!(claimed <= announced + 2, "announced in {announced}, claimed in {claimed}");
}

/// A payer that takes its money back could do so before what was served late is claimed.
#[tokio::test]
async fn a_channel_buys_nothing_once_half_the_delay_of_its_withdrawal_is_over() {
    let mut world = World::with_channels(&[]).await;
    let buyer = Buyer::opened(&world, 0).await;
    world.service.kill();
    let announce = Settlement::initiateWithdrawCall { config: buyer.config.into(), amount: 900_000 };
    act(&world, buyer.key.address(), announce).await;
    let delay = u64::from(buyer.config.withdraw_delay);
    announced_earlier(&world, &buyer, 900_000, delay / 2 + 1).await;
    world.service.restart().await;
    let refused = buyer.call(&world, "late", 20_000).await;
    assert_eq!(refused.reason(), ErrorReason::CHANNEL_WITHDRAWING.as_str());
    until_claimed(&world, &buyer, 10_000).await;
}

/// Lets the chain believe that a withdrawal was announced so many seconds earlier: the service's clock is this machine's.
async fn announced_earlier(world: &World, buyer: &Buyer, amount: u128, seconds: u64) {
    for slot in 0..16_u64 {
        let place = keccak256([buyer.id().0.as_slice(), &U256::from(slot).to_be_bytes::<32>()].concat());
        let place = (SETTLEMENT_CONTRACT, U256::from_be_bytes(place.0));
        let held: U256 =
            world.chain.rpc("eth_getStorageAt", (place.0, place.1, "latest")).await.expect("a slot");
        // `(uint128 amount, uint40 initiatedAt)`, the first in the lower bits.
        if held & U256::from(u128::MAX) == U256::from(amount) && held > U256::from(u128::MAX) {
            let earlier = B256::from(held - (U256::from(seconds) << 128));
            world.chain.rpc::<Value>("anvil_setStorageAt", (place.0, place.1, earlier)).await.expect("set");
            return;
        }
    }
    panic!("no withdrawal in the contract");
}

/// The account that claims has no gas for a while.
#[tokio::test]
async fn a_claim_that_cannot_be_sent_is_sent_again_until_it_can() {
    let (world, proxy) = World::with_channels_behind("delay(1ms)@eth_sendRawTransactionSync").await;
    let sends = || proxy.counts().of(Fault::Delay(Duration::from_millis(1)));
    let buyer = Buyer::opened(&world, 0).await;
    let claimer = world.chain.signer(5).address;
    let funds: Value = world.chain.rpc("eth_getBalance", (claimer, "latest")).await.expect("a balance");
    world.chain.rpc::<Value>("anvil_setBalance", (claimer, "0x0")).await.expect("set");
    let before = sends();
    let announce = Settlement::initiateWithdrawCall { config: buyer.config.into(), amount: 900_000 };
    act(&world, buyer.key.address(), announce).await;
    // More than one round's tries.
    eventually(async || match sends() - before {
        6.. => Ok(()),
        tries => Err(format!("{tries} tries")),
    })
    .await;
    assert_eq!(on_chain(&world, buyer.id()).await.1, 0);
    world.chain.rpc::<Value>("anvil_setBalance", (claimer, funds)).await.expect("set");
    until_claimed(&world, &buyer, 10_000).await;
}

/// A contract wallet accepts its vouchers when they are served, and not any more when they are claimed.
#[tokio::test]
async fn a_voucher_that_went_bad_costs_its_own_channel_only() {
    let world = World::with_channels(&[("SERVE_CONTRACTS", "yes"), ("CLAIM_VALUE", "30000")]).await;
    let mut bad = Buyer::new(&world, 0).await;
    bad.config.payer = world.chain.deploy_wallet(bad.key.address()).await.expect("deployed");
    bad.config.payer_authorizer = Address::ZERO;
    world.chain.mint(bad.config.payer, U256::from(1_000_000)).await.expect("minted");
    assert_eq!(bad.open(&world, 1_000_000).await.charged(), 10_000);
    let good =
        [Buyer::opened(&world, 1).await, Buyer::opened(&world, 2).await, Buyer::opened(&world, 3).await];

    // Code that reverts whatever it is asked.
    world.chain.rpc::<Value>("anvil_setCode", (bad.config.payer, "0x5f5ffd")).await.expect("set");
    let refused = bad.call(&world, "second", 20_000).await;
    assert_eq!(refused.reason(), "invalid_batch_settlement_evm_voucher_signature");
    good[0].call(&world, "second", 20_000).await;
    good[0].call(&world, "third", 30_000).await;
    until_claimed(&world, &good[0], 30_000).await;
    until_claimed(&world, &good[1], 10_000).await;
    until_claimed(&world, &good[2], 10_000).await;
    assert_eq!(on_chain(&world, bad.id()).await.1, 0);
}

#[tokio::test]
async fn what_was_claimed_is_paid_out() {
    let world = World::with_channels(&[("CLAIM_VALUE", "1000000")]).await;
    let mut buyer = Buyer::new(&world, 0).await;
    assert_eq!(buyer.open(&world, 2_000_000).await.charged(), 10_000);
    let body = json!({ "units": 10 });
    buyer.offer = super::buyer::channel_offer(&world, "/units", &body).await;
    for call in 1..=10_u64 {
        let ceiling = 10_000 + call * 100_000;
        let answer = Answer::of(buyer.post(&world, "/units", &body, buyer.spend(ceiling))).await;
        if answer.status != 200 {
            // A dollar was served on a deposit that is not safe yet.
            world.chain.rpc::<Value>("anvil_mine", [100]).await.expect("blocks");
            let answer = Answer::of(buyer.post(&world, "/units", &body, buyer.spend(ceiling))).await;
            assert_eq!(answer.charged(), 100_000);
        }
    }
    until_claimed(&world, &buyer, 1_010_000).await;
    eventually(async || match world.earned().await {
        1_010_000.. => Ok(()),
        earned => Err(format!("{earned} earned")),
    })
    .await;
}
