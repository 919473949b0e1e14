use std::{sync::atomic::Ordering, time::Duration};

use alloy::{network::AnyTransactionReceipt, providers::Provider};
use tokio::time::{Instant, sleep, timeout_at};
use x402::{B256, Bytes};

use super::{Chain, ChainError};

/// A receipt of a transaction in a block.
pub(crate) type Receipt = AnyTransactionReceipt;

/// A signed transaction that was not sent yet. Its hash is known first, so that it can be stored first.
pub(crate) struct Prepared {
    pub(crate) raw: Bytes,
    pub(crate) hash: B256,
}

/// What came of a transaction that was sent.
pub(crate) enum Delivery {
    /// It is in a block, successful or not.
    Mined(Box<Receipt>),
    /// It may still get into one.
    Waiting,
    /// The node did not take it, and says why: a nonce that is taken, no ether for gas.
    Refused(String),
}

/// A transaction that was sent, and is waited for.
pub(crate) struct Sent<'t> {
    pub(crate) hash: B256,
    /// What is sent again while no node is known to have it: the same bytes are the same transaction.
    pub(crate) again: Option<&'t Bytes>,
}

/// What a node says to a transaction.
enum Reply {
    Mined(Box<Receipt>),
    Taken,
    /// It may have it.
    Unclear,
    Refused(String),
}

/// How long a node may hold `eth_sendRawTransactionSync` open before its receipt is asked for instead.
const SYNC_PATIENCE: Duration = Duration::from_secs(5);
const METHOD_NOT_FOUND: i64 = -32601;

impl Chain {
    /// Sends a transaction and waits until it is in a block, or until the deadline.
    pub(crate) async fn deliver(&self, transaction: &Prepared, deadline: Instant) -> Delivery {
        let again = match self.broadcast(transaction, deadline).await {
            Reply::Mined(receipt) => return Delivery::Mined(receipt),
            Reply::Refused(message) => return Delivery::Refused(message),
            Reply::Taken => None,
            Reply::Unclear => Some(&transaction.raw),
        };
        self.await_any(&mut [Sent { hash: transaction.hash, again }], deadline).await
    }

    /// Sends a transaction once more, or in the place of an earlier one with its nonce. False when the node is not known to
    /// have taken it, which proves nothing: it, or the earlier one, may have just got into a block.
    pub(crate) async fn resend(&self, hash: B256, raw: &Bytes) -> bool {
        match self.ask(self.provider.send_raw_transaction(raw)).await {
            Ok(_) => true,
            Err(error) if is_known(&error) => true,
            Err(error) => {
                tracing::warn!(%hash, %error, "a transaction that is sent again is not taken");
                false
            }
        }
    }

    /// Sends a transaction, once as far as the node can tell.
    ///
    /// `eth_sendRawTransactionSync` (EIP-7966) answers with the receipt, without polling. Where nothing definite comes of
    /// it the bytes are sent again the plain way, and a refusal then proves nothing: the first sending may have worked.
    async fn broadcast(&self, transaction: &Prepared, deadline: Instant) -> Reply {
        let mut first = true;
        if self.sends_sync.load(Ordering::Relaxed) {
            match self.send_sync(transaction, deadline).await {
                Ok(receipt) => return Reply::Mined(Box::new(receipt)),
                Err(error) if is_unknown_method(&error) => self.sends_sync.store(false, Ordering::Relaxed),
                Err(error) => match refusal(error) {
                    Some(message) => return self.refused(transaction, message).await,
                    None => first = false,
                },
            }
        }
        match self.ask(self.provider.send_raw_transaction(&transaction.raw)).await {
            Ok(_) => Reply::Taken,
            Err(error) if is_known(&error) => Reply::Taken,
            Err(error) => match refusal(error) {
                Some(message) if first => self.refused(transaction, message).await,
                _ => Reply::Unclear,
            },
        }
    }

    /// A refusal, unless the transaction got into a block: a middleman who sends it twice brings the second answer, by which
    /// its nonce is taken.
    async fn refused(&self, transaction: &Prepared, message: String) -> Reply {
        match self.receipt(transaction.hash).await {
            Ok(Some(receipt)) => Reply::Mined(Box::new(receipt)),
            Ok(None) => Reply::Refused(message),
            Err(_) => Reply::Unclear,
        }
    }

    /// Waits until one of several transactions is in a block; asks at least once.
    pub(crate) async fn await_any(&self, sent: &mut [Sent<'_>], deadline: Instant) -> Delivery {
        loop {
            for Sent { hash, again } in sent.iter_mut() {
                match self.receipt(*hash).await {
                    Ok(Some(receipt)) => return Delivery::Mined(Box::new(receipt)),
                    Ok(None) => {}
                    Err(error) => tracing::debug!(%hash, %error, "no answer about a receipt"),
                }
                if let Some(raw) = again
                    && self.resend(*hash, raw).await
                {
                    *again = None;
                }
            }
            if Instant::now() + self.settings.poll_interval > deadline {
                return Delivery::Waiting;
            }
            sleep(self.settings.poll_interval).await;
        }
    }

    /// Waits until a transaction is in a block. `None` when it is not by then; asks at least once.
    pub(crate) async fn receipt_by(&self, hash: B256, deadline: Instant) -> Option<Receipt> {
        match self.await_any(&mut [Sent { hash, again: None }], deadline).await {
            Delivery::Mined(receipt) => Some(*receipt),
            Delivery::Waiting | Delivery::Refused(_) => None,
        }
    }

    /// The receipt of a transaction, if it is in a block.
    pub(crate) async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ChainError> {
        let receipt = self.ask(self.provider.get_transaction_receipt(hash)).await?;
        Ok(receipt.filter(is_sealed))
    }

    async fn send_sync(&self, transaction: &Prepared, deadline: Instant) -> Result<Receipt, ChainError> {
        let patience = deadline.min(Instant::now() + SYNC_PATIENCE);
        let sent = timeout_at(patience, self.provider.send_raw_transaction_sync(&transaction.raw)).await;
        let receipt = sent.map_err(|_| ChainError::TimedOut(SYNC_PATIENCE))??;
        let unsealed = || ChainError::BadAnswer("the receipt names no block yet".to_owned());
        Some(receipt).filter(is_sealed).ok_or_else(unsealed)
    }
}

/// A preconfirmation's receipt names no block, and proves nothing yet.
fn is_sealed(receipt: &Receipt) -> bool {
    receipt.block_number().is_some() && receipt.block_hash().is_some_and(|hash| hash != B256::ZERO)
}

fn is_unknown_method(error: &ChainError) -> bool {
    matches!(error, ChainError::Rpc { code: METHOD_NOT_FOUND, .. })
}

/// Whether the node has the transaction already, in the words of geth, reth, erigon, nethermind and anvil.
fn is_known(error: &ChainError) -> bool {
    let ChainError::Rpc { message, .. } = error else { return false };
    let said = message.to_lowercase();
    ["already known", "already imported", "already in mempool", "known transaction", "alreadyknown"]
        .iter()
        .any(|words| said.contains(words))
}

/// Reads a node's refusal. `None` where the transaction may have been taken all the same: the node has it already, or said
/// nothing definite, or nothing at all. The words are those of geth, reth, erigon and anvil, which agree on no codes.
fn refusal(error: ChainError) -> Option<String> {
    const WORDS: [&str; 13] = [
        "nonce too low",
        "nonce too high",
        "replacement transaction underpriced",
        "could not replace existing",
        "insufficient funds",
        "transaction underpriced",
        "less than block base fee",
        "intrinsic gas too low",
        "exceeds block gas limit",
        "gas limit too high",
        "txpool is full",
        "invalid sender",
        "invalid chain id",
    ];
    let ChainError::Rpc { message, .. } = error else { return None };
    let said = message.to_lowercase();
    WORDS.iter().any(|words| said.contains(words)).then_some(message)
}
