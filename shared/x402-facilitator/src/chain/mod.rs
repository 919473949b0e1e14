//! A chain behind an RPC: what is read from it, and how a transaction is sent to it.

mod broadcast;
mod channel;
mod code;
mod error;
mod facts;
mod fees;
mod revert;
mod standing;
mod state;

use std::{
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy::{
    eips::BlockId,
    network::AnyNetwork,
    primitives::U256,
    providers::{Provider, RootProvider},
    rpc::{client::RpcClient, types::TransactionRequest},
    serde::WithOtherFields,
    sol_types::SolCall,
    transports::TransportResult,
};
use url::{Host, Url};
use x402::{Address, Bytes, Network, Token, UnixSeconds, Usdc};

use crate::http::{self, ClientError};

pub(crate) use broadcast::{Delivery, Prepared, Receipt, Sent};
pub use channel::{OnchainChannel, Withdrawal};
pub use error::{ChainError, DomainError, Mismatch};
pub use facts::Facts;
pub(crate) use fees::Fees;
pub use revert::Revert;
pub use standing::{BlockRef, Standing};
pub use state::{PaymentState, Settled};

/// A network behind an RPC. Cheap to clone; clones share connections and what was learned about the RPC.
#[derive(Clone)]
pub struct Chain {
    network: Network,
    provider: RootProvider<AnyNetwork>,
    settings: ChainSettings,
    /// False once the RPC has said that it does not know `eth_sendRawTransactionSync`.
    sends_sync: Arc<AtomicBool>,
    /// The newest block that any answer was about.
    newest: Arc<AtomicU64>,
}

/// How an RPC is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainSettings {
    /// How often a receipt is asked for while it is not there.
    pub poll_interval: Duration,
    /// How long one answer may take.
    pub request_timeout: Duration,
    /// How many blocks one `eth_getLogs` may span. Public RPCs have limits.
    pub log_range: u64,
    /// How many blocks back the transaction that used a nonce is looked for, where the caller names no block: a day on Base.
    pub lookback: u64,
}

/// A block, as a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its time.
    pub timestamp: UnixSeconds,
}

impl ChainSettings {
    /// Settings for an RPC on this machine or elsewhere: they differ in how often it may be asked.
    #[must_use]
    pub fn for_rpc(url: &Url) -> Self {
        let poll_interval = Duration::from_millis(if is_loopback(url) { 50 } else { 500 });
        Self { poll_interval, request_timeout: Duration::from_secs(10), log_range: 2_000, lookback: 43_200 }
    }
}

impl Chain {
    /// The network behind an RPC, with the settings of [`ChainSettings::for_rpc`]. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ClientError`] when the system cannot do HTTPS.
    pub fn new(network: Network, rpc_url: Url) -> Result<Self, ClientError> {
        let settings = ChainSettings::for_rpc(&rpc_url);
        Self::with_settings(network, rpc_url, settings)
    }

    /// The network behind an RPC.
    ///
    /// # Errors
    /// [`ClientError`] when the system cannot do HTTPS.
    pub fn with_settings(
        network: Network,
        rpc_url: Url,
        settings: ChainSettings,
    ) -> Result<Self, ClientError> {
        let client = http::client(settings.request_timeout)?;
        let provider = RootProvider::new(RpcClient::new_http_with_client(client, rpc_url));
        let (sends_sync, newest) = (Arc::new(AtomicBool::new(true)), Arc::default());
        Ok(Self { network, provider, settings, sends_sync, newest })
    }

    /// The network this chain is taken for.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The newest block that any answer so far was about: several nodes may answer behind one URL, and some lag.
    pub(crate) fn newest_seen(&self) -> u64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// Compares chain id and token with the network. To be done before the first payment.
    ///
    /// # Errors
    /// [`DomainError::Mismatch`] when the chain is another one, [`DomainError::Unreachable`] when it does not answer.
    pub async fn check_domain(&self) -> Result<(), DomainError> {
        let expected = self.network.chain_id();
        let found = self.ask(self.provider.get_chain_id()).await?;
        if found != expected {
            return Err(Mismatch::ChainId { expected, found }.into());
        }
        let usdc = self.network.usdc();
        for contract in [usdc.address, Network::MULTICALL3] {
            if !self.has_code(contract).await? {
                return Err(Mismatch::NoContract(contract).into());
            }
        }
        let found = self.call(usdc.address, &Token::DOMAIN_SEPARATORCall {}, BlockId::latest()).await?;
        let expected = usdc.domain_separator();
        if found != expected {
            return Err(Mismatch::Domain { expected, found }.into());
        }
        Ok(())
    }

    /// The USDC an account holds at the newest block.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn balance_of(&self, account: Address) -> Result<Usdc, ChainError> {
        let call = Token::balanceOfCall { account };
        self.call(self.network.usdc().address, &call, BlockId::latest()).await.map(usdc)
    }

    /// The ether an account holds at the newest block, in wei.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn eth_balance(&self, account: Address) -> Result<U256, ChainError> {
        self.ask(self.provider.get_balance(account)).await
    }

    /// The first transaction nonce that nothing known to the node uses, its mempool included.
    pub(crate) async fn next_nonce(&self, signer: Address) -> Result<u64, ChainError> {
        self.nonce_at(signer, BlockId::pending()).await
    }

    /// The first transaction nonce of an account that is not used at a block.
    pub(crate) async fn nonce_at(&self, signer: Address, at: BlockId) -> Result<u64, ChainError> {
        self.ask(self.provider.get_transaction_count(signer).block_id(at)).await
    }

    /// The gas that a call takes.
    pub(crate) async fn estimate_gas(
        &self,
        from: Address,
        to: Address,
        input: Bytes,
    ) -> Result<u64, ChainError> {
        let mut transaction = transaction(to, input);
        transaction.from = Some(from);
        self.ask(self.provider.estimate_gas(transaction).block(BlockId::latest())).await
    }

    /// Calls a view function.
    async fn call<C: SolCall>(&self, to: Address, call: &C, at: BlockId) -> Result<C::Return, ChainError> {
        let request = transaction(to, call.abi_encode().into());
        let answer = self.ask(self.provider.call(request).block(at)).await?;
        decode::<C>(&answer)
    }

    /// Waits as long as lies between two questions about a receipt.
    pub(crate) async fn pause(&self) {
        tokio::time::sleep(self.settings.poll_interval).await;
    }

    /// One request, within the time that an answer may take.
    async fn ask<T>(&self, request: impl IntoFuture<Output = TransportResult<T>>) -> Result<T, ChainError> {
        let limit = self.settings.request_timeout;
        let answer = tokio::time::timeout(limit, request.into_future()).await;
        Ok(answer.map_err(|_| ChainError::TimedOut(limit))??)
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("network", &self.network)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn transaction(to: Address, input: Bytes) -> WithOtherFields<TransactionRequest> {
    WithOtherFields::new(TransactionRequest::default().to(to).input(input.into()))
}

fn decode<C: SolCall>(answer: &[u8]) -> Result<C::Return, ChainError> {
    C::abi_decode_returns(answer).map_err(|error| ChainError::BadAnswer(format!("{}: {error}", C::SIGNATURE)))
}

/// A balance above 2^64 - 1 units does not occur; it would read as that.
fn usdc(units: U256) -> Usdc {
    Usdc::from_atomic(units.saturating_to())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}
