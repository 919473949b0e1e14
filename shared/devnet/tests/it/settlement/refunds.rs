use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use x402::{Settlement, Settlement::SettlementErrors};

use super::world::{World, claim, event};

fn refund(world: &World, amount: u128) -> Bytes {
    Settlement::refundCall { config: world.config.into(), amount }.abi_encode().into()
}

fn multicall(calls: impl IntoIterator<Item = Bytes>) -> Bytes {
    Settlement::multicallCall { data: calls.into_iter().collect() }.abi_encode().into()
}

#[tokio::test]
async fn the_receivers_side_gives_back_and_the_last_of_an_unclaimed_channel_closes_it() {
    let world = World::funded().await;
    let before = world.holds(world.config.payer).await;
    let logs = world.send(world.config.receiver, refund(&world, 4_000)).await;
    let [refunded] = logs.as_slice() else { panic!("one log, not {logs:?}") };
    let refunded: Settlement::Refunded = event(refunded);
    assert_eq!((refunded.sender, refunded.amount), (world.config.receiver, 4_000));
    assert_eq!(world.channel().await, (6_000, 0));

    let logs = world.send(world.config.receiver_authorizer, refund(&world, 6_000)).await;
    let [_, closed] = logs.as_slice() else { panic!("two logs, not {logs:?}") };
    assert_eq!(event::<Settlement::ChannelClosed>(closed).config, world.config.into());
    assert_eq!(world.holds(world.config.payer).await, before + U256::from(10_000));
    assert_eq!(world.refund_nonce().await, U256::from(2));

    let logs = world.send(world.stranger(), world.deposit(500, 9)).await;
    event::<Settlement::ChannelCreated>(&logs[0]);
}

#[tokio::test]
async fn nobody_else_gives_back() {
    let world = World::funded().await;
    for from in [world.stranger(), world.config.payer] {
        assert!(matches!(
            world.refusal(from, refund(&world, 1)).await,
            SettlementErrors::NotAuthorizedToRefund(_)
        ));
    }
    assert!(matches!(
        world.refusal(world.config.receiver, refund(&world, 0)).await,
        SettlementErrors::ZeroRefund(_)
    ));
}

#[tokio::test]
async fn a_refund_is_cut_to_what_is_free_and_the_nonce_rises_even_for_nothing() {
    let world = World::funded().await;
    world.send(world.config.receiver, claim([world.row(7_000, 7_000)])).await;
    let logs = world.send(world.config.receiver, refund(&world, 9_000)).await;
    assert_eq!(event::<Settlement::Refunded>(&logs[0]).amount, 3_000);
    assert_eq!(logs.len(), 1, "a channel that was claimed from does not close");
    assert_eq!(world.channel().await, (7_000, 7_000));

    assert_eq!(world.send(world.config.receiver, refund(&world, 1)).await.len(), 0);
    assert_eq!(world.refund_nonce().await, U256::from(2));
}

#[tokio::test]
async fn a_signed_refund_is_for_one_nonce_and_one_amount() {
    let world = World::funded().await;
    assert!(matches!(
        world.refusal(world.stranger(), world.refund_signed(100, 1)).await,
        SettlementErrors::InvalidRefundNonce(_)
    ));
    let call = Settlement::refundWithSignatureCall::abi_decode(&world.refund_signed(100, 0)).unwrap();
    let more = Settlement::refundWithSignatureCall { amount: 200, ..call };
    assert!(matches!(
        world.refusal(world.stranger(), more.abi_encode()).await,
        SettlementErrors::InvalidSignature(_)
    ));
    world.send(world.stranger(), world.refund_signed(100, 0)).await;
    assert!(matches!(
        world.refusal(world.stranger(), world.refund_signed(100, 0)).await,
        SettlementErrors::InvalidRefundNonce(_)
    ));
}

/// A refund of the receiver's own makes worthless what was signed for the same nonce.
#[tokio::test]
async fn a_direct_refund_voids_a_signed_one() {
    let world = World::funded().await;
    let signed = world.refund_signed(100, 0);
    world.send(world.config.receiver, refund(&world, 100)).await;
    assert!(matches!(world.refusal(world.stranger(), signed).await, SettlementErrors::InvalidRefundNonce(_)));
}

#[tokio::test]
async fn claim_and_refund_share_a_transaction_and_each_takes_the_guard_anew() {
    let world = World::funded().await;
    let both = multicall([claim([world.row(3_000, 3_000)]), refund(&world, 7_000)]);
    let logs = world.send(world.config.receiver_authorizer, both).await;
    assert_eq!(event::<Settlement::Claimed>(&logs[0]).newTotalClaimed, 3_000);
    assert_eq!(event::<Settlement::Refunded>(&logs[1]).amount, 7_000);
    assert_eq!(world.channel().await, (3_000, 3_000));

    let second_fails = multicall([claim([world.row(3_000, 3_000)]), refund(&world, 0)]);
    assert!(matches!(
        world.refusal(world.config.receiver, second_fails).await,
        SettlementErrors::ZeroRefund(_)
    ));
}
