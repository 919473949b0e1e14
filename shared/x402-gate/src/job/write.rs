//! The record: every move is durable before the next begins.

use std::ops::ControlFlow;

use x402_facilitator::Settled;

use super::{Job, Learnt, Stepped};
use crate::{
    LedgerError, Money, Work,
    lease::LEASE_MS,
    ledger::{Answer, Update},
    state::{Step, next_step, tell},
};

impl Job {
    /// Writes what was learnt and lets go of the payment.
    pub(super) async fn stop(&mut self, money: Money, learnt: Learnt) -> Stepped {
        self.write(money, self.record.work, learnt, 0).await?;
        Ok(ControlFlow::Break(()))
    }

    /// Writes what was learnt, and keeps the payment while there is a next step.
    pub(super) async fn advance(
        &mut self,
        money: Money,
        work: Work,
        learnt: Learnt,
    ) -> Result<(), LedgerError> {
        let lease = match next_step(self.record.flow, money, work) {
            Step::Answer => 0,
            Step::Run | Step::Settle | Step::Ask | Step::Owe => LEASE_MS,
        };
        self.write(money, work, learnt, lease).await
    }

    pub(super) async fn write(
        &mut self,
        money: Money,
        work: Work,
        learnt: Learnt,
        lease_ms: i64,
    ) -> Result<(), LedgerError> {
        let from = (self.record.money, self.record.work);
        if !from.0.may_become(money) || !from.1.may_become(work) {
            return Err(LedgerError::Corrupt("an illegal move"));
        }
        let reason = learnt.reason.map(|reason| reason.to_string());
        let Learnt { answer, attachment, transaction, settled, owed, .. } = learnt;
        let proof = self.proof((money, work), answer.as_ref(), settled.as_ref());
        let update = Update {
            id: self.record.id,
            fence: self.record.fence,
            from,
            to: (money, work),
            runs: self.record.runs,
            lease_ms,
            reason: reason.clone(),
            answer: answer.clone(),
            attachment,
            proof: proof.clone(),
            transaction,
            settled,
            owed,
        };
        let moved = from != (money, work);
        let told = moved.then(|| tell(self.record.id, from, (money, work)));
        self.record_durably(update).await?;
        if let Some(told) = told {
            told.done();
        }
        self.leased = lease_ms > 0;
        let record = &mut self.record;
        (record.money, record.work) = (money, work);
        record.reason = if moved { reason } else { reason.or(record.reason.take()) };
        record.answer = answer.or(record.answer.take());
        record.proof = proof.or(record.proof.take());
        record.transaction =
            settled.as_ref().map(|settled| settled.transaction).or(transaction).or(record.transaction);
        let reorged = (from.0, money) == (Money::Settled, Money::Settling);
        record.reorged |= reorged;
        record.settled = settled.or(record.settled.take().filter(|_| !reorged));
        record.owed = owed.or(record.owed);
        Ok(())
    }

    /// What is signed once a payment is both served and settled as its route wants it, so that it is the same whenever it is
    /// sent.
    fn proof(&self, to: (Money, Work), answer: Option<&Answer>, settled: Option<&Settled>) -> Option<String> {
        let record = &self.record;
        let news = to != (record.money, record.work) || settled.is_some();
        if to != (Money::Settled, Work::Served) || !news {
            return None;
        }
        let (answer, settled) = (answer.or(record.answer.as_ref())?, settled.or(record.settled.as_ref())?);
        self.sale.prove(&self.gate.0.config, record, answer, settled)
    }

    /// Where nobody can say whether a change is durable, the ledger is read: it is there, or it is made again.
    async fn record_durably(&self, update: Update) -> Result<(), LedgerError> {
        let ledger = &self.gate.0.ledger;
        let (fence, to) = (update.fence, update.to);
        match ledger.update(update.clone()).await {
            Err(LedgerError::NotKnown) => {}
            known => return known,
        }
        match ledger.get(update.id).await? {
            Some(record) if record.fence == fence && (record.money, record.work) == to => Ok(()),
            _ => ledger.update(update).await,
        }
    }
}
