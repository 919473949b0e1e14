//! One channel in memory: a queue, and what is known of it. Nothing here outlives the process, and nothing needs to.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, MutexGuard, watch};
use x402::{ChannelConfig, ChannelId, ChannelState, Usdc, VoucherState};
use x402_facilitator::{ChainError, OnchainChannel};

use super::answer::Refused;
use crate::{Gate, ledger::ChannelRecord, refusal::Refusal};

/// The calls of a channel come one after the other.
pub(super) struct Account {
    pub(super) id: ChannelId,
    waiting: AtomicUsize,
    refunding: AtomicBool,
    progress: watch::Sender<Progress>,
    seat: Mutex<Option<Known>>,
}

/// What those who wait are told.
#[derive(Clone, Copy, Default)]
struct Progress {
    charged: Usdc,
    /// Calls that were not charged: who waits for what such a call would have charged waits in vain.
    failures: u64,
}

/// The right to work on a channel, and what is known of it.
pub(super) type Seat<'a> = MutexGuard<'a, Option<Known>>;

/// What is known of a channel.
#[derive(Clone)]
pub(super) struct Known {
    /// Our record; none before the first call.
    pub(super) record: Option<ChannelRecord>,
    pub(super) chain: OnchainChannel,
    /// What the channel held in a block that is safe.
    pub(super) safe: Usdc,
    seen: Instant,
}

/// Whether a voucher's turn has come.
pub(super) enum Turn<'a> {
    /// Nothing was charged since the voucher's base.
    Come(Seat<'a>, Known),
    /// The base is another one, and no call is under way that could make it this one.
    Missed(Known),
}

/// A place in the queue.
pub(super) struct Place<'a>(&'a Account);

/// The mark of a refund under way.
pub(super) struct Barrier<'a>(&'a Account);

impl Account {
    pub(super) fn new(id: ChannelId) -> Self {
        Self {
            id,
            waiting: AtomicUsize::new(0),
            refunding: AtomicBool::new(false),
            progress: watch::Sender::default(),
            seat: Mutex::new(None),
        }
    }

    /// A place in the queue, while it is not too long and no refund is under way.
    pub(super) fn queue(&self, limit: usize) -> Result<Place<'_>, Refused> {
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let place = Place(self);
        if before >= limit || self.refunding.load(Ordering::Acquire) {
            return Err(Refused::Busy);
        }
        Ok(place)
    }

    /// Lets no call in behind those that wait already.
    pub(super) fn close(&self) -> Result<Barrier<'_>, Refused> {
        match self.refunding.swap(true, Ordering::AcqRel) {
            false => Ok(Barrier(self)),
            true => Err(Refused::Busy),
        }
    }

    /// The seat, once those before are done.
    pub(super) async fn sit(&self) -> Seat<'_> {
        self.seat.lock().await
    }

    /// The seat, if nobody has it.
    pub(super) fn try_sit(&self) -> Option<Seat<'_>> {
        self.seat.try_lock().ok()
    }

    /// Whether somebody has the seat, or had it not long ago.
    pub(super) fn is_fresh(&self, limit: Duration) -> bool {
        self.try_sit().is_none_or(|seat| seat.as_ref().is_some_and(|known| known.seen.elapsed() < limit))
    }

    /// Waits until `base` is what was charged, as long as something still happens on the channel.
    pub(super) async fn turn(
        &self,
        gate: &Gate,
        base: Option<Usdc>,
        patience: Duration,
    ) -> Result<Turn<'_>, Refused> {
        let mut progress = self.progress.subscribe();
        let failures = progress.borrow_and_update().failures;
        loop {
            let mut seat = self.sit().await;
            let known = know(gate, self.id, &mut seat).await?;
            let charged = known.charged();
            if base == Some(charged) {
                return Ok(Turn::Come(seat, known));
            }
            let hopeless =
                base.is_none_or(|base| base < charged) || self.progress.borrow().failures != failures;
            if hopeless {
                return Ok(Turn::Missed(known));
            }
            drop(seat);
            let moved = async {
                loop {
                    let (before, now) = (charged, *progress.borrow_and_update());
                    if now.charged > before || now.failures != failures || progress.changed().await.is_err() {
                        return;
                    }
                }
            };
            if tokio::time::timeout(patience, moved).await.is_err() {
                let seat = self.sit().await;
                let known = seat.clone().unwrap_or(known);
                return Ok(match base == Some(known.charged()) {
                    true => Turn::Come(seat, known),
                    false => Turn::Missed(known),
                });
            }
        }
    }

    /// A call was charged: whoever waited for it goes on.
    pub(super) fn advanced(&self, charged: Usdc) {
        self.progress.send_modify(|progress| progress.charged = progress.charged.max(charged));
    }

    /// A call was not charged.
    pub(super) fn failed(&self) {
        self.progress.send_modify(|progress| progress.failures += 1);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Barrier<'_> {
    fn drop(&mut self) {
        self.0.refunding.store(false, Ordering::Release);
    }
}

impl Known {
    /// What the next voucher starts from: our own record, or what the chain says was claimed where that is more. Never the
    /// client's word.
    pub(super) fn charged(&self) -> Usdc {
        let recorded = self.record.as_ref().map_or(Usdc::ZERO, |record| record.charged);
        recorded.max(self.chain.total_claimed)
    }

    pub(super) fn state(&self, id: ChannelId) -> ChannelState {
        self.chain.state(id, Some(self.charged()))
    }

    pub(super) fn voucher_state(&self) -> Option<VoucherState> {
        let record = self.record.as_ref().filter(|record| record.charged == self.charged());
        record.and_then(ChannelRecord::voucher_state)
    }

    /// Asks the chain again.
    pub(super) async fn refresh(&mut self, gate: &Gate, id: ChannelId) -> Result<(), ChainError> {
        self.chain = gate.0.chain.channel(id).await?.1;
        self.seen = Instant::now();
        Ok(())
    }

    /// Asks the chain again what was long not asked.
    pub(super) async fn refresh_if_old(
        &mut self,
        gate: &Gate,
        id: ChannelId,
        limit: Duration,
    ) -> Result<(), ChainError> {
        if self.seen.elapsed() > limit { self.refresh(gate, id).await } else { Ok(()) }
    }

    /// Our record, made where there is none, or where the chain is ahead of it.
    pub(super) async fn open(
        &mut self,
        gate: &Gate,
        id: ChannelId,
        config: &ChannelConfig,
    ) -> Result<(), Refusal> {
        let behind = self.record.as_ref().is_none_or(|record| record.charged < self.chain.total_claimed);
        if behind {
            let claimed = self.chain.total_claimed;
            self.record = Some(gate.0.ledger.open_channel(id, config, claimed).await?);
        }
        Ok(())
    }
}

/// What is known of a channel, learnt where nothing is. Where others write to the ledger too, our record is read again.
pub(super) async fn know(gate: &Gate, id: ChannelId, seat: &mut Seat<'_>) -> Result<Known, Refused> {
    let ledger = &gate.0.ledger;
    if let Some(known) = seat.as_mut() {
        if ledger.is_shared() {
            known.record = ledger.channel(id).await.map_err(Refusal::from)?;
        }
        return Ok(known.clone());
    }
    let record = ledger.channel(id).await.map_err(Refusal::from)?;
    let (_, chain) = gate.0.chain.channel(id).await?;
    let known = Known { record, chain, safe: Usdc::ZERO, seen: Instant::now() };
    **seat = Some(known.clone());
    Ok(known)
}
