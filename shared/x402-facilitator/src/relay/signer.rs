//! An account that sends, with several transactions in flight: which nonce is the next, and when it is worth sending another.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use x402::{Address, SigningKey};

use crate::chain::{Chain, ChainError};

/// An account that sends.
pub(crate) struct Signer {
    pub(crate) key: SigningKey,
    /// Whether it belongs to this process, once that is known.
    pub(crate) held: watch::Sender<Option<bool>>,
    /// One transaction at a time is numbered and written down, so that they are sent about in order.
    pub(super) launching: tokio::sync::Mutex<()>,
    slots: Semaphore,
    lane: Mutex<Lane>,
}

#[derive(Default)]
struct Lane {
    /// The next nonce, where it is known without asking the chain.
    next: Option<u64>,
    in_flight: BTreeSet<u64>,
    /// How many transactions the chain has had, as far as is known.
    mined: u64,
    /// From the broadcast to the receipt, once that is known: the mean, newer transactions counting for more.
    inclusion: Option<Duration>,
}

/// A nonce in use by a transaction. Unless that got into a block, the chain is asked where to go on once this is dropped: a
/// gap holds back all that follows, and the next transaction closes it.
pub(super) struct Flight<'s> {
    pub(super) nonce: u64,
    signer: &'s Signer,
    landed: bool,
    _slot: SemaphorePermit<'s>,
}

/// The bounds of [`Signer::window`]: less is not worth a transaction, more is felt where a block takes two seconds.
const WINDOW: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(250)];
/// How much the newest transaction counts for in the mean time to inclusion. Those of one block end together, in any order.
const NEWEST: f64 = 0.1;

impl Signer {
    pub(super) fn new(key: SigningKey, max_in_flight: usize) -> Self {
        Self {
            key,
            held: watch::Sender::new(None),
            launching: tokio::sync::Mutex::default(),
            slots: Semaphore::new(max_in_flight.max(1)),
            lane: Mutex::default(),
        }
    }

    pub(crate) fn address(&self) -> Address {
        self.key.address()
    }

    pub(crate) fn is_held(&self) -> Option<bool> {
        *self.held.borrow()
    }

    /// Forgets which nonce is the next: somebody else may have sent from this account.
    pub(crate) fn resync(&self) {
        self.lane().next = None;
    }

    /// How many of its transactions the chain has had, as far as is known.
    pub(crate) fn mined(&self) -> u64 {
        self.lane().mined
    }

    /// The chain has so many of its transactions now. True where that is fewer than `before`, when it was asked.
    pub(crate) fn lost(&self, before: u64, mined: u64) -> bool {
        let mut lane = self.lane();
        let lost = mined < before;
        lane.mined = if lost { mined } else { lane.mined.max(mined) };
        lost
    }

    /// How long payments gather for a transaction while another one is in flight: an eighth of the mean time to inclusion, which
    /// is half a block or a little more, so that up to sixteen transactions share a block and none waits for a slot.
    pub(crate) fn window(&self) -> Duration {
        let [least, most] = WINDOW;
        self.lane().inclusion.map_or(most, |mean| (mean / 8).clamp(least, most))
    }

    /// Waits until another transaction may be in flight.
    pub(super) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.slots.acquire().await.ok()
    }

    /// Takes the next nonce: of those that the chain has not seen the first that is not in flight.
    pub(super) async fn take_nonce<'s>(
        &'s self,
        chain: &Chain,
        slot: SemaphorePermit<'s>,
    ) -> Result<Flight<'s>, ChainError> {
        let known = self.lane().take(None);
        let nonce = match known {
            Some(nonce) => nonce,
            None => {
                let pending = chain.next_nonce(self.address()).await?;
                self.lane().take(Some(pending)).unwrap_or(pending)
            }
        };
        Ok(Flight { nonce, signer: self, landed: false, _slot: slot })
    }

    fn lane(&self) -> MutexGuard<'_, Lane> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn take(&mut self, pending: Option<u64>) -> Option<u64> {
        let first = pending.or(self.next)?;
        let nonce = (first..).find(|nonce| !self.in_flight.contains(nonce))?;
        self.in_flight.insert(nonce);
        self.next = nonce.checked_add(1);
        Some(nonce)
    }
}

impl Flight<'_> {
    /// It is in a block, `took` after it was sent.
    pub(super) fn landed(mut self, took: Duration) {
        self.landed = true;
        let mut lane = self.signer.lane();
        lane.mined = lane.mined.max(self.nonce.saturating_add(1));
        let mean = lane.inclusion.unwrap_or(took);
        lane.inclusion = Some(mean.mul_f64(1.0 - NEWEST) + took.mul_f64(NEWEST));
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut lane = self.signer.lane();
        lane.in_flight.remove(&self.nonce);
        if !self.landed {
            lane.next = None;
        }
    }
}
