//! The accounts that send transactions and pay for their gas, a few at a time each.

mod signer;

use std::sync::Arc;

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::{eip2718::Encodable2718, eip2930::AccessList},
    primitives::{Signature, TxKind, U256},
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};
use x402::{Address, B256, Bytes, PaymentKey, SigningKey};

use crate::{
    OnchainSettings,
    chain::{Chain, Delivery, Fees, Prepared, Receipt, Sent},
    facilitator::FacilitatorError,
    journal::{Journal, JournalError, Outgoing},
};
use signer::Flight;
pub(crate) use signer::Signer;

/// Sends calls through several signers.
pub(crate) struct Relay {
    pub(crate) chain: Chain,
    pub(crate) settings: OnchainSettings,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) signers: Vec<Signer>,
    fees: Mutex<Option<(Instant, Fees)>>,
}

/// A call to send, and the payments that it makes.
pub(crate) struct Call {
    pub(crate) to: Address,
    pub(crate) input: Bytes,
    pub(crate) gas: u64,
    pub(crate) payments: Vec<PaymentKey>,
}

/// What became of a call whose transaction was sent.
pub(crate) enum Relayed {
    /// It is in a block, successful or not.
    Mined(Box<Receipt>),
    /// It was in no block in time.
    Waiting(B256),
}

enum Attempt {
    Done(Relayed),
    Refused(String),
}

/// How often a signer's transaction may be refused, because its nonce turns out to be taken, say, before the next signer's
/// turn comes.
const TRIES: usize = 3;

impl Relay {
    /// `None` without a signer.
    pub(crate) fn new(
        chain: Chain,
        keys: impl IntoIterator<Item = SigningKey>,
        settings: OnchainSettings,
        journal: Arc<dyn Journal>,
    ) -> Option<Self> {
        let signers: Vec<_> = keys.into_iter().map(|key| Signer::new(key, settings.max_in_flight)).collect();
        let fees = Mutex::new(None);
        (!signers.is_empty()).then(|| Self { chain, settings, journal, signers, fees })
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = Address> {
        self.signers.iter().map(Signer::address)
    }

    /// Whether every signer is known to belong to another process.
    pub(crate) fn has_no_signer(&self) -> bool {
        self.signers.iter().all(|signer| signer.is_held() == Some(false))
    }

    /// Waits, not for long, until some signer is known to belong to this process.
    pub(crate) async fn held(&self) {
        let known = async {
            while self.signers.iter().all(|signer| signer.is_held().is_none()) {
                let mut held = self.signers[0].held.subscribe();
                let _ = held.changed().await;
            }
        };
        let _ = tokio::time::timeout(self.settings.settle_timeout, known).await;
    }

    /// The signer whose turn comes first for `home`.
    pub(crate) fn address(&self, home: usize) -> Address {
        self.signers[home % self.signers.len()].address()
    }

    /// The fees of the newest block, or of one shortly before.
    pub(crate) async fn fees(&self) -> Result<Fees, FacilitatorError> {
        let mut known = self.fees.lock().await;
        let fees = match *known {
            Some((read, fees)) if read.elapsed() < self.settings.fee_age => fees,
            _ => known.insert((Instant::now(), self.chain.fees().await?)).1,
        };
        let (limit, base_fee) = (self.settings.max_fee_per_gas, fees.base_fee);
        if base_fee > limit {
            return Err(FacilitatorError::GasPrice { base_fee, limit });
        }
        let max_fee_per_gas = fees.max_fee_per_gas.min(limit);
        let max_priority_fee_per_gas = fees.max_priority_fee_per_gas.min(max_fee_per_gas);
        Ok(Fees { max_fee_per_gas, max_priority_fee_per_gas, ..fees })
    }

    /// Sends a call, by the signer `home` if its transaction is not refused, and waits for the receipt until the deadline.
    ///
    /// # Errors
    /// [`FacilitatorError`] when it is certain that no node took it.
    pub(crate) async fn send(
        &self,
        home: usize,
        call: &Call,
        deadline: Instant,
    ) -> Result<Relayed, FacilitatorError> {
        let turn = (0..self.signers.len()).map(|index| &self.signers[(home + index) % self.signers.len()]);
        let mut outcome = Err(FacilitatorError::Busy);
        for signer in turn.filter(|signer| signer.is_held() == Some(true)) {
            let address = signer.address();
            for _ in 0..TRIES {
                match self.attempt(signer, call, deadline).await? {
                    Attempt::Done(relayed) => return Ok(relayed),
                    Attempt::Refused(message) => {
                        tracing::warn!(signer = %address, message, "the RPC refuses a transaction");
                        outcome = Err(FacilitatorError::Refused { signer: address, message });
                    }
                }
            }
        }
        outcome
    }

    /// Sends one transaction, and once more with higher fees if it gets stuck.
    async fn attempt(
        &self,
        signer: &Signer,
        call: &Call,
        deadline: Instant,
    ) -> Result<Attempt, FacilitatorError> {
        let fees = self.fees().await?;
        let (flight, first) = self.launch(signer, call, fees, deadline).await?;
        let sent = Instant::now();
        let stuck = sent + self.settings.stuck_timeout;
        Ok(match self.chain.deliver(&first, stuck.min(deadline)).await {
            Delivery::Mined(receipt) => {
                flight.landed(sent.elapsed());
                Attempt::Done(Relayed::Mined(receipt))
            }
            Delivery::Waiting if stuck < deadline => {
                let replacement = self.replacement(signer, call, flight.nonce, fees).await;
                Attempt::Done(self.replace(&first, replacement, deadline).await)
            }
            Delivery::Waiting => Attempt::Done(Relayed::Waiting(first.hash)),
            Delivery::Refused(message) => {
                *self.fees.lock().await = None;
                Attempt::Refused(message)
            }
        })
    }

    /// Numbers a transaction and writes it down, once few enough others are in flight.
    async fn launch<'s>(
        &self,
        signer: &'s Signer,
        call: &Call,
        fees: Fees,
        deadline: Instant,
    ) -> Result<(Flight<'s>, Prepared), FacilitatorError> {
        let slot = timeout_at(deadline, signer.slot()).await.ok().flatten().ok_or(FacilitatorError::Busy)?;
        let _launching = signer.launching.lock().await;
        let flight = signer.take_nonce(&self.chain, slot).await?;
        let first = self.prepare(signer, call, flight.nonce, fees);
        self.write_down(signer, flight.nonce, &first, call).await?;
        Ok((flight, first))
    }

    /// Sends the replacement of a stuck transaction and waits for either: whichever gets into a block decides.
    async fn replace(&self, first: &Prepared, second: Option<Prepared>, deadline: Instant) -> Relayed {
        // A node that lost the first one may have neither.
        let mut sent = vec![Sent { hash: first.hash, again: Some(&first.raw) }];
        let mut newest = first.hash;
        if let Some(second) = &second {
            let taken = self.chain.resend(second.hash, &second.raw).await;
            if taken {
                newest = second.hash;
                sent[0].again = None;
            }
            sent.push(Sent { hash: second.hash, again: (!taken).then_some(&second.raw) });
        }
        match self.chain.await_any(&mut sent, deadline).await {
            Delivery::Mined(receipt) => Relayed::Mined(receipt),
            Delivery::Waiting | Delivery::Refused(_) => Relayed::Waiting(newest),
        }
    }

    /// The same transaction with higher fees, written down. `None` where it would be too dear or cannot be written down.
    async fn replacement(&self, signer: &Signer, call: &Call, nonce: u64, fees: Fees) -> Option<Prepared> {
        let now = self.chain.fees().await.unwrap_or(fees);
        let fees = fees.bumped(now);
        if fees.max_fee_per_gas > self.settings.max_fee_per_gas {
            tracing::warn!(nonce, "a stuck transaction is left alone: more than the limit would be needed");
            return None;
        }
        let transaction = self.prepare(signer, call, nonce, fees);
        match self.write_down(signer, nonce, &transaction, call).await {
            Ok(()) => Some(transaction),
            Err(error) => {
                tracing::warn!(nonce, %error, "a stuck transaction is left alone");
                None
            }
        }
    }

    async fn write_down(
        &self,
        signer: &Signer,
        nonce: u64,
        Prepared { hash, raw }: &Prepared,
        call: &Call,
    ) -> Result<(), JournalError> {
        let (hash, signer, payments) = (*hash, signer.address(), &call.payments);
        self.journal.sending(&Outgoing { hash, signer, nonce, raw, payments }).await
    }

    fn prepare(&self, signer: &Signer, call: &Call, nonce: u64, fees: Fees) -> Prepared {
        let transaction = TxEip1559 {
            chain_id: self.chain.network().chain_id(),
            nonce,
            gas_limit: call.gas,
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            to: TxKind::Call(call.to),
            value: U256::ZERO,
            access_list: AccessList::default(),
            input: call.input.clone(),
        };
        let signature = signer.key.sign(transaction.signature_hash());
        let signature = Signature::from_bytes_and_parity(&signature, signature.ends_with(&[28]));
        let signed = transaction.into_signed(signature);
        Prepared { hash: *signed.hash(), raw: signed.encoded_2718().into() }
    }
}
