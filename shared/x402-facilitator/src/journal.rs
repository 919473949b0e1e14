use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use x402::{B256, PaymentKey};

/// Who writes down which transaction may make which payments, before it can.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// `transaction` is about to be sent to make `payments`. It is sent once this returns.
    ///
    /// # Errors
    /// [`JournalError`] when it is not written down. Then nothing is sent.
    async fn sending(&self, transaction: B256, payments: &[PaymentKey]) -> Result<(), JournalError>;
}

/// Writes nothing down.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn sending(&self, _: B256, _: &[PaymentKey]) -> Result<(), JournalError> {
        Ok(())
    }
}

/// A transaction could not be written down.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the transaction cannot be written down: {0}")]
pub struct JournalError(#[source] Arc<dyn Error + Send + Sync>);

impl JournalError {
    /// For the reason given.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(reason.into()))
    }
}
