//! Deposits, claims, refunds and pay-outs of channels, sent by a facilitator or by the receiver's side.

use std::sync::Arc;

use serde_json::{Value, json};
use x402::{
    Address, B256, Bytes, ChannelConfig, ChannelId, ChannelTerms, ChannelVerifyResponse, Deposit,
    ErrorReason, FacilitatorRequest, MIN_WITHDRAW_DELAY, PaymentPayload, PaymentRequirements, SigningKey,
    Usdc, Voucher, VoucherClaim, channel_refund_digest,
};
use x402_facilitator::{
    ChannelOutcome, ChannelReceipt, ChannelRelay, ChannelVerification, Facilitator, NoJournal,
    OnchainFacilitator, OnchainSettings,
};

use crate::world::{NETWORK, PRICE, TIMEOUT_SECONDS, World, key, now};

struct Channel {
    world: World,
    facilitator: OnchainFacilitator,
    config: ChannelConfig,
    payer: SigningKey,
    authorizer: SigningKey,
}

const fn usdc(units: u64) -> Usdc {
    Usdc::from_atomic(units)
}

impl Channel {
    async fn open() -> Self {
        let world = World::automine().await;
        let (payer, authorizer) = (world.buyer(0), key(world.devnet.signer(5).private_key));
        let facilitator = world.facilitator(1);
        let offer = offer(world.seller(), authorizer.address());
        let config = ChannelConfig::accepting(&offer, payer.address(), B256::ZERO).expect("terms");
        Self { world, facilitator, config, payer, authorizer }
    }

    /// A channel with ten prices in it.
    async fn funded() -> Self {
        let channel = Self::open().await;
        let receipt = channel.done(channel.deposit(100_000, 10_000)).await;
        assert_eq!(receipt.moved, Some(usdc(100_000)));
        channel
    }

    fn id(&self) -> ChannelId {
        self.config.id(NETWORK)
    }

    fn request(&self, payload: Value) -> FacilitatorRequest {
        let offer = offer(self.world.seller(), self.authorizer.address());
        let accepted = offer.clone();
        let payment_payload =
            PaymentPayload { x402_version: 2, resource: None, accepted, payload, extensions: None };
        FacilitatorRequest { x402_version: 2, payment_payload, payment_requirements: offer }
    }

    fn voucher(&self, ceiling: u64) -> Voucher {
        Voucher::sign(self.id(), usdc(ceiling), NETWORK, &self.payer)
    }

    fn row(&self, total: u64) -> VoucherClaim {
        VoucherClaim::new(self.config, self.voucher(total), usdc(total))
    }

    fn deposit(&self, amount: u64, ceiling: u64) -> Value {
        let window = (0, now() + TIMEOUT_SECONDS);
        let salt = B256::from(alloy::primitives::U256::from(amount));
        let deposit = Deposit::sign(&self.config, usdc(amount), window, salt, NETWORK, &self.payer);
        json!({ "type": "deposit", "channelConfig": self.config, "voucher": self.voucher(ceiling), "deposit": deposit })
    }

    fn spend(&self, ceiling: u64) -> Value {
        json!({ "type": "voucher", "channelConfig": self.config, "voucher": self.voucher(ceiling) })
    }

    async fn verdict(&self, payload: Value) -> ChannelVerification {
        self.facilitator.verify_channel(&self.request(payload)).await.expect("judged")
    }

    async fn refusal(&self, payload: Value) -> ErrorReason {
        match self.verdict(payload).await {
            ChannelVerification::Invalid { reason, .. } => reason,
            valid @ ChannelVerification::Valid { .. } => panic!("{valid:?}"),
        }
    }

    async fn settle(&self, payload: Value) -> ChannelOutcome {
        self.facilitator.settle_channel(&self.request(payload)).await.expect("sent or refused")
    }

    async fn done(&self, payload: Value) -> ChannelReceipt {
        done(self.settle(payload).await)
    }

    async fn failure(&self, payload: Value) -> (ErrorReason, String) {
        match self.settle(payload).await {
            ChannelOutcome::Failed { reason, detail, .. } => (reason, detail),
            other => panic!("{other:?}"),
        }
    }

    fn relay(&self) -> ChannelRelay {
        let settings = OnchainSettings::default();
        let chain = self.world.chain();
        ChannelRelay::new(chain, self.authorizer.clone(), settings, Arc::new(NoJournal)).expect("a signer")
    }
}

fn offer(seller: Address, receiver_authorizer: Address) -> PaymentRequirements {
    let terms = ChannelTerms { receiver_authorizer, withdraw_delay: MIN_WITHDRAW_DELAY };
    PaymentRequirements::channel(NETWORK, PRICE, seller, TIMEOUT_SECONDS, terms)
}

fn done(outcome: ChannelOutcome) -> ChannelReceipt {
    match outcome {
        ChannelOutcome::Done(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_deposit_is_verified_then_made() {
    let channel = Channel::open().await;
    let deposit = channel.deposit(100_000, 10_000);
    assert!(matches!(channel.verdict(deposit.clone()).await, ChannelVerification::Valid { .. }));
    let (_, state) = done(channel.settle(deposit).await).state.expect("the channel's state");
    assert_eq!((state.balance, state.total_claimed), (usdc(100_000), Usdc::ZERO));

    let verdict = channel.verdict(channel.spend(20_000)).await;
    let answer = serde_json::to_value(ChannelVerifyResponse::from(verdict)).expect("serializes");
    assert_eq!(answer["extra"]["balance"], "100000");
    assert_eq!(answer["extra"]["channelId"], channel.id().to_string());
}

#[tokio::test]
async fn a_deposit_is_refused_for_what_the_chain_would_refuse() {
    let channel = Channel::open().await;
    let good = channel.deposit(100_000, 10_000);
    let change = |pointer: &str, value: Value| {
        let mut payload = good.clone();
        *payload.pointer_mut(pointer).expect("a field") = value;
        payload
    };
    let authorization = "/deposit/authorization";
    for (payload, reason) in [
        (change(authorization, json!({})), ErrorReason::CHANNEL_ERC3009_REQUIRED),
        (
            change("/deposit/authorization/erc3009Authorization/validBefore", json!("1")),
            ErrorReason::CHANNEL_DEPOSIT_VALID_BEFORE,
        ),
        (
            change("/deposit/authorization/erc3009Authorization/validAfter", json!((now() + 50).to_string())),
            ErrorReason::CHANNEL_DEPOSIT_VALID_AFTER,
        ),
        (change("/deposit/amount", json!("100001")), ErrorReason::CHANNEL_DEPOSIT_SIGNATURE),
        (change("/voucher/maxClaimableAmount", json!("10001")), ErrorReason::CHANNEL_VOUCHER_SIGNATURE),
        (change("/voucher/channelId", json!(B256::ZERO)), ErrorReason::CHANNEL_ID_MISMATCH),
        (channel.deposit(100_000, 100_001), ErrorReason::CHANNEL_CUMULATIVE_EXCEEDS_BALANCE),
        (channel.deposit(2_000_000_000_000, 1), ErrorReason::CHANNEL_INSUFFICIENT_BALANCE),
    ] {
        assert_eq!(channel.refusal(payload).await, reason);
    }
}

#[tokio::test]
async fn a_voucher_lies_between_what_was_claimed_and_what_is_there() {
    let channel = Channel::open().await;
    assert_eq!(channel.refusal(channel.spend(1)).await, ErrorReason::CHANNEL_NOT_FOUND);
    channel.done(channel.deposit(100_000, 10_000)).await;
    let exceeds = ErrorReason::CHANNEL_CUMULATIVE_EXCEEDS_BALANCE;
    assert_eq!(channel.refusal(channel.spend(100_001)).await, exceeds);
    done(channel.relay().claim(&[channel.row(30_000)]).await.expect("sent"));
    let below = ErrorReason::CHANNEL_CUMULATIVE_BELOW_CLAIMED;
    assert_eq!(channel.refusal(channel.spend(30_000)).await, below);
    assert!(matches!(channel.verdict(channel.spend(30_001)).await, ChannelVerification::Valid { .. }));
}

#[tokio::test]
async fn a_claim_is_sent_with_the_authorizers_signature_only() {
    let channel = Channel::funded().await;
    let rows = [channel.row(30_000)];
    let unsigned = json!({ "type": "claim", "claims": rows });
    assert_eq!(channel.failure(unsigned).await.0, ErrorReason::CHANNEL_CLAIM_PAYLOAD);

    let signature = channel.payer.sign(VoucherClaim::batch_digest(&rows, NETWORK));
    let forged = json!({ "type": "claim", "claims": rows, "claimAuthorizerSignature": signature });
    let (reason, detail) = channel.failure(forged).await;
    assert_eq!(
        (reason, detail.as_str()),
        (ErrorReason::CHANNEL_CLAIM_SIMULATION, "InvalidSignature"),
        "the contract's own word is told"
    );

    let signature = channel.authorizer.sign(VoucherClaim::batch_digest(&rows, NETWORK));
    let signed = json!({ "type": "claim", "claims": rows, "claimAuthorizerSignature": signature });
    assert_eq!(channel.done(signed).await.moved, None);
    let (_, state) = channel.world.chain().channel(channel.id()).await.expect("read");
    assert_eq!(state.total_claimed, usdc(30_000));
}

#[tokio::test]
async fn what_was_claimed_is_paid_out_once() {
    let channel = Channel::funded().await;
    let seller = channel.world.seller();
    let pay_out = json!({ "type": "settle", "receiver": seller, "token": NETWORK.usdc().address });
    let nothing = ErrorReason::CHANNEL_NOTHING_TO_SETTLE;
    assert_eq!(channel.failure(pay_out.clone()).await.0, nothing);
    done(channel.relay().claim(&[channel.row(30_000)]).await.expect("sent"));
    assert_eq!(channel.done(pay_out.clone()).await.moved, Some(usdc(30_000)));
    assert_eq!(channel.world.earned().await, 30_000);
    assert_eq!(channel.failure(pay_out).await.0, nothing);
}

#[tokio::test]
async fn a_signed_refund_claims_and_gives_back_in_one_transaction() {
    let channel = Channel::funded().await;
    let rows = [channel.row(40_000)];
    let digest = channel_refund_digest(channel.id(), 0, usdc(60_000), NETWORK);
    let mut refund = json!({
        "type": "refund", "channelConfig": channel.config, "voucher": channel.voucher(40_000), "amount": "60000",
        "refundNonce": "0", "claims": rows,
        "claimAuthorizerSignature": channel.authorizer.sign(VoucherClaim::batch_digest(&rows, NETWORK)),
    });
    assert_eq!(channel.failure(refund.clone()).await.0, ErrorReason::CHANNEL_REFUND_PAYLOAD);
    refund["refundAuthorizerSignature"] = json!(channel.authorizer.sign(digest));
    let receipt = channel.done(refund.clone()).await;
    let (_, state) = receipt.state.expect("the channel's state");
    assert_eq!(receipt.moved, Some(usdc(60_000)));
    assert_eq!((state.balance, state.total_claimed, state.refund_nonce), (usdc(40_000), usdc(40_000), 1));
    let again = channel.failure(refund).await;
    assert_eq!(again, (ErrorReason::CHANNEL_REFUND_SIMULATION, "InvalidRefundNonce".to_owned()));
}

#[tokio::test]
async fn the_receivers_side_claims_and_refunds_in_its_own_name() {
    let channel = Channel::funded().await;
    let relay = channel.relay();
    let too_much = channel.row(100_001);
    let word = relay.try_claim(&[too_much]).await.expect("asked").expect_err("more than there is");
    assert_eq!(word.to_string(), "ClaimExceedsBalance");
    let row = channel.row(40_000);
    let part = (usdc(20_000), 0);
    let receipt = done(relay.claim_and_refund(&channel.config, Some(&row), part).await.expect("sent"));
    assert_eq!(receipt.moved, Some(usdc(20_000)));
    let again = relay.claim_and_refund(&channel.config, None, part).await.expect("asked");
    let ChannelOutcome::Failed { detail, transaction: None, .. } = again else { panic!("twice: {again:?}") };
    assert_eq!(detail, "InvalidRefundNonce", "however often it is sent, it happens once");
    let seller = channel.world.seller();
    done(relay.settle(seller, NETWORK.usdc().address).await.expect("sent"));
    assert_eq!(channel.world.earned().await, 40_000);
}

#[tokio::test]
async fn a_contract_wallet_signs_vouchers_where_no_key_speaks_for_it() {
    let mut channel = Channel::open().await;
    let wallet = channel.world.devnet.deploy_wallet(channel.payer.address()).await.expect("deployed");
    channel.world.devnet.mint(wallet, alloy::primitives::U256::from(100_000)).await.expect("minted");
    channel.config.payer = wallet;
    channel.config.payer_authorizer = Address::ZERO;
    channel.done(channel.deposit(100_000, 10_000)).await;
    assert!(matches!(channel.verdict(channel.spend(20_000)).await, ChannelVerification::Valid { .. }));
    let mut forged = channel.spend(20_000);
    forged["voucher"]["signature"] = json!(Bytes::from([1; 65]));
    assert_eq!(channel.refusal(forged).await, ErrorReason::CHANNEL_VOUCHER_SIGNATURE);
}

#[tokio::test]
async fn announced_withdrawals_are_found() {
    use alloy::sol_types::SolCall;
    let channel = Channel::funded().await;
    let chain = channel.world.chain();
    let before = chain.head().await.expect("a head").number;
    let call = x402::Settlement::initiateWithdrawCall { config: channel.config.into(), amount: 70_000 };
    let transaction = json!({
        "from": channel.payer.address(), "to": x402::SETTLEMENT_CONTRACT, "data": Bytes::from(call.abi_encode()),
    });
    channel.world.devnet.rpc::<Value>("eth_sendTransactionSync", [transaction]).await.expect("sent");
    let after = chain.head().await.expect("a head").number;
    assert_eq!(chain.withdrawals(before, after).await.expect("asked"), [channel.id()]);
    let (_, state) = chain.channel(channel.id()).await.expect("read");
    assert_eq!((state.balance, state.trusted()), (usdc(100_000), usdc(30_000)));
}

#[tokio::test]
async fn the_scheme_is_announced() {
    let world = World::automine().await;
    let supported = world.facilitator(1).supported().await.expect("asked");
    assert!(supported.kinds.iter().any(|kind| kind.scheme == x402::BATCH_SETTLEMENT));
    world.chain().check_channels().await.expect("the contracts stand there");
}
