//! The money: asked for, and looked for on the chain.

use std::{ops::ControlFlow, time::Instant};

use x402::{Authorization, B256, ErrorReason, Finality};
use x402_facilitator::{PaymentState, SettleOutcome, Settled};

use super::{Job, Learnt, Stepped};
use crate::{Flow, LedgerError, Money, Work, admit::now};

/// The least time an authorization must have left when it is broadcast, in seconds: two blocks and a little.
const BROADCAST_MARGIN: u64 = 6;
/// How long after an attempt ended unknown the payment is tried again, in milliseconds. Its whole time had passed by then, so
/// a block more is enough; should both attempts arrive, the token refuses the second.
const RETRY_AFTER_MS: i64 = 2_000;

/// How many blocks a reorganisation may take back, counted from the claim: a payment that was settled and taken back may be
/// settled again in a block before its claim's.
const REORGANISED: u64 = 256;

impl Job {
    pub(super) async fn settle(&mut self) -> Stepped {
        if self.record.valid_before < now() + BROADCAST_MARGIN {
            // Too late to send; what was sent before may still have arrived.
            return self.ask().await;
        }
        let began = Instant::now();
        let outcome = self.gate.0.facilitator.settle(&self.record.settlement).await;
        self.timing.record("settle", began.elapsed());
        metrics::histogram!("x402_settle_seconds", "stage" => "total").record(began.elapsed());
        match outcome {
            // The node's word is not enough for this route: the chain is asked.
            Ok(SettleOutcome::Settled(settled))
                if settled.finality < self.required().min(Finality::Block) =>
            {
                self.ask().await
            }
            Ok(SettleOutcome::Settled(settled)) => self.settled(settled).await,
            Ok(SettleOutcome::Failed { reason, transaction }) => self.not_settled(reason, transaction).await,
            Ok(SettleOutcome::Unknown { transaction, detail }) => {
                tracing::warn!(payment = %self.record.id, detail, "settlement unknown");
                self.stop(Money::Unknown, Learnt { transaction, ..Learnt::default() }).await
            }
            Err(error) => {
                tracing::warn!(payment = %self.record.id, %error, "nothing could be sent");
                self.stop(self.record.money, Learnt::default()).await
            }
        }
    }

    /// A refusal speaks for the attempt that was refused. Where an earlier one may be under way, only the chain can say that
    /// the payment failed, so the buyer is not told to pay again.
    async fn not_settled(&mut self, reason: ErrorReason, transaction: Option<B256>) -> Stepped {
        tracing::warn!(payment = %self.record.id, %reason, doubtful = self.doubtful, "settlement failed");
        let burned = reason == ErrorReason::AUTHORIZATION_BURNED;
        let learnt = Learnt { reason: Some(reason), transaction, ..Learnt::default() };
        match (burned, self.doubtful) {
            (true, _) => self.stop(Money::Dead, learnt).await,
            (false, true) => self.stop(Money::Unknown, Learnt { reason: None, ..learnt }).await,
            (false, false) => self.stop(Money::Settling, learnt).await,
        }
    }

    /// The money moved. Whether it moved for this sale is a question of when: what settled before the claim paid for
    /// something else.
    async fn settled(&mut self, settled: Settled) -> Stepped {
        if settled.block_number <= self.after() {
            let reason = Some(ErrorReason::AUTHORIZATION_BURNED);
            return self.stop(Money::Dead, Learnt { reason, ..Learnt::default() }).await;
        }
        let learnt = Learnt { settled: Some(settled), ..Learnt::default() };
        if self.record.money == Money::Open {
            // Charged although the work had failed, or ended with its process.
            let work = if self.record.work == Work::Running { Work::Failed } else { self.record.work };
            self.advance(Money::Settling, work, Learnt::default()).await?;
        }
        if self.record.flow == Flow::Upfront && self.record.work == Work::None {
            self.record.runs += 1;
            self.counted = true;
            self.advance(Money::Settled, Work::Running, learnt).await?;
        } else {
            self.advance(Money::Settled, self.record.work, learnt).await?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The level that this payment's answer is delivered on.
    pub(super) fn required(&self) -> Finality {
        self.sale.route.finality_at(self.record.amount)
    }

    /// What settled up to this block paid for something else.
    const fn after(&self) -> u64 {
        let claimed = self.record.claimed_block;
        if self.record.reorged { claimed.saturating_sub(REORGANISED) } else { claimed }
    }

    /// Asks the chain what became of the money.
    pub(super) async fn ask(&mut self) -> Stepped {
        let Ok(exact) = self.record.settlement.payment_payload.exact() else {
            return Err(LedgerError::Corrupt("settlement"));
        };
        let authorization = exact.authorization;
        match self.gate.0.chain.payment_state(&authorization, self.after()).await {
            Ok(PaymentState::Settled(settled)) => self.settled(settled).await,
            Ok(PaymentState::Burned) => {
                let reason = Some(ErrorReason::AUTHORIZATION_BURNED);
                self.stop(Money::Dead, Learnt { reason, ..Learnt::default() }).await
            }
            Ok(PaymentState::Unused { .. }) => self.unused(&authorization).await,
            Err(error) => {
                tracing::warn!(payment = %self.record.id, %error, "the chain does not answer");
                self.stop(self.record.money, Learnt::default()).await
            }
        }
    }

    /// The chain has not seen the payment: dead when it never will, tried again when the last attempt is past.
    async fn unused(&mut self, authorization: &Authorization) -> Stepped {
        if now() >= authorization.valid_before {
            match self.gate.0.chain.expired_unused(authorization).await {
                Ok(true) => {
                    // A payer that took its money away is remembered for that.
                    let poor = ErrorReason::INSUFFICIENT_FUNDS;
                    let spent = self.record.reason.as_deref() == Some(poor.as_str());
                    let reason = Some(if spent { poor } else { ErrorReason::VALID_BEFORE });
                    return self.stop(Money::Dead, Learnt { reason, ..Learnt::default() }).await;
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(payment = %self.record.id, %error, "the chain does not answer"),
            }
        }
        let waited = i64::try_from(now()).unwrap_or_default() * 1000 - self.record.changed_at;
        let alive = authorization.valid_before > now() + BROADCAST_MARGIN;
        if self.record.money == Money::Unknown && alive && waited > RETRY_AFTER_MS {
            self.advance(Money::Settling, self.record.work, Learnt::default()).await?;
            return Ok(ControlFlow::Continue(()));
        }
        self.stop(self.record.money, Learnt::default()).await
    }
}
