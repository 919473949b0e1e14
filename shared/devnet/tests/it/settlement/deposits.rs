use alloy_primitives::{Address, B256, Bytes, U256, address, hex};
use alloy_sol_types::{SolCall, SolError};
use serde_json::{Value, json};
use x402::{
    ChannelConfig, Collector, DEPOSIT_COLLECTOR, MAX_WITHDRAW_DELAY, SETTLEMENT_CONTRACT, Settlement,
    Settlement::SettlementErrors, VoucherClaim, channel_domain_separator, channel_refund_digest,
};

use super::world::{NETWORK, World, event, usdc};
use crate::usdc::{ask, words};

/// A deposit through a collector that takes whatever it is given.
fn through(config: &ChannelConfig, amount: u128, collector: Address) -> Bytes {
    let call =
        Settlement::depositCall { config: (*config).into(), amount, collector, collectorData: Bytes::new() };
    call.abi_encode().into()
}

#[tokio::test]
async fn the_contracts_stand_at_their_addresses_and_hash_as_we_do() {
    let world = World::start().await;
    let domain = world.ask(Settlement::eip712DomainCall {}).await;
    assert_eq!((domain.name.as_str(), domain.version.as_str()), ("x402 Batch Settlement", "1"));
    assert_eq!(domain.chainId, U256::from(devnet::CHAIN_ID));
    assert_eq!(domain.verifyingContract, SETTLEMENT_CONTRACT);
    let expected = "0xfdef80764086b1e0fc6ba99f0cb9aa1d59109fda7c23d60334c89d2de44dffce";
    assert_eq!(channel_domain_separator(NETWORK), expected.parse::<B256>().unwrap());

    let id = world.id().0;
    assert_eq!(world.ask(Settlement::getChannelIdCall { config: world.config.into() }).await, id);
    let voucher = world.voucher(70);
    let digest = Settlement::getVoucherDigestCall { channelId: id, maxClaimableAmount: 70 };
    assert_eq!(world.ask(digest).await, voucher.digest(NETWORK));
    let digest = Settlement::getRefundDigestCall { channelId: id, nonce: U256::from(3), amount: 70 };
    assert_eq!(world.ask(digest).await, channel_refund_digest(world.id(), 3, usdc(70), NETWORK));
    let rows = vec![world.row(70, 50), world.row(90, 80)];
    let claims = rows.iter().cloned().map(Into::into).collect();
    let digest = world.ask(Settlement::getClaimBatchDigestCall { claims }).await;
    assert_eq!(digest, VoucherClaim::batch_digest(&rows, NETWORK));

    assert_eq!(world.ask(Settlement::MIN_WITHDRAW_DELAYCall {}).await.to::<u32>(), 900);
    assert_eq!(world.ask(Settlement::MAX_WITHDRAW_DELAYCall {}).await.to::<u32>(), MAX_WITHDRAW_DELAY);
    let settlement = ask(&world.chain, DEPOSIT_COLLECTOR, Collector::x402BatchSettlementCall {}).await;
    assert_eq!(settlement, SETTLEMENT_CONTRACT);
}

#[test]
fn selectors_and_topics_are_those_of_the_deployed_contract() {
    let selectors = [
        (Settlement::depositCall::SELECTOR, hex!("140f1e75")),
        (Settlement::claimWithSignatureCall::SELECTOR, hex!("e43ce1f2")),
        (Settlement::claimCall::SELECTOR, hex!("29237b0c")),
        (Settlement::settleCall::SELECTOR, hex!("9db32a8f")),
        (Settlement::refundWithSignatureCall::SELECTOR, hex!("b77433e9")),
        (Settlement::multicallCall::SELECTOR, hex!("ac9650d8")),
        (Settlement::refundCall::SELECTOR, hex!("dce4bfae")),
        (Settlement::initiateWithdrawCall::SELECTOR, hex!("cf5cf3dc")),
        (Settlement::finalizeWithdrawCall::SELECTOR, hex!("e88377b1")),
        (Settlement::channelsCall::SELECTOR, hex!("7a7ebd7b")),
        (Settlement::pendingWithdrawalsCall::SELECTOR, hex!("b7f06ebe")),
        (Settlement::refundNonceCall::SELECTOR, hex!("f0dc792e")),
        (Settlement::receiversCall::SELECTOR, hex!("21ff6389")),
        (Settlement::getChannelIdCall::SELECTOR, hex!("5e5e0b87")),
        (Settlement::getVoucherDigestCall::SELECTOR, hex!("862bb199")),
        (Settlement::getRefundDigestCall::SELECTOR, hex!("e25cf189")),
        (Settlement::getClaimBatchDigestCall::SELECTOR, hex!("488ccc3b")),
        (Settlement::CHANNEL_CONFIG_TYPEHASHCall::SELECTOR, hex!("8e4a68ac")),
        (Settlement::VOUCHER_TYPEHASHCall::SELECTOR, hex!("94739e87")),
        (Settlement::REFUND_TYPEHASHCall::SELECTOR, hex!("1e69ef40")),
        (Settlement::CLAIM_ENTRY_TYPEHASHCall::SELECTOR, hex!("ba94ec0d")),
        (Settlement::CLAIM_BATCH_TYPEHASHCall::SELECTOR, hex!("53ab0fae")),
        (Settlement::MIN_WITHDRAW_DELAYCall::SELECTOR, hex!("ae159439")),
        (Settlement::MAX_WITHDRAW_DELAYCall::SELECTOR, hex!("1fc3277d")),
        (Settlement::eip712DomainCall::SELECTOR, hex!("84b0196e")),
        (Settlement::ClaimExceedsBalance::SELECTOR, hex!("7d8242b6")),
        (Settlement::ECDSAInvalidSignatureS::SELECTOR, hex!("d78bce0c")),
        (Collector::collectCall::SELECTOR, hex!("e416d8d3")),
    ];
    for (ours, deployed) in selectors {
        assert_eq!(ours, deployed);
    }
}

#[tokio::test]
async fn anybody_sends_a_deposit_and_the_first_one_creates_the_channel() {
    let world = World::start().await;
    let logs = world.send(world.stranger(), world.deposit(10_000, 1)).await;
    let [created, deposited] = logs.as_slice() else { panic!("two logs, not {logs:?}") };
    let created: Settlement::ChannelCreated = event(created);
    assert_eq!((created.channelId, created.config), (world.id().0, world.config.into()));
    let first: Settlement::Deposited = event(deposited);
    assert_eq!((first.sender, first.amount, first.newBalance), (world.stranger(), 10_000, 10_000));

    let logs = world.send(world.chain.signer(1).address, world.deposit(500, 2)).await;
    let [topped_up] = logs.as_slice() else { panic!("one log, not {logs:?}") };
    assert_eq!(event::<Settlement::Deposited>(topped_up).newBalance, 10_500);
    assert_eq!(world.channel().await, (10_500, 0));
    assert_eq!(world.holds(SETTLEMENT_CONTRACT).await, U256::from(10_500));
    assert_eq!(world.holds(DEPOSIT_COLLECTOR).await, U256::ZERO);
}

/// Each deposit has the fault under test and every fault that is looked for later.
#[tokio::test]
async fn a_deposit_is_refused_for_the_first_of_its_faults() {
    let world = World::funded().await;
    let (good, zero) = (world.config, Address::ZERO);
    let late = ChannelConfig { withdraw_delay: 899, ..good };
    let cases = [
        (through(&ChannelConfig { payer: zero, ..late }, 0, zero), "InvalidChannel"),
        (through(&ChannelConfig { receiver: zero, ..late }, 0, zero), "InvalidChannel"),
        (through(&ChannelConfig { receiver_authorizer: zero, ..late }, 0, zero), "InvalidChannel"),
        (through(&ChannelConfig { token: zero, ..late }, 0, zero), "InvalidChannel"),
        (through(&late, 0, zero), "WithdrawDelayOutOfRange"),
        (
            through(&ChannelConfig { withdraw_delay: MAX_WITHDRAW_DELAY + 1, ..good }, 0, zero),
            "WithdrawDelayOutOfRange",
        ),
        (through(&good, 0, zero), "ZeroDeposit"),
        (through(&good, u128::MAX, zero), "InvalidCollector"),
        (through(&good, u128::MAX, DEPOSIT_COLLECTOR), "DepositOverflow"),
    ];
    for (call, expected) in cases {
        let refusal = format!("{:?}", world.refusal(world.stranger(), call).await);
        assert!(refusal.starts_with(expected), "{refusal}, not {expected}");
    }
}

#[tokio::test]
async fn a_deposit_that_brings_no_money_is_refused() {
    let world = World::start().await;
    let idle = address!("00000000000000000000000000000000000c0de1");
    world.chain.rpc::<Value>("anvil_setCode", (idle, "0x00")).await.unwrap();
    assert!(matches!(
        world.refusal(world.stranger(), through(&world.config, 5, idle)).await,
        SettlementErrors::DepositCollectionFailed(_)
    ));
}

/// A collector that calls `settle(0, 0)` of the contract that calls it, and passes on what it hears.
#[tokio::test]
async fn a_collector_cannot_call_back() {
    let world = World::start().await;
    let reentrant = address!("00000000000000000000000000000000000c0de2");
    let code = hex!(
        "639db32a8f" "60e0" "1b" "5f" "52" // store the selector
        "5f" "5f" "6044" "5f" "5f" "33" "5a" "f1" // call the caller
        "3d" "5f" "5f" "3e" // copy its answer
        "601d" "57" "3d" "5f" "fd" // revert with it, unless it succeeded
        "5b" "00"
    );
    world.chain.rpc::<Value>("anvil_setCode", (reentrant, Bytes::from(code.to_vec()))).await.unwrap();
    assert!(matches!(
        world.refusal(world.stranger(), through(&world.config, 5, reentrant)).await,
        SettlementErrors::ReentrancyGuardReentrantCall(_)
    ));
}

#[tokio::test]
async fn a_deposit_is_for_its_channel_alone_and_once() {
    let world = World::funded().await;
    let again = world.revert(world.stranger(), world.deposit(10_000, 1)).await;
    assert_eq!(words(&again), "FiatTokenV2: authorization is used or canceled");

    let Settlement::depositCall { collectorData, amount, .. } =
        Settlement::depositCall::abi_decode(&world.deposit(700, 3)).unwrap();
    let elsewhere = ChannelConfig { salt: B256::repeat_byte(1), ..world.config };
    let stolen = Settlement::depositCall {
        config: elsewhere.into(),
        amount,
        collector: DEPOSIT_COLLECTOR,
        collectorData,
    };
    let refusal = world.revert(world.stranger(), stolen.abi_encode().into()).await;
    assert_eq!(words(&refusal), "FiatTokenV2: invalid signature");
}

#[tokio::test]
async fn the_collector_serves_the_settlement_contract_alone() {
    let world = World::start().await;
    let call = Collector::collectCall {
        payer: world.config.payer,
        token: world.config.token,
        amount: U256::ONE,
        channelId: world.id().0,
        collectorData: Bytes::new(),
    };
    let call =
        json!({ "from": world.stranger(), "to": DEPOSIT_COLLECTOR, "data": Bytes::from(call.abi_encode()) });
    let refused = world.chain.rpc::<Bytes>("eth_call", (call, "latest")).await;
    let Err(devnet::DevnetError::Rpc { data: Some(data), .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(data[..], Collector::OnlyX402BatchSettlement {}.abi_encode());
}

#[tokio::test]
async fn a_channel_needs_no_payer_authorizer() {
    let mut world = World::start().await;
    world.config.payer_authorizer = Address::ZERO;
    world.send(world.stranger(), world.deposit(10_000, 1)).await;
    assert_eq!(world.channel().await, (10_000, 0));
}
