//! The accounts that send transactions and pay for their gas.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::eip2718::Encodable2718,
    primitives::Signature,
};
use tokio::{sync::Mutex, time::Instant};
use x402::{Address, B256, SigningKey};

use crate::{
    chain::{Chain, ChainError, Delivery, Prepared, Receipt},
    facilitator::FacilitatorError,
};

/// Sends calls through several signers, each in turn.
pub(crate) struct Relay {
    chain: Chain,
    signers: Vec<Signer>,
    turn: AtomicUsize,
}

/// What became of a call whose transaction was sent.
pub(crate) enum Relayed {
    /// It is in a block, successful or not.
    Mined(Box<Receipt>),
    /// It was in no block in time.
    Waiting(B256),
}

/// One account. Its transaction nonces are handed out in order, without waiting for the transactions before.
struct Signer {
    key: SigningKey,
    /// The next nonce, where it is known without asking the chain.
    next: Mutex<Option<u64>>,
    /// A nonce was handed out and may never have reached the node: ask the chain where to go on.
    doubtful: AtomicBool,
}

/// A nonce that was handed out. Dropped without [`confirm`](Reservation::confirm), even by a cancelled caller, it makes
/// the signer ask the chain for the next one: a gap would hold back every later transaction.
struct Reservation<'a> {
    signer: &'a Signer,
    nonce: u64,
    confirmed: bool,
}

/// How often more than once per signer a transaction may be refused, because its nonce turns out to be taken, say.
const SPARE_ATTEMPTS: usize = 4;

impl Relay {
    /// `None` without a signer.
    pub(crate) fn new(chain: Chain, keys: impl IntoIterator<Item = SigningKey>) -> Option<Self> {
        let signers: Vec<_> = keys.into_iter().map(Signer::new).collect();
        (!signers.is_empty()).then(|| Self { chain, signers, turn: AtomicUsize::new(0) })
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = Address> {
        self.signers.iter().map(|signer| signer.key.address())
    }

    /// Sends a transaction, whose nonce is filled in here, and waits for its receipt.
    ///
    /// # Errors
    /// [`FacilitatorError`] when it is certain that no node took it.
    pub(crate) async fn send(
        &self,
        transaction: &TxEip1559,
        deadline: Instant,
    ) -> Result<Relayed, FacilitatorError> {
        let mut attempts = self.signers.len() + SPARE_ATTEMPTS;
        loop {
            let signer = &self.signers[self.turn.fetch_add(1, Ordering::Relaxed) % self.signers.len()];
            let address = signer.key.address();
            let mut reservation = signer.reserve(&self.chain).await?;
            let prepared = signer.prepare(transaction, reservation.nonce);
            match self.chain.deliver(&prepared, deadline).await {
                Delivery::Mined(receipt) => {
                    reservation.confirm();
                    return Ok(Relayed::Mined(receipt));
                }
                Delivery::Waiting => return Ok(Relayed::Waiting(prepared.hash)),
                Delivery::Refused(message) if attempts <= 1 => {
                    return Err(FacilitatorError::Refused { signer: address, message });
                }
                Delivery::Refused(message) => {
                    tracing::warn!(signer = %address, message, "the RPC refuses a transaction");
                    attempts -= 1;
                }
            }
        }
    }
}

impl Signer {
    fn new(key: SigningKey) -> Self {
        Self { key, next: Mutex::new(None), doubtful: AtomicBool::new(false) }
    }

    async fn reserve(&self, chain: &Chain) -> Result<Reservation<'_>, ChainError> {
        let mut next = self.next.lock().await;
        if self.doubtful.swap(false, Ordering::AcqRel) {
            *next = None;
        }
        // Taken while the chain is asked: a caller that is cancelled here leaves nothing known, which is true.
        let nonce = match next.take() {
            Some(nonce) => nonce,
            None => chain.next_nonce(self.key.address()).await?,
        };
        *next = Some(nonce + 1);
        Ok(Reservation { signer: self, nonce, confirmed: false })
    }

    fn prepare(&self, transaction: &TxEip1559, nonce: u64) -> Prepared {
        let transaction = TxEip1559 { nonce, ..transaction.clone() };
        let signature = self.key.sign(transaction.signature_hash());
        let signature = Signature::from_bytes_and_parity(&signature, signature.ends_with(&[28]));
        let signed = transaction.into_signed(signature);
        Prepared { hash: *signed.hash(), raw: signed.encoded_2718().into() }
    }
}

impl Reservation<'_> {
    /// The nonce was used.
    fn confirm(&mut self) {
        self.confirmed = true;
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if !self.confirmed {
            self.signer.doubtful.store(true, Ordering::Release);
        }
    }
}
