//! The work on one payment, step by step until there is an answer: the same for a first use, a retry and a restart.

use std::{ops::ControlFlow, sync::Arc, time::Instant};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{Request, StatusCode, request::Parts};
use tower::{ServiceExt, util::BoxCloneSyncService};
use x402::{Authorization, B256, Binding, ErrorReason, Usdc};
use x402_facilitator::{PaymentState, SettleOutcome, Settled};

use crate::{
    Attachment, Charge, Flow, Gate, LedgerError, MAX_RUNS, Money, Payment, Work,
    admit::{lease_ms, now},
    body::SavedRequest,
    ledger::{Answer, Record, Update},
    sale::Sale,
    state::{Step, next_step, tell},
    timing::Timing,
};

/// The handler of a priced route.
pub(crate) type Handler = BoxCloneSyncService<Request<Body>, Response, std::convert::Infallible>;

/// The least time an authorization must have left when it is broadcast, in seconds: two blocks and a little.
const BROADCAST_MARGIN: u64 = 6;
/// How long after an attempt ended unknown the payment is tried again, in milliseconds. Its whole time had passed by then, so
/// two blocks more are enough; should both attempts arrive, the token refuses the second.
const RETRY_AFTER_MS: i64 = 5_000;

/// One payment that is ours to work on.
pub(crate) struct Job {
    gate: Gate,
    sale: Arc<Sale>,
    handler: Handler,
    record: Record,
    request: Option<(Parts, Bytes)>,
    binding: Binding,
    /// The ledger says `running` because of this very job, not because a process ended.
    counted: bool,
    /// Something may have been sent for this payment that nobody has heard of since.
    doubtful: bool,
    /// The ledger says that somebody works on this payment.
    leased: bool,
    failure: Option<Answer>,
    timing: Timing,
}

/// A payment for which nothing is left to do now.
pub(crate) struct Finished {
    pub(crate) record: Record,
    /// What the handler answered, where it failed. Not stored: a retry runs again.
    pub(crate) failure: Option<Answer>,
    pub(crate) timing: Timing,
}

/// What a step learnt, to be written with the change of state.
#[derive(Default)]
struct Learnt {
    reason: Option<ErrorReason>,
    answer: Option<Answer>,
    attachment: Option<Attachment>,
    transaction: Option<B256>,
    settled: Option<Settled>,
    owed: Option<Usdc>,
}

/// What came of a handler's run.
struct Run {
    answer: Answer,
    charge: Option<Charge>,
    attachment: Option<Attachment>,
}

impl Run {
    /// One that came to nothing.
    fn failed(status: StatusCode) -> Self {
        Self { answer: Answer::bare(status), charge: None, attachment: None }
    }
}

type Stepped = Result<ControlFlow<()>, LedgerError>;

impl Job {
    /// A job on a record whose lease and fence are ours. `fresh`: this call made the claim.
    pub(crate) fn new(gate: &Gate, sale: &Arc<Sale>, handler: Handler, record: Record, fresh: bool) -> Self {
        let saved = record.request.as_deref().and_then(SavedRequest::decode);
        let binding = saved.as_ref().map_or(Binding::Plain, |saved| saved.binding);
        // A settlement that ended with its process may have been sent: nothing says that it was refused.
        let interrupted = !fresh && record.money == Money::Settling && record.reason.is_none();
        Self {
            gate: gate.clone(),
            sale: sale.clone(),
            handler,
            request: saved.map(|saved| (saved.parts, saved.body)),
            binding,
            counted: fresh,
            doubtful: interrupted || record.money == Money::Unknown,
            leased: true,
            record,
            failure: None,
            timing: Timing::default(),
        }
    }

    /// The request in hand, rather than the one in the ledger.
    pub(crate) fn with_request(
        mut self,
        parts: Parts,
        body: Bytes,
        binding: Binding,
        timing: Timing,
    ) -> Self {
        self.request = Some((parts, body));
        self.binding = binding;
        self.timing = timing;
        self
    }

    /// Goes on until there is an answer, or nothing more can be done now. Every step is durable before the next begins.
    pub(crate) async fn drive(mut self) -> Result<Finished, LedgerError> {
        let _working = self.gate.0.waiters.begin(self.record.id);
        if self.record.money == Money::Open && self.record.work == Work::Failed {
            self.begin_run().await?;
        }
        loop {
            let flow = match next_step(self.record.flow, self.record.money, self.record.work) {
                Step::Run => self.run().await?,
                Step::Settle => self.settle().await?,
                Step::Ask => self.ask().await?,
                Step::Owe => self.owe().await?,
                Step::Answer => ControlFlow::Break(()),
            };
            if flow.is_break() {
                break;
            }
        }
        self.finish().await
    }

    async fn finish(mut self) -> Result<Finished, LedgerError> {
        if self.leased {
            self.write(self.record.money, self.record.work, Learnt::default(), 0).await?;
        }
        Ok(Finished { record: self.record, failure: self.failure, timing: self.timing })
    }

    /// Follows the money alone, where the work waits for a caller. An authorization that nobody was charged for is public
    /// once it was sent: if somebody broadcasts it after all, what was paid and not served is owed back.
    pub(crate) async fn follow_money(mut self) -> Result<Finished, LedgerError> {
        if self.record.money == Money::Open && self.ask().await?.is_break() {
            return self.finish().await;
        }
        Box::pin(self.drive()).await
    }

    /// Counts a run before it begins, so that a handler which takes the process down is not run for ever.
    async fn begin_run(&mut self) -> Result<(), LedgerError> {
        self.record.runs += 1;
        self.counted = true;
        self.advance(self.record.money, Work::Running, Learnt::default()).await
    }

    async fn run(&mut self) -> Stepped {
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

    async fn owe(&mut self) -> Stepped {
        let work = if self.record.work == Work::Running { Work::Failed } else { self.record.work };
        let (reason, owed) = (Some(ErrorReason::REFUND_DUE), Some(self.record.amount));
        self.advance(Money::RefundDue, work, Learnt { reason, owed, ..Learnt::default() }).await?;
        Ok(ControlFlow::Continue(()))
    }

    /// Runs the handler in a task of its own, so that a panic is a failed run and no more.
    /// `None` when the process itself is ending: that is no fault of the work, and the next process does it.
    async fn call(&self) -> Option<Run> {
        let bare = |status| Some(Run::failed(status));
        let Some((parts, body)) = self.request.clone() else {
            return bare(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let mut request = Request::from_parts(parts, Body::from(body));
        request.extensions_mut().insert(self.payment());
        let limit = self.gate.0.config.max_answer_bytes;
        let handler = self.handler.clone();
        let mut running = tokio::spawn(async move {
            let Ok(mut response) = handler.oneshot(request).await;
            let extensions = response.extensions_mut();
            let (charge, attachment) = (extensions.remove::<Charge>(), extensions.remove::<Attachment>());
            Run { answer: Answer::collect(response, limit).await, charge, attachment }
        });
        match tokio::time::timeout(self.sale.route.timeout, &mut running).await {
            Ok(Ok(run)) => Some(run),
            Ok(Err(end)) if end.is_cancelled() => None,
            Ok(Err(panic)) => {
                tracing::error!(payment = %self.record.id, route = self.record.route, %panic, "the handler panicked");
                bare(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Err(_) => {
                running.abort();
                tracing::warn!(payment = %self.record.id, route = self.record.route, "the handler ran out of time");
                bare(StatusCode::GATEWAY_TIMEOUT)
            }
        }
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

    async fn settle(&mut self) -> Stepped {
        if self.record.valid_before < now() + BROADCAST_MARGIN {
            // Too late to send; what was sent before may still have arrived.
            return self.ask().await;
        }
        let began = Instant::now();
        let outcome = self.gate.0.facilitator.settle(&self.record.settlement).await;
        self.timing.record("settle", began.elapsed());
        metrics::histogram!("x402_settle_seconds", "stage" => "total").record(began.elapsed());
        match outcome {
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
        if settled.block_number <= self.record.claimed_block {
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

    /// Asks the chain what became of the money.
    async fn ask(&mut self) -> Stepped {
        let Ok(exact) = self.record.settlement.payment_payload.exact() else {
            return Err(LedgerError::Corrupt("settlement"));
        };
        let authorization = exact.authorization;
        match self.gate.0.chain.payment_state(&authorization, self.record.claimed_block).await {
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

    /// Writes what was learnt and lets go of the payment.
    async fn stop(&mut self, money: Money, learnt: Learnt) -> Stepped {
        self.write(money, self.record.work, learnt, 0).await?;
        Ok(ControlFlow::Break(()))
    }

    /// Writes what was learnt, and keeps the payment while there is a next step.
    async fn advance(&mut self, money: Money, work: Work, learnt: Learnt) -> Result<(), LedgerError> {
        let lease = match next_step(self.record.flow, money, work) {
            Step::Answer => 0,
            Step::Run | Step::Settle | Step::Ask | Step::Owe => lease_ms(&self.gate, &self.sale),
        };
        self.write(money, work, learnt, lease).await
    }

    async fn write(
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
        record.settled = settled.or(record.settled.take());
        record.owed = owed.or(record.owed);
        Ok(())
    }

    /// What is signed once a payment is both settled and served, so that it is the same whenever it is sent.
    fn proof(&self, to: (Money, Work), answer: Option<&Answer>, settled: Option<&Settled>) -> Option<String> {
        let (record, config) = (&self.record, &self.gate.0.config);
        if to != (Money::Settled, Work::Served) || to == (record.money, record.work) {
            return None;
        }
        let (answer, settled) = (answer.or(record.answer.as_ref())?, settled.or(record.settled.as_ref())?);
        let signer = config.receipts.as_ref()?;
        let proof = signer.receipt(config, self.sale.resource_url(), record, (answer, settled), now());
        serde_json::to_string(&proof).ok()
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
