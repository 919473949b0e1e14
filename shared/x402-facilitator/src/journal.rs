use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use x402::{Address, B256, Bytes, PaymentKey};

/// A transaction about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'t> {
    /// Its hash.
    pub hash: B256,
    /// Who signed it.
    pub signer: Address,
    /// The signer's nonce that it uses. Others of the same nonce may have been written down before: one of them gets into a
    /// block.
    pub nonce: u64,
    /// The signed bytes. Sent again, they are the same transaction.
    pub raw: &'t Bytes,
    /// The payments that it makes.
    pub payments: &'t [PaymentKey],
}

/// A transaction that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its hash.
    pub hash: B256,
    /// The signer's nonce that it uses.
    pub nonce: u64,
    /// The signed bytes.
    pub raw: Bytes,
}

/// Who writes down which transaction may make which payments, before it can, and which process a signer belongs to.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Takes a signer for this process for a while, or keeps it. False where another process has it: two that send from one
    /// account take each other's nonces. Asked again every few seconds.
    ///
    /// # Errors
    /// [`JournalError`] when nobody can tell.
    async fn hold(&self, signer: Address) -> Result<bool, JournalError>;

    /// `transaction` is about to be sent. It is sent once this returns.
    ///
    /// # Errors
    /// [`JournalError`] when it is not written down. Then nothing is sent.
    async fn sending(&self, transaction: &Outgoing<'_>) -> Result<(), JournalError>;

    /// The signer's transactions that were written down and not forgotten, by nonce.
    ///
    /// # Errors
    /// [`JournalError`] when they cannot be read.
    async fn written(&self, signer: Address) -> Result<Vec<Written>, JournalError>;

    /// Blocks that stay have used every nonce of the signer below this one.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be written down, which does no harm.
    async fn forget(&self, signer: Address, below: u64) -> Result<(), JournalError>;
}

/// Writes nothing down. Whoever uses it must know that no other process has its signers.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn hold(&self, _: Address) -> Result<bool, JournalError> {
        Ok(true)
    }

    async fn sending(&self, _: &Outgoing<'_>) -> Result<(), JournalError> {
        Ok(())
    }

    async fn written(&self, _: Address) -> Result<Vec<Written>, JournalError> {
        Ok(Vec::new())
    }

    async fn forget(&self, _: Address, _: u64) -> Result<(), JournalError> {
        Ok(())
    }
}

/// The journal did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the journal of transactions does not answer: {0}")]
pub struct JournalError(#[source] Arc<dyn Error + Send + Sync>);

impl JournalError {
    /// For the reason given.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(reason.into()))
    }
}
