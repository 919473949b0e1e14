use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use x402::{Address, PaymentNonce};

/// One payment at a time under each nonce of a payer: a copy, or another one that the payer signed with the same nonce, is
/// looked at when the chain shows what became of the first.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Shared>);

/// While it is kept, nothing else with this payer and nonce is settled here.
pub(super) struct Turn {
    turns: Turns,
    key: (Address, PaymentNonce),
}

#[derive(Default)]
struct Shared {
    taken: Mutex<HashSet<(Address, PaymentNonce)>>,
    freed: Notify,
}

impl Turns {
    pub(super) async fn take(&self, payer: Address, nonce: PaymentNonce) -> Turn {
        let key = (payer, nonce);
        loop {
            // Before the look, so that what is freed after it is heard of.
            let freed = self.0.freed.notified();
            if self.taken().insert(key) {
                return Turn { turns: self.clone(), key };
            }
            freed.await;
        }
    }

    fn taken(&self) -> MutexGuard<'_, HashSet<(Address, PaymentNonce)>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.taken().remove(&self.key);
        self.turns.0.freed.notify_waiters();
    }
}
