//! What the chain says, read through an RPC node that the buyer trusts.

mod channel;
mod transact;

use std::time::Duration;

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    network::Ethereum,
    primitives::U256,
    providers::{Provider, RootProvider},
    rpc::types::{Filter, TransactionReceipt, TransactionRequest},
    sol_types::{SolCall, SolEvent},
    transports::TransportError,
};
use url::Url;
use x402::{
    Address, Authorization, B256, LogEntry, Network, PaymentId, Refund, Token, UnixSeconds, Usdc,
    find_settlement,
};

/// How long a node may take for one answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many blocks back a transaction is searched for; more than nodes commonly allow in one query is refused by them.
const SEARCHED_BLOCKS: u64 = 9_000;

/// A connection to an RPC node of one network.
#[derive(Clone, Debug)]
pub struct Chain {
    provider: RootProvider<Ethereum>,
    network: Network,
}

/// Where a payment is on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnChain {
    /// The transaction that moved the money.
    pub transaction: B256,
    /// Its block.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: B256,
    /// Index in the block of the `Transfer` log.
    pub log_index: u64,
    /// Blocks since, the payment's own included.
    pub confirmations: u64,
}

/// Why the chain did not say.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The address of the node is no URL.
    #[error("`{0}` is not the URL of an RPC node")]
    Url(String),
    /// The node failed.
    #[error("the RPC node failed: {0}")]
    Rpc(#[from] TransportError),
    /// The node did not answer.
    #[error("the RPC node did not answer within {} s", PATIENCE.as_secs())]
    Timeout,
    /// The node is of another chain.
    #[error("the RPC node serves chain {found}, not {expected}")]
    OtherChain {
        /// The node's.
        found: u64,
        /// Ours.
        expected: u64,
    },
    /// The node's answer is not of the expected form.
    #[error("the RPC node answered nonsense: {0}")]
    Nonsense(&'static str),
    /// The wallet cannot pay for a transaction.
    #[error(
        "the transaction takes up to {needed} wei of gas, and {account} holds {held}: send it some ether"
    )]
    NoGas {
        /// Who pays.
        account: Address,
        /// What the transaction takes at most.
        needed: U256,
        /// What there is.
        held: U256,
    },
    /// The contract refuses.
    #[error("the contract refuses: {0}")]
    Reverted(String),
    /// A transaction is in no block yet.
    #[error("transaction {0} is in no block yet; the same command again goes on from what the chain has")]
    Waiting(B256),
}

impl Chain {
    /// Connects and makes sure that the node is of this network.
    ///
    /// # Errors
    /// [`ChainError`] when the node is unreachable or of another chain.
    pub async fn connect(url: &str, network: Network) -> Result<Self, ChainError> {
        let parsed = Url::parse(url).map_err(|_| ChainError::Url(url.to_owned()))?;
        let chain = Self { provider: RootProvider::new_http(parsed), network };
        let found = within(async { chain.provider.get_chain_id().await }).await?;
        match network.chain_id() {
            expected if expected == found => Ok(chain),
            expected => Err(ChainError::OtherChain { found, expected }),
        }
    }

    /// An account's USDC.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn usdc_balance(&self, account: Address) -> Result<Usdc, ChainError> {
        let balance = self.token(&Token::balanceOfCall { account }, BlockId::latest()).await?;
        u64::try_from(balance)
            .map(Usdc::from_atomic)
            .map_err(|_| ChainError::Nonsense("a balance above all USDC"))
    }

    /// An account's ether, in wei.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn ether_balance(&self, account: Address) -> Result<U256, ChainError> {
        within(async { self.provider.get_balance(account).await }).await
    }

    /// Whether the token saw the authorization's nonce used or cancelled, as of a block.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn nonce_used(
        &self,
        authorization: &Authorization,
        at: BlockNumberOrTag,
    ) -> Result<bool, ChainError> {
        let call =
            Token::authorizationStateCall { authorizer: authorization.from, nonce: authorization.nonce.0 };
        self.token(&call, at.into()).await
    }

    /// Number and time of a block.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn block(&self, at: BlockNumberOrTag) -> Result<(u64, UnixSeconds), ChainError> {
        let block = within(async { self.provider.get_block_by_number(at).await }).await?;
        let header = block.ok_or(ChainError::Nonsense("there is no such block"))?.header;
        Ok((header.number, header.timestamp))
    }

    /// Finds the payment in a transaction. `None` when the transaction is unknown, failed, or did something else.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn find_payment(
        &self,
        authorization: &Authorization,
        transaction: B256,
    ) -> Result<Option<OnChain>, ChainError> {
        let Some(receipt) = self.receipt(transaction).await? else {
            return Ok(None);
        };
        let found = find_settlement(logs(&receipt), self.network.usdc().address, authorization);
        let (Some(found), Some(block_number), Some(block_hash)) =
            (found, receipt.block_number, receipt.block_hash)
        else {
            return Ok(None);
        };
        let (head, _) = self.block(BlockNumberOrTag::Latest).await?;
        let confirmations = (head + 1).saturating_sub(block_number);
        Ok(Some(OnChain {
            transaction,
            block_number,
            block_hash,
            log_index: found.transfer_index,
            confirmations,
        }))
    }

    /// Whether a transaction made a refund: moved exactly its amount to the payer, by the nonce that only this refund has.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn made_refund(
        &self,
        payment: PaymentId,
        refund: &Refund,
        transaction: B256,
    ) -> Result<bool, ChainError> {
        let Some(receipt) = self.receipt(transaction).await? else {
            return Ok(false);
        };
        let (token, nonce) = (self.network.usdc().address, payment.refund_nonce(refund.index));
        let from = logs(&receipt).find_map(|log| match log.topics {
            [Token::AuthorizationUsed::SIGNATURE_HASH, from, used]
                if *used == nonce.0 && log.address == token =>
            {
                Some(Address::from_word(*from))
            }
            _ => None,
        });
        let transfer = |from| Authorization {
            from,
            to: refund.to,
            value: refund.amount,
            valid_after: 0,
            valid_before: 0,
            nonce,
        };
        Ok(from.is_some_and(|from| find_settlement(logs(&receipt), token, &transfer(from)).is_some()))
    }

    /// Searches the latest blocks for the transaction that used the authorization.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn search_payment(&self, authorization: &Authorization) -> Result<Option<OnChain>, ChainError> {
        let (head, _) = self.block(BlockNumberOrTag::Latest).await?;
        let filter = Filter::new()
            .address(self.network.usdc().address)
            .event_signature(Token::AuthorizationUsed::SIGNATURE_HASH)
            .topic1(authorization.from.into_word())
            .topic2(authorization.nonce.0)
            .from_block(head.saturating_sub(SEARCHED_BLOCKS));
        let logs = within(async { self.provider.get_logs(&filter).await }).await?;
        match logs.first().and_then(|log| log.transaction_hash) {
            Some(transaction) => self.find_payment(authorization, transaction).await,
            None => Ok(None),
        }
    }

    /// The receipt of a transaction that succeeded.
    async fn receipt(&self, transaction: B256) -> Result<Option<TransactionReceipt>, ChainError> {
        let receipt = within(async { self.provider.get_transaction_receipt(transaction).await }).await?;
        Ok(receipt.filter(TransactionReceipt::status))
    }

    async fn token<C: SolCall>(&self, call: &C, at: BlockId) -> Result<C::Return, ChainError> {
        self.read(self.network.usdc().address, call, at).await
    }

    async fn read<C: SolCall>(
        &self,
        contract: Address,
        call: &C,
        at: BlockId,
    ) -> Result<C::Return, ChainError> {
        let request = TransactionRequest::default().to(contract).input(call.abi_encode().into());
        let returned = within(async { self.provider.call(request).block(at).await }).await?;
        C::abi_decode_returns(&returned).map_err(|_| ChainError::Nonsense("not the contract's return value"))
    }
}

fn logs(receipt: &TransactionReceipt) -> impl Iterator<Item = LogEntry<'_>> {
    receipt.inner.logs().iter().map(|log| LogEntry {
        address: log.address(),
        topics: log.topics(),
        data: &log.data().data,
        index: log.log_index.unwrap_or_default(),
    })
}

async fn within<T>(answer: impl Future<Output = Result<T, TransportError>>) -> Result<T, ChainError> {
    Ok(tokio::time::timeout(PATIENCE, answer).await.map_err(|_| ChainError::Timeout)??)
}
