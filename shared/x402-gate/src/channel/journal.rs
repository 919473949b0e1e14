use async_trait::async_trait;
use x402::{Address, ChannelId};
use x402_facilitator::{Journal, JournalError, Outgoing, Written};

use crate::Ledger;

/// Writes down the transaction of a refund before it is sent. Claims need no record: what was claimed is passed over.
pub(crate) struct ChannelJournal(pub(crate) Ledger);

#[async_trait]
impl Journal for ChannelJournal {
    /// Replicas share the key of their channels: a nonce that another one took is refused by the node, and the next is tried.
    async fn hold(&self, _: Address) -> Result<bool, JournalError> {
        Ok(true)
    }

    async fn sending(&self, transaction: &Outgoing<'_>) -> Result<(), JournalError> {
        for payment in transaction.payments {
            let channel = ChannelId(payment.nonce.0);
            self.0.refund_sent(channel, transaction.hash).await.map_err(JournalError::new)?;
        }
        Ok(())
    }

    async fn written(&self, _: Address) -> Result<Vec<Written>, JournalError> {
        Ok(Vec::new())
    }

    async fn forget(&self, _: Address, _: u64) -> Result<(), JournalError> {
        Ok(())
    }
}
