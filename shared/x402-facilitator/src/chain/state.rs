use alloy::{
    eips::BlockId,
    providers::Provider,
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use x402::{Authorization, B256, Finality, LogEntry, Token, find_settlement};

use super::{Chain, ChainError, Head, Receipt};

/// A payment that was made: where the chain shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The transaction.
    pub transaction: B256,
    /// Its block.
    pub block_hash: B256,
    /// Its block's number.
    pub block_number: u64,
    /// Index in the block of the `Transfer` log; with the block's hash it vouches for this payment and no other.
    pub log_index: u64,
    /// Gas that the whole transaction took, other payments of a batch included.
    pub gas_used: u64,
    /// How certain that was when it was seen. A [`Facilitator`](crate::Facilitator) that sent the transaction itself says
    /// `preconf` on the word of the node that took it; `block` is what somebody asked the chain for afterwards.
    pub finality: Finality,
}

impl Head {
    /// Checks that what was read at this block is no older than a receipt: several nodes may answer behind one URL.
    pub(crate) fn covers(self, receipt: Option<&Receipt>) -> Result<(), ChainError> {
        let needed = receipt.and_then(Receipt::block_number).unwrap_or_default();
        if self.number < needed {
            return Err(ChainError::Behind { head: self.number, needed });
        }
        Ok(())
    }
}

/// What became of an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// Its nonce was not used up to this block. It may be used yet.
    Unused {
        /// The newest block.
        head: Head,
    },
    /// The payment was made as authorized.
    Settled(Settled),
    /// Its nonce was cancelled, or used for another transfer, or used before the block asked for: it can never pay for this.
    Burned,
}

impl Chain {
    /// The one answer to "is it settled": counts a settlement in a block later than `after`, by whomever it was sent.
    ///
    /// `after` is the block at which the nonce was seen unused, from
    /// [`Verification::Valid`](crate::Verification::Valid).
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell. [`PaymentState::Burned`] is never said for want of an answer.
    pub async fn payment_state(
        &self,
        authorization: &Authorization,
        after: u64,
    ) -> Result<PaymentState, ChainError> {
        let (used, head) = self.nonce_used(authorization, BlockId::latest()).await?;
        if !used {
            return Ok(PaymentState::Unused { head });
        }
        if let Some(log) = self.last_word(authorization, after, head.number).await? {
            return self.what_happened(&log, authorization).await;
        }
        match self.nonce_used(authorization, BlockId::number(after)).await {
            Ok((true, _)) => Ok(PaymentState::Burned),
            _ => Err(ChainError::LogMissing { after }),
        }
    }

    /// Whether an authorization can never be used any more: a safe block past its window shows the nonce unused.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn expired_unused(&self, authorization: &Authorization) -> Result<bool, ChainError> {
        let (used, head) = self.nonce_used(authorization, BlockId::safe()).await?;
        Ok(!used && head.timestamp >= authorization.valid_before)
    }

    /// [`payment_state`](Self::payment_state) over the last [`lookback`](super::ChainSettings::lookback) blocks.
    pub(crate) async fn recent_payment_state(
        &self,
        authorization: &Authorization,
    ) -> Result<PaymentState, ChainError> {
        let head = self.head().await?;
        self.payment_state(authorization, head.number.saturating_sub(self.settings.lookback)).await
    }

    /// The proof that a transaction made a payment. `None` when it did not, or failed, or is in no block yet.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn settlement_in(
        &self,
        transaction: B256,
        authorization: &Authorization,
    ) -> Result<Option<Settled>, ChainError> {
        let receipt = self.receipt(transaction).await?;
        Ok(receipt.and_then(|receipt| self.settlement(&receipt, authorization)))
    }

    /// The proof in a receipt.
    pub(crate) fn settlement(&self, receipt: &Receipt, authorization: &Authorization) -> Option<Settled> {
        if !receipt.is_success() {
            return None;
        }
        let logs = receipt.logs().iter().filter_map(entry);
        let found = find_settlement(logs, self.network.usdc().address, authorization)?;
        Some(Settled {
            transaction: receipt.transaction_hash(),
            block_hash: receipt.block_hash()?,
            block_number: receipt.block_number()?,
            log_index: found.transfer_index,
            gas_used: receipt.gas_used(),
            finality: Finality::Block,
        })
    }

    /// The log of a nonce's use or cancellation in `(after, until]`. There is at most one; the newest blocks come first.
    async fn last_word(
        &self,
        authorization: &Authorization,
        after: u64,
        until: u64,
    ) -> Result<Option<Log>, ChainError> {
        let events = [Token::AuthorizationUsed::SIGNATURE_HASH, Token::AuthorizationCanceled::SIGNATURE_HASH];
        let filter = Filter::new()
            .address(self.network.usdc().address)
            .event_signature(events.to_vec())
            .topic1(authorization.from.into_word())
            .topic2(authorization.nonce.0);
        let mut until = until;
        while until > after {
            let before = until.saturating_sub(self.settings.log_range.max(1)).max(after);
            let range = filter.clone().from_block(before + 1).to_block(until);
            let mut logs = self.ask(self.provider.get_logs(&range)).await?;
            if let Some(log) = logs.pop() {
                return Ok(Some(log));
            }
            until = before;
        }
        Ok(None)
    }

    async fn what_happened(
        &self,
        log: &Log,
        authorization: &Authorization,
    ) -> Result<PaymentState, ChainError> {
        if log.topic0() == Some(&Token::AuthorizationCanceled::SIGNATURE_HASH) {
            return Ok(PaymentState::Burned);
        }
        let hash = log
            .transaction_hash
            .ok_or_else(|| ChainError::BadAnswer("a log without its transaction".to_owned()))?;
        let receipt = self
            .receipt(hash)
            .await?
            .ok_or_else(|| ChainError::BadAnswer(format!("a log of {hash}, and no receipt")))?;
        Ok(self.settlement(&receipt, authorization).map_or(PaymentState::Burned, PaymentState::Settled))
    }
}

fn entry(log: &Log) -> Option<LogEntry<'_>> {
    Some(LogEntry {
        address: log.address(),
        topics: log.topics(),
        data: &log.data().data,
        index: log.log_index?,
    })
}
