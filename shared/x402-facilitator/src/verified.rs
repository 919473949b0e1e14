use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use x402::ExactPayload;

use crate::admission::SignedBy;

/// What was verified a moment ago. Asked again within half a block of Base, the chain would most likely show the same block, so what is
/// settled meanwhile is sent without a second simulation. Should it fail after all, the token moves nothing, and the receipt is explained
/// as any other.
#[derive(Default)]
pub(crate) struct Verified(Mutex<Generations>);

/// Since when the younger one has been filled, and both. What is forgotten late is found, and is too old.
type Generations = (Option<Instant>, [HashMap<ExactPayload, (SignedBy, Instant)>; 2]);

/// How long a verification is as good as a new one.
const HALF_A_BLOCK: Duration = Duration::from_secs(1);

impl Verified {
    pub(crate) fn note(&self, payment: ExactPayload, signed_by: SignedBy) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, [young, old]) = &mut *generations;
        let now = Instant::now();
        if now - *since.get_or_insert(now) > HALF_A_BLOCK {
            (*since, *old) = (Some(now), mem::take(young));
        }
        young.insert(payment, (signed_by, now));
    }

    /// Who signed a payment that was verified, and when it was. Told once: whoever settles it again wants to know what became of it.
    pub(crate) fn take(&self, payment: &ExactPayload) -> Option<(SignedBy, Instant)> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.1.iter_mut().find_map(|generation| generation.remove(payment))
    }
}

/// Whether a verification is recent enough to send on.
pub(crate) fn is_recent(verified: Option<Instant>) -> bool {
    verified.is_some_and(|at| at.elapsed() < HALF_A_BLOCK)
}
