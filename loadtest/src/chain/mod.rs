//! The chain, through a node that the run trusts: balances, logs, blocks, and the few transactions of the wallets.

mod channels;
mod clock;
mod logs;
mod send;

use std::{future::Future, time::Duration};

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    network::Ethereum,
    primitives::U256,
    providers::{Provider, RootProvider},
    rpc::types::TransactionRequest,
    sol_types::SolCall,
    transports::TransportError,
};
use url::Url;
use x402::{
    Address, B256,
    Multicall3::{self, Call3, aggregate3Call},
    Network, Token, Usdc,
};
use x402_buyer::{Chain, ChainError};

pub use channels::{ChannelFunds, ChannelMove, MoveKind, SellerAccount};
pub use clock::{Block, ChainClock, ClockReading};
pub use logs::{Debit, Settlement, TokenLogs};

/// How long a node may take for one answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many accounts one call asks for.
const ACCOUNTS_AT_ONCE: usize = 200;

/// A connection to a node of one network.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) provider: RootProvider<Ethereum>,
    network: Network,
}

/// What a transaction cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gas {
    /// Units of gas.
    pub used: u64,
    /// What was paid for it, in wei. A rollup's fee for its data is not in it: nodes tell that in fields of their own.
    pub wei: u128,
}

/// Why the chain did not say.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The node failed, was silent, is of another chain, or answered nonsense.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A transaction failed.
    #[error("transaction {0} failed")]
    Failed(B256),
    /// A transaction stays out of blocks.
    #[error("transaction {0} is in no block after a minute")]
    NotMined(B256),
}

impl Node {
    /// Connects and makes sure that the node is of this network.
    ///
    /// # Errors
    /// [`NodeError`] when the node is unreachable or of another chain.
    pub async fn connect(url: &Url, network: Network) -> Result<Self, NodeError> {
        Chain::connect(url.as_str(), network).await?;
        Ok(Self { provider: RootProvider::new_http(url.clone()), network })
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The newest block's number.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not say.
    pub async fn head(&self) -> Result<u64, NodeError> {
        within(async { self.provider.get_block_number().await }).await
    }

    /// The USDC of accounts, as of a block.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not say.
    pub async fn balances(&self, accounts: &[Address], block: u64) -> Result<Vec<Usdc>, NodeError> {
        let mut balances = Vec::with_capacity(accounts.len());
        for accounts in accounts.chunks(ACCOUNTS_AT_ONCE) {
            let calls = accounts.iter().map(|account| Call3 {
                target: self.network.usdc().address,
                allowFailure: false,
                callData: Token::balanceOfCall { account: *account }.abi_encode().into(),
            });
            for answer in self.multicall(calls.collect(), block).await? {
                let units =
                    U256::try_from_be_slice(&answer.returnData).and_then(|units| u64::try_from(units).ok());
                balances.push(Usdc::from_atomic(units.ok_or(ChainError::Nonsense("a balance"))?));
            }
        }
        Ok(balances)
    }

    /// An account's ether, in wei.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not say.
    pub async fn ether(&self, account: Address) -> Result<U256, NodeError> {
        within(async { self.provider.get_balance(account).await }).await
    }

    /// What a unit of gas costs now, in wei.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not say.
    pub async fn gas_price(&self) -> Result<u128, NodeError> {
        within(async { self.provider.get_gas_price().await }).await
    }

    /// What a transaction cost, if it is in a block.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not say.
    pub async fn gas_of(&self, transaction: B256) -> Result<Option<Gas>, NodeError> {
        let receipt = within(async { self.provider.get_transaction_receipt(transaction).await }).await?;
        Ok(receipt.map(|receipt| Gas {
            used: receipt.gas_used,
            wei: u128::from(receipt.gas_used) * receipt.effective_gas_price,
        }))
    }

    async fn multicall(&self, calls: Vec<Call3>, block: u64) -> Result<Vec<Multicall3::Result>, NodeError> {
        let input = aggregate3Call { calls }.abi_encode();
        let request = TransactionRequest::default().to(Network::MULTICALL3).input(input.into());
        let block = BlockId::Number(BlockNumberOrTag::Number(block));
        let returned = within(async { self.provider.call(request).block(block).await }).await?;
        aggregate3Call::abi_decode_returns(&returned)
            .map_err(|_| ChainError::Nonsense("Multicall3's answer").into())
    }
}

pub(crate) async fn within<T>(
    answer: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, NodeError> {
    let answer = tokio::time::timeout(PATIENCE, answer).await.map_err(|_| ChainError::Timeout)?;
    Ok(answer.map_err(ChainError::from)?)
}
