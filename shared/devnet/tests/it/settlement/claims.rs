use alloy_primitives::{B256, Bytes, Signature, U256};
use alloy_sol_types::SolCall;
use x402::{ChannelConfig, Settlement, Settlement::SettlementErrors, Voucher, VoucherClaim};

use super::world::{NETWORK, World, claim, event, key, usdc};

fn signed(rows: &[VoucherClaim], signature: Bytes) -> Bytes {
    let claims = rows.iter().cloned().map(Into::into).collect();
    Settlement::claimWithSignatureCall { claims, signature }.abi_encode().into()
}

#[tokio::test]
async fn a_claim_raises_the_total_and_leaves_the_balance() {
    let world = World::funded().await;
    let receiver = world.config.receiver;
    let logs = world.send(receiver, claim([world.row(5_000, 3_000)])).await;
    let [claimed] = logs.as_slice() else { panic!("one log, not {logs:?}") };
    let claimed: Settlement::Claimed = event(claimed);
    assert_eq!((claimed.channelId, claimed.sender), (world.id().0, receiver));
    assert_eq!((claimed.claimAmount, claimed.newTotalClaimed), (3_000, 3_000));

    let authorizer = world.config.receiver_authorizer;
    let logs = world.send(authorizer, claim([world.row(5_000, 5_000)])).await;
    assert_eq!(event::<Settlement::Claimed>(&logs[0]).claimAmount, 2_000);
    assert_eq!(world.channel().await, (10_000, 5_000));
    let account = Settlement::receiversCall { receiver, token: world.config.token };
    let account = world.ask(account).await;
    assert_eq!((account.totalClaimed, account.totalSettled), (5_000, 0));
}

#[tokio::test]
async fn only_the_receivers_side_claims_and_every_row_must_be_its_own() {
    let world = World::funded().await;
    let own = world.row(100, 100);
    assert!(matches!(
        world.refusal(world.stranger(), claim([own.clone()])).await,
        SettlementErrors::NotAuthorizedToClaim(_)
    ));
    let config =
        ChannelConfig { receiver: world.stranger(), receiver_authorizer: world.stranger(), ..world.config };
    let foreign = VoucherClaim::new(config, world.voucher(100), usdc(100));
    assert!(matches!(
        world.refusal(world.config.receiver, claim([own.clone(), foreign.clone()])).await,
        SettlementErrors::NotAuthorizedToClaim(_)
    ));
    let rows = [own, foreign];
    let signature = world.authorizer().sign(VoucherClaim::batch_digest(&rows, NETWORK));
    assert!(matches!(
        world.refusal(world.stranger(), signed(&rows, signature)).await,
        SettlementErrors::NotReceiverAuthorizer(_)
    ));
}

#[tokio::test]
async fn anybody_sends_what_the_authorizer_signed_over_exactly_these_rows() {
    let world = World::funded().await;
    let rows = [world.row(5_000, 3_000)];
    let signature = world.authorizer().sign(VoucherClaim::batch_digest(&rows, NETWORK));
    let more = [world.row(5_000, 4_000)];
    assert!(matches!(
        world.refusal(world.stranger(), signed(&more, signature.clone())).await,
        SettlementErrors::InvalidSignature(_)
    ));
    world.send(world.stranger(), signed(&rows, signature)).await;
    assert_eq!(world.channel().await, (10_000, 3_000));
}

#[tokio::test]
async fn a_contract_may_be_the_authorizer_of_claims() {
    let mut world = World::start().await;
    let owner = world.chain.signer(5);
    world.config.receiver_authorizer = world.chain.deploy_wallet(owner.address).await.unwrap();
    world.send(world.stranger(), world.deposit(10_000, 1)).await;
    let rows = [world.row(5_000, 3_000)];
    let signature = world.authorizer().sign(VoucherClaim::batch_digest(&rows, NETWORK));
    world.send(world.stranger(), signed(&rows, signature)).await;
    assert_eq!(world.channel().await, (10_000, 3_000));
}

#[tokio::test]
async fn a_claim_of_nothing_is_refused() {
    let world = World::start().await;
    for call in [claim([]), signed(&[], Bytes::new())] {
        assert!(matches!(world.refusal(world.config.receiver, call).await, SettlementErrors::EmptyBatch(_)));
    }
}

#[tokio::test]
async fn what_is_claimed_already_is_passed_over_before_its_signature_is_looked_at() {
    let world = World::funded().await;
    let receiver = world.config.receiver;
    world.send(receiver, claim([world.row(5_000, 3_000)])).await;
    let unsigned = VoucherClaim { signature: Bytes::new(), ..world.row(10, 3_000) };
    assert_eq!(world.send(receiver, claim([unsigned])).await.len(), 0);
    assert_eq!(world.channel().await, (10_000, 3_000));
}

#[tokio::test]
async fn ceiling_comes_before_balance_and_balance_before_the_signature() {
    let world = World::funded().await;
    let receiver = world.config.receiver;
    let unsigned = |row: VoucherClaim| claim([VoucherClaim { signature: Bytes::new(), ..row }]);
    assert!(matches!(
        world.refusal(receiver, unsigned(world.row(20_000, 20_001))).await,
        SettlementErrors::ClaimExceedsCeiling(_)
    ));
    assert!(matches!(
        world.refusal(receiver, unsigned(world.row(20_000, 10_001))).await,
        SettlementErrors::ClaimExceedsBalance(_)
    ));
    assert!(matches!(
        world.refusal(receiver, unsigned(world.row(20_000, 10_000))).await,
        SettlementErrors::ECDSAInvalidSignatureLength(_)
    ));
}

#[tokio::test]
async fn a_voucher_is_accepted_in_one_form_only() {
    let world = World::funded().await;
    let row = world.row(100, 100);
    let good = Signature::from_raw(&row.signature).unwrap();
    let order: U256 = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().unwrap();
    let high_s = Signature::new(good.r(), order - good.s(), !good.v()).as_bytes().to_vec();
    let mut low_v = row.signature.to_vec();
    low_v[64] -= 27;
    let stranger = Voucher::sign(world.id(), usdc(100), NETWORK, &key(world.chain.buyer(1)));
    for (signature, expected) in [
        (high_s, "ECDSAInvalidSignatureS("),
        (low_v, "ECDSAInvalidSignature("),
        (good.as_erc2098().to_vec(), "ECDSAInvalidSignatureLength("),
        (stranger.signature.to_vec(), "InvalidSignature("),
    ] {
        let bad = VoucherClaim { signature: signature.into(), ..row.clone() };
        let refusal = format!("{:?}", world.refusal(world.config.receiver, claim([bad])).await);
        assert!(refusal.starts_with(expected), "{refusal}, not {expected}");
    }
}

#[tokio::test]
async fn one_bad_row_takes_the_whole_batch_with_it() {
    let world = World::funded().await;
    let config = ChannelConfig { salt: B256::repeat_byte(1), ..world.config };
    world.send(world.stranger(), world.deposit_into(&config, 10_000, 2)).await;
    let bad = VoucherClaim::new(config, world.voucher(100), usdc(100));
    let refusal = world.refusal(world.config.receiver, claim([world.row(100, 100), bad])).await;
    assert!(matches!(refusal, SettlementErrors::InvalidSignature(_)));
    assert_eq!(world.channel().await, (10_000, 0));
}

#[tokio::test]
async fn without_an_authorizer_the_payer_signs_by_key_or_by_contract() {
    let mut world = World::start().await;
    world.config.payer_authorizer = alloy_primitives::Address::ZERO;
    world.send(world.stranger(), world.deposit(10_000, 1)).await;
    world.send(world.config.receiver, claim([world.row(100, 100)])).await;

    let wallet = world.chain.deploy_wallet(world.chain.buyer(0).address).await.unwrap();
    world.chain.mint(wallet, U256::from(10_000)).await.unwrap();
    world.config.payer = wallet;
    world.send(world.stranger(), world.deposit(10_000, 2)).await;
    world.send(world.config.receiver, claim([world.row(300, 300)])).await;
    assert_eq!(world.channel().await, (10_000, 300));
    let forged = VoucherClaim { signature: Bytes::from([0; 65]), ..world.row(500, 500) };
    assert!(matches!(
        world.refusal(world.config.receiver, claim([forged])).await,
        SettlementErrors::InvalidSignature(_)
    ));
}

#[tokio::test]
async fn anybody_settles_what_was_claimed_and_a_second_time_nothing_happens() {
    let world = World::funded().await;
    let ChannelConfig { receiver, token, .. } = world.config;
    let settle: Bytes = Settlement::settleCall { receiver, token }.abi_encode().into();
    assert_eq!(world.send(world.stranger(), settle.clone()).await.len(), 0);

    world.send(receiver, claim([world.row(5_000, 3_000)])).await;
    let logs = world.send(world.stranger(), settle.clone()).await;
    let settled: Settlement::Settled = event(&logs[0]);
    assert_eq!((settled.receiver, settled.token, settled.sender), (receiver, token, world.stranger()));
    assert_eq!(settled.amount, 3_000);
    assert_eq!(world.holds(receiver).await, U256::from(3_000));
    assert_eq!(world.send(world.stranger(), settle).await.len(), 0);
    assert_eq!(world.holds(receiver).await, U256::from(3_000));
}
