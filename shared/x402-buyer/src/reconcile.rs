//! Settling accounts with the chain: payments whose outcome is open are paid, or dead, or still open.

use alloy::eips::BlockNumberOrTag;
use x402::{B256, PaymentId};

use crate::{Chain, ChainError, Intent, LedgerError, SpendLedger, State};

/// What the chain says of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The authorization was used. Only this buyer can sign or cancel it, and this buyer never cancels, so it was paid.
    Paid {
        /// The transaction, where it could be found.
        transaction: Option<B256>,
    },
    /// A safe block past `validBefore` shows it unused: it can never move money.
    Dead,
    /// Neither, yet.
    Open,
}

/// Why accounts could not be settled.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The chain did not say.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Chain {
    /// What became of a payment.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say; nothing may be concluded then.
    pub async fn finding(&self, intent: &Intent) -> Result<Finding, ChainError> {
        let authorization = &intent.payment.authorization;
        if self.nonce_used(authorization, BlockNumberOrTag::Latest).await? {
            return Ok(Finding::Paid { transaction: self.transaction(intent).await });
        }
        // The time first: a state read afterwards is of that block or a later one.
        let (_, safe_time) = self.block(BlockNumberOrTag::Safe).await?;
        let expired = safe_time >= authorization.valid_before;
        if expired && !self.nonce_used(authorization, BlockNumberOrTag::Safe).await? {
            return Ok(Finding::Dead);
        }
        Ok(Finding::Open)
    }

    /// The transaction is for the record; that it is not found changes nothing.
    async fn transaction(&self, intent: &Intent) -> Option<B256> {
        let authorization = &intent.payment.authorization;
        let told = match intent.transaction {
            Some(transaction) => self.find_payment(authorization, transaction).await,
            None => Ok(None),
        };
        let found = match told {
            Ok(None) => self.search_payment(authorization).await,
            told => told,
        };
        found
            .inspect_err(|error| tracing::debug!(%error, "transaction not found"))
            .ok()?
            .map(|found| found.transaction)
    }
}

impl SpendLedger {
    /// Asks the chain about one payment and records what it says. `None` when the ledger has no such payment.
    ///
    /// # Errors
    /// [`ReconcileError`] when chain or ledger fail; the payment stays as it was.
    pub async fn reconcile(&self, chain: &Chain, id: PaymentId) -> Result<Option<Finding>, ReconcileError> {
        let Some(intent) = self.intent(id).await? else {
            return Ok(None);
        };
        let finding = match intent.state {
            State::Released => Finding::Dead,
            _ => chain.finding(&intent).await?,
        };
        match finding {
            Finding::Paid { transaction } => {
                if let Some(transaction) = transaction {
                    self.note_transaction(id, transaction).await?;
                }
                self.advance(id, State::Paid, "used on chain").await?;
            }
            Finding::Dead => {
                self.advance(id, State::Released, "expired unused on chain").await?;
            }
            Finding::Open => {}
        }
        Ok(Some(finding))
    }
}
