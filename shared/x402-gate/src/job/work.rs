//! The work: a handler's run, and what came of it.

use std::{ops::ControlFlow, time::Instant};

use axum::body::Body;
use http::{Request, StatusCode};
use x402::{ErrorReason, Usdc};

use super::{Job, Learnt, Stepped};
use crate::{
    Charge, Flow, LedgerError, MAX_RUNS, Money, Payment, Work,
    ledger::Answer,
    run::{Run, run},
};

impl Job {
    /// Counts a run before it begins, so that a handler which takes the process down is not run for ever.
    pub(super) async fn begin_run(&mut self) -> Result<(), LedgerError> {
        self.record.runs += 1;
        self.counted = true;
        self.advance(self.record.money, Work::Running, Learnt::default()).await
    }

    pub(super) async fn run(&mut self) -> Stepped {
        if !self.counted {
            if self.record.runs >= MAX_RUNS {
                return self.work_failed(None).await;
            }
            self.begin_run().await?;
        }
        self.counted = false;
        let began = Instant::now();
        let Some(Run { answer, charge, attachment }) = self.call().await else {
            return Ok(ControlFlow::Break(()));
        };
        self.timing.record("work", began.elapsed());
        if !answer.status.is_success() {
            return self.work_failed(Some(answer)).await;
        }
        let money = match self.record.flow {
            Flow::Authorize => Money::Settling,
            Flow::Upfront => self.record.money,
        };
        let began = Instant::now();
        let learnt =
            Learnt { answer: Some(answer), attachment, owed: self.owed(charge), ..Learnt::default() };
        match self.advance(money, Work::Served, learnt).await {
            Err(LedgerError::AttachmentTaken) => {
                tracing::error!(payment = %self.record.id, route = self.record.route, "the attachment's key is taken");
                return self.work_failed(Some(Answer::bare(StatusCode::INTERNAL_SERVER_ERROR))).await;
            }
            committed => committed?,
        }
        self.timing.record("commit", began.elapsed());
        Ok(ControlFlow::Continue(()))
    }

    /// What is paid more than the work cost.
    fn owed(&self, charge: Option<Charge>) -> Option<Usdc> {
        let (amount, route) = (self.record.amount, &self.record.route);
        amount.checked_sub(Charge::within(charge, amount, route)).filter(|rest| *rest > Usdc::ZERO)
    }

    /// A failed run costs nothing where the money was not asked for; where it was, the next step records the debt.
    async fn work_failed(&mut self, failure: Option<Answer>) -> Stepped {
        self.failure = failure;
        self.advance(self.record.money, Work::Failed, Learnt::default()).await?;
        Ok(ControlFlow::Continue(()))
    }

    pub(super) async fn owe(&mut self) -> Stepped {
        let work = if self.record.work == Work::Running { Work::Failed } else { self.record.work };
        let (reason, owed) = (Some(ErrorReason::REFUND_DUE), Some(self.record.amount));
        self.advance(Money::RefundDue, work, Learnt { reason, owed, ..Learnt::default() }).await?;
        Ok(ControlFlow::Continue(()))
    }

    async fn call(&self) -> Option<Run> {
        let Some((parts, body)) = self.request.clone() else {
            return Some(Run::failed(StatusCode::INTERNAL_SERVER_ERROR));
        };
        let request = Request::from_parts(parts, Body::from(body));
        run(&self.gate, &self.sale, self.handler.clone(), self.payment(), request).await
    }

    fn payment(&self) -> Payment {
        Payment {
            id: self.record.id,
            scheme: x402::EXACT,
            key: self.record.key,
            amount: self.record.amount,
            request_hash: self.record.request_hash,
            claimed_at_ms: u64::try_from(self.record.claimed_at).unwrap_or_default(),
            run: self.record.runs,
            binding: self.binding,
            settled: self.record.settled,
        }
    }
}
