use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;
use x402::PaymentId;

/// Copies of a payment that wait for the first one's answer.
///
/// Only a hint to look at the ledger again: a waiter also looks at intervals, so that an answer made by another process
/// is found too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiters {
    working: Arc<Mutex<HashMap<PaymentId, watch::Sender<()>>>>,
}

/// Somebody works on a payment until this is dropped; then everybody who waits is woken.
pub(crate) struct Working {
    waiters: Waiters,
    id: PaymentId,
}

impl Waiters {
    pub(crate) fn begin(&self, id: PaymentId) -> Working {
        self.lock().entry(id).or_insert_with(|| watch::Sender::new(()));
        Working { waiters: self.clone(), id }
    }

    /// Completes when the work on a payment ends in this process, or never if nobody here works on it.
    pub(crate) async fn ended(&self, id: PaymentId) {
        let receiver = self.lock().get(&id).map(watch::Sender::subscribe);
        match receiver {
            // The sender is dropped, never used: the error is the signal.
            Some(mut receiver) => while receiver.changed().await.is_ok() {},
            None => std::future::pending().await,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PaymentId, watch::Sender<()>>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.waiters.lock().remove(&self.id);
    }
}
