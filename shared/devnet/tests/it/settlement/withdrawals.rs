use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use serde_json::Value;
use x402::{MIN_WITHDRAW_DELAY, Settlement, Settlement::SettlementErrors};

use super::world::{World, claim, event};

fn announce(world: &World, amount: u128) -> Bytes {
    Settlement::initiateWithdrawCall { config: world.config.into(), amount }.abi_encode().into()
}

fn take(world: &World) -> Bytes {
    Settlement::finalizeWithdrawCall { config: world.config.into() }.abi_encode().into()
}

fn refund(world: &World, amount: u128) -> Bytes {
    Settlement::refundCall { config: world.config.into(), amount }.abi_encode().into()
}

async fn pending(world: &World) -> (u128, u64) {
    let state = world.ask(Settlement::pendingWithdrawalsCall { channelId: world.id().0 }).await;
    (state.amount, state.initiatedAt.to())
}

/// Only on a chain of one's own: later deposits are valid by the wall clock.
async fn let_the_delay_pass(world: &World) {
    let delay = u64::from(MIN_WITHDRAW_DELAY);
    world.chain.rpc::<Value>("evm_increaseTime", [delay]).await.unwrap();
    world.chain.mine().await.unwrap();
}

#[tokio::test]
async fn the_payer_announces_waits_and_takes() {
    let world = World::funded().await;
    let payer = world.config.payer;
    let before = world.holds(payer).await;
    let logs = world.send(payer, announce(&world, 4_000)).await;
    let announced: Settlement::WithdrawInitiated = event(&logs[0]);
    let (amount, at) = pending(&world).await;
    assert_eq!((announced.amount, amount), (4_000, 4_000));
    assert_eq!(announced.finalizeAfter.to::<u64>(), at + u64::from(MIN_WITHDRAW_DELAY));

    assert!(matches!(world.refusal(payer, take(&world)).await, SettlementErrors::WithdrawDelayNotElapsed(_)));
    let_the_delay_pass(&world).await;
    let logs = world.send(payer, take(&world)).await;
    let finalized: Settlement::WithdrawFinalized = event(&logs[0]);
    assert_eq!((finalized.sender, finalized.amount), (payer, 4_000));
    assert_eq!(world.holds(payer).await, before + U256::from(4_000));
    assert_eq!(world.channel().await, (6_000, 0));
    assert_eq!(pending(&world).await, (0, 0));
}

#[tokio::test]
async fn a_withdrawal_is_refused_for_the_first_of_its_faults() {
    let mut world = World::start().await;
    world.config.payer_authorizer = world.chain.buyer(3).address;
    world.send(world.stranger(), world.deposit(10_000, 1)).await;
    let (payer, authorizer) = (world.config.payer, world.config.payer_authorizer);
    assert!(matches!(
        world.refusal(world.config.receiver, announce(&world, 0)).await,
        SettlementErrors::InvalidChannel(_)
    ));
    assert!(matches!(
        world.refusal(payer, announce(&world, 0)).await,
        SettlementErrors::NothingToWithdraw(_)
    ));
    assert!(matches!(
        world.refusal(payer, announce(&world, 10_001)).await,
        SettlementErrors::WithdrawAmountExceedsAvailable(_)
    ));
    assert!(matches!(
        world.refusal(authorizer, take(&world)).await,
        SettlementErrors::WithdrawalNotPending(_)
    ));
    world.send(authorizer, announce(&world, 10_000)).await;
    assert!(matches!(
        world.refusal(payer, announce(&world, 1)).await,
        SettlementErrors::WithdrawalAlreadyPending(_)
    ));
    assert!(matches!(
        world.refusal(world.stranger(), take(&world)).await,
        SettlementErrors::NotAuthorizedToFinalizeWithdraw(_)
    ));
}

#[tokio::test]
async fn an_announced_withdrawal_freezes_neither_claims_nor_deposits_and_gets_what_is_left() {
    let world = World::funded().await;
    let payer = world.config.payer;
    world.send(payer, announce(&world, 10_000)).await;
    world.send(world.stranger(), world.deposit(1_000, 2)).await;
    world.send(world.config.receiver, claim([world.row(8_000, 8_000)])).await;
    let_the_delay_pass(&world).await;
    let logs = world.send(payer, take(&world)).await;
    assert_eq!(event::<Settlement::WithdrawFinalized>(&logs[0]).amount, 3_000);
    assert_eq!(world.channel().await, (8_000, 8_000));
}

#[tokio::test]
async fn a_withdrawal_of_what_was_claimed_meanwhile_ends_with_nothing() {
    let world = World::funded().await;
    let payer = world.config.payer;
    world.send(payer, announce(&world, 10_000)).await;
    world.send(world.config.receiver, claim([world.row(10_000, 10_000)])).await;
    let_the_delay_pass(&world).await;
    let logs = world.send(payer, take(&world)).await;
    assert_eq!(event::<Settlement::WithdrawFinalized>(&logs[0]).amount, 0);
    assert_eq!(pending(&world).await, (0, 0));
}

#[tokio::test]
async fn a_withdrawal_that_empties_an_unclaimed_channel_closes_it() {
    let world = World::funded().await;
    world.send(world.config.payer, announce(&world, 10_000)).await;
    let_the_delay_pass(&world).await;
    let logs = world.send(world.config.payer, take(&world)).await;
    event::<Settlement::ChannelClosed>(logs.last().unwrap());
}

#[tokio::test]
async fn a_refund_shrinks_an_announced_withdrawal_or_cancels_it() {
    let world = World::funded().await;
    let payer: Address = world.config.payer;
    world.send(payer, announce(&world, 6_000)).await;
    world.send(world.config.receiver, refund(&world, 2_500)).await;
    assert_eq!(pending(&world).await.0, 3_500);
    world.send(world.config.receiver, refund(&world, 3_500)).await;
    assert_eq!(pending(&world).await, (0, 0));
    world.send(payer, announce(&world, 4_000)).await;
}
