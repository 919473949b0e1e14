//! A chain with one payer, one seller, and the calls that they make.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent};
use devnet::{Account, Devnet, DevnetError, Options, USDC};
use serde_json::json;
use x402::{
    ChannelConfig, ChannelId, Deposit, MIN_WITHDRAW_DELAY, Network, SETTLEMENT_CONTRACT, Settlement,
    Settlement::SettlementErrors, SigningKey, Usdc, Voucher, VoucherClaim, channel_refund_digest,
};

use crate::usdc::{Log, ask, now, send};

pub(super) const NETWORK: Network = Network::BaseSepolia;

pub(super) struct World {
    pub(super) chain: Devnet,
    pub(super) config: ChannelConfig,
}

pub(super) fn key(account: &Account) -> SigningKey {
    SigningKey::from_bytes(&account.private_key).unwrap()
}

pub(super) const fn usdc(units: u64) -> Usdc {
    Usdc::from_atomic(units)
}

impl World {
    pub(super) async fn start() -> Self {
        let chain = Devnet::start(Options::default()).await.unwrap();
        let payer = chain.buyer(0).address;
        let config = ChannelConfig {
            payer,
            payer_authorizer: payer,
            receiver: chain.pay_to().rng,
            receiver_authorizer: chain.signer(5).address,
            token: USDC,
            withdraw_delay: MIN_WITHDRAW_DELAY,
            salt: B256::ZERO,
        };
        Self { chain, config }
    }

    /// A chain whose channel holds 10,000 units.
    pub(super) async fn funded() -> Self {
        let world = Self::start().await;
        world.send(world.stranger(), world.deposit(10_000, 1)).await;
        world
    }

    /// Somebody who is neither payer nor seller.
    pub(super) fn stranger(&self) -> Address {
        self.chain.signer(0).address
    }

    pub(super) fn authorizer(&self) -> SigningKey {
        key(self.chain.signer(5))
    }

    pub(super) fn id(&self) -> ChannelId {
        self.config.id(NETWORK)
    }

    pub(super) fn deposit(&self, amount: u64, salt: u8) -> Bytes {
        self.deposit_into(&self.config, amount, salt)
    }

    pub(super) fn deposit_into(&self, config: &ChannelConfig, amount: u64, salt: u8) -> Bytes {
        let window = (0, now() + 1_000_000);
        let salt = B256::repeat_byte(salt);
        let signer = key(self.chain.buyer(0));
        let deposit = Deposit::sign(config, usdc(amount), window, salt, NETWORK, &signer);
        deposit.authorization.erc3009.unwrap().call(config, usdc(amount))
    }

    pub(super) fn voucher(&self, ceiling: u64) -> Voucher {
        Voucher::sign(self.id(), usdc(ceiling), NETWORK, &key(self.chain.buyer(0)))
    }

    /// A row that takes `total` by a voucher over `ceiling`.
    pub(super) fn row(&self, ceiling: u64, total: u64) -> VoucherClaim {
        VoucherClaim::new(self.config, self.voucher(ceiling), usdc(total))
    }

    pub(super) fn refund_signed(&self, amount: u64, nonce: u64) -> Bytes {
        let digest = channel_refund_digest(self.id(), nonce, usdc(amount), NETWORK);
        let call = Settlement::refundWithSignatureCall {
            config: self.config.into(),
            amount: amount.into(),
            nonce: U256::from(nonce),
            signature: self.authorizer().sign(digest),
        };
        call.abi_encode().into()
    }

    /// Sends a call to the settlement contract that must succeed, and returns what the contract logged.
    pub(super) async fn send(&self, from: Address, data: Bytes) -> Vec<Log> {
        let receipt = send(&self.chain, from, SETTLEMENT_CONTRACT, data.to_vec()).await;
        receipt.logs.into_iter().filter(|log| log.address == SETTLEMENT_CONTRACT).collect()
    }

    /// The bytes with which a call to the settlement contract reverts.
    pub(super) async fn revert(&self, from: Address, data: Bytes) -> Bytes {
        let call = json!({ "from": from, "to": SETTLEMENT_CONTRACT, "data": data });
        match self.chain.rpc::<Bytes>("eth_call", (call, "latest")).await {
            Err(DevnetError::Rpc { data: Some(data), .. }) => data,
            other => panic!("not reverted: {other:?}"),
        }
    }

    /// The contract's error for a call that must fail.
    pub(super) async fn refusal(&self, from: Address, data: impl Into<Bytes>) -> SettlementErrors {
        use alloy_sol_types::SolInterface;
        SettlementErrors::abi_decode(&self.revert(from, data.into()).await).unwrap()
    }

    pub(super) async fn ask<C: SolCall>(&self, call: C) -> C::Return {
        ask(&self.chain, SETTLEMENT_CONTRACT, call).await
    }

    /// Balance and total claimed.
    pub(super) async fn channel(&self) -> (u128, u128) {
        let state = self.ask(Settlement::channelsCall { channelId: self.id().0 }).await;
        (state.balance, state.totalClaimed)
    }

    pub(super) async fn refund_nonce(&self) -> U256 {
        self.ask(Settlement::refundNonceCall { channelId: self.id().0 }).await
    }

    pub(super) async fn holds(&self, account: Address) -> U256 {
        self.chain.balance_of(account).await.unwrap()
    }
}

/// A claim by whoever sends it.
pub(super) fn claim(rows: impl IntoIterator<Item = VoucherClaim>) -> Bytes {
    let claims = rows.into_iter().map(Into::into).collect();
    Settlement::claimCall { claims }.abi_encode().into()
}

/// Reads a log that must be of the given event.
pub(super) fn event<E: SolEvent>(log: &Log) -> E {
    E::decode_raw_log(log.topics.iter().copied(), &log.data).unwrap()
}
