//! A chain, a seller and payers.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use alloy::{
    primitives::U256,
    sol_types::{SolCall, SolStruct},
};
use devnet::{BlockTime, Devnet, Options};
use serde_json::{Value, json};
use x402::{
    Address, Authorization, B256, Bytes, ExactPayload, FacilitatorRequest, Finality, Network, PaymentNonce,
    PaymentPayload, PaymentRequirements, SigningKey, Usdc,
};
use x402_facilitator::{Chain, OnchainFacilitator, OnchainSettings, SettleOutcome, Settled};

pub(crate) const NETWORK: Network = Network::BaseSepolia;
pub(crate) const PRICE: Usdc = Usdc::from_atomic(10_000);
pub(crate) const TIMEOUT_SECONDS: u64 = 60;
/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

alloy::sol! {
    struct CancelAuthorization { address authorizer; bytes32 nonce; }
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature) external;
}

/// A local chain of its own for each test.
pub(crate) struct World {
    pub(crate) devnet: Devnet,
    nonces: AtomicU64,
}

impl World {
    /// A chain with a block per transaction.
    pub(crate) async fn automine() -> Self {
        Self::with(BlockTime::Auto).await
    }

    pub(crate) async fn with(block_time: BlockTime) -> Self {
        let devnet = Devnet::start(Options { block_time, ..Options::default() }).await.expect("anvil starts");
        Self { devnet, nonces: AtomicU64::new(1) }
    }

    pub(crate) fn chain(&self) -> Chain {
        chain_at(self.devnet.rpc_url())
    }

    /// A facilitator with the first `signers` accounts.
    pub(crate) fn facilitator(&self, signers: usize) -> OnchainFacilitator {
        self.facilitator_over(self.chain(), signers)
    }

    pub(crate) fn facilitator_over(&self, chain: Chain, signers: usize) -> OnchainFacilitator {
        self.impatient(chain, signers, Duration::from_secs(20))
    }

    pub(crate) fn impatient(
        &self,
        chain: Chain,
        signers: usize,
        settle_timeout: Duration,
    ) -> OnchainFacilitator {
        let settings = OnchainSettings { settle_timeout, ..OnchainSettings::default() };
        OnchainFacilitator::with_settings(chain, self.signers(signers), settings).expect("signers")
    }

    /// A facilitator whose next transaction waits for the one before it.
    pub(crate) fn one_at_a_time(&self) -> OnchainFacilitator {
        let settings = OnchainSettings { max_in_flight: 1, ..OnchainSettings::default() };
        OnchainFacilitator::with_settings(self.chain(), self.signers(1), settings).expect("a signer")
    }

    pub(crate) fn signers(&self, count: usize) -> impl Iterator<Item = SigningKey> {
        (0..count).map(|index| key(self.devnet.signer(index).private_key))
    }

    pub(crate) fn buyer(&self, index: usize) -> SigningKey {
        key(self.devnet.buyer(index).private_key)
    }

    pub(crate) fn seller(&self) -> Address {
        self.devnet.pay_to().rng
    }

    /// What a payer who does everything right authorizes. Each has a nonce of its own.
    pub(crate) fn authorization(&self, payer: Address) -> Authorization {
        let nonce = U256::from(self.nonces.fetch_add(1, Ordering::Relaxed));
        Authorization {
            from: payer,
            to: self.seller(),
            value: PRICE,
            valid_after: now() - 600,
            valid_before: now() + TIMEOUT_SECONDS,
            nonce: PaymentNonce(nonce.into()),
        }
    }

    /// A payment that settles.
    pub(crate) fn payment(&self, payer: &SigningKey) -> FacilitatorRequest {
        self.request(&self.authorization(payer.address()).sign(&NETWORK.usdc(), payer))
    }

    /// A request of the seller to settle `payload`.
    pub(crate) fn request(&self, payload: &ExactPayload) -> FacilitatorRequest {
        let offer = PaymentRequirements::exact(NETWORK, PRICE, self.seller(), TIMEOUT_SECONDS);
        let payment_payload = PaymentPayload {
            x402_version: 2,
            resource: None,
            accepted: offer.clone(),
            payload: serde_json::to_value(payload).expect("serializes"),
            extensions: None,
        };
        FacilitatorRequest { x402_version: 2, payment_payload, payment_requirements: offer }
    }

    pub(crate) async fn balance(&self, account: Address) -> u64 {
        self.devnet.balance_of(account).await.expect("the chain answers").to()
    }

    /// What the seller earned.
    pub(crate) async fn earned(&self) -> u64 {
        self.balance(self.seller()).await
    }

    /// Sends a call to the token from an account that is nobody's signer. Does not wait for a block.
    pub(crate) async fn submit(&self, call: Vec<u8>, tip_gwei: u64) -> B256 {
        let tip = U256::from(tip_gwei) * U256::from(1_000_000_000);
        self.send(json!({
            "from": self.devnet.buyer(49).address, "to": NETWORK.usdc().address, "data": Bytes::from(call),
            "maxPriorityFeePerGas": tip, "maxFeePerGas": tip + U256::from(10_000_000_000u64), "gas": "0x30d40",
        }))
        .await
    }

    /// Sends a transaction of an account that anvil has the key of. Does not wait for a block.
    pub(crate) async fn send(&self, transaction: Value) -> B256 {
        self.devnet.rpc("eth_sendTransaction", [transaction]).await.expect("anvil takes it")
    }

    /// The payer withdraws an authorization.
    pub(crate) async fn cancel(&self, payer: &SigningKey, nonce: PaymentNonce) {
        let message = CancelAuthorization { authorizer: payer.address(), nonce: nonce.0 };
        let signature = payer.sign(message.eip712_signing_hash(&NETWORK.usdc().domain()));
        let call = cancelAuthorizationCall { authorizer: payer.address(), nonce: nonce.0, signature };
        self.landed(self.submit(call.abi_encode(), 1).await).await;
    }

    /// Waits until so many transactions could go into the next block.
    pub(crate) async fn wait_for_pending(&self, count: usize) {
        let end = Instant::now() + PATIENCE;
        loop {
            let status: Value = self.devnet.rpc("txpool_status", ()).await.expect("answers");
            if status["pending"] == format!("{count:#x}") {
                return;
            }
            assert!(Instant::now() < end, "{count} transactions are not what waits: {status}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a transaction is in a block.
    pub(crate) async fn landed(&self, transaction: B256) -> B256 {
        let end = Instant::now() + PATIENCE;
        loop {
            let receipt: Value =
                self.devnet.rpc("eth_getTransactionReceipt", [transaction]).await.expect("answers");
            assert!(Instant::now() < end, "{transaction} is in no block");
            if !receipt.is_null() {
                assert_eq!(receipt["status"], "0x1", "{receipt}");
                return transaction;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The call that anybody may send once an authorization is public.
pub(crate) fn transfer(payload: &ExactPayload) -> Vec<u8> {
    payload.transfer_call().abi_encode()
}

pub(crate) fn chain_at(rpc_url: &str) -> Chain {
    Chain::new(NETWORK, rpc_url.parse().expect("a URL")).expect("an HTTP client")
}

pub(crate) fn key(secret: B256) -> SigningKey {
    SigningKey::from_bytes(&secret.0).expect("a key")
}

/// A key that nobody ever gave anything.
pub(crate) fn pauper() -> SigningKey {
    key(B256::repeat_byte(0x77))
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// The settlement as the chain shows it. Who sent it may have said so before anybody asked the chain.
#[track_caller]
pub(crate) fn settled(outcome: SettleOutcome) -> Settled {
    match outcome {
        SettleOutcome::Settled(settled) => Settled { finality: Finality::Block, ..settled },
        other => unreachable!("not settled: {other:?}"),
    }
}
