//! The work on one payment, step by step until there is an answer: the same for a first use, a retry and a restart.

mod money;
mod work;
mod write;

use std::{ops::ControlFlow, sync::Arc};

use bytes::Bytes;
use http::request::Parts;
use x402::{B256, Binding, ErrorReason, Usdc};
use x402_facilitator::Settled;

use crate::{
    Attachment, Gate, LedgerError, Money, Work,
    body::SavedRequest,
    lease::Lease,
    ledger::{Answer, Record},
    run::Handler,
    sale::Sale,
    state::{Step, next_step},
    timing::Timing,
};

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
    pub(crate) async fn drive(self) -> Result<Finished, LedgerError> {
        self.lease().during(Box::pin(self.steps())).await
    }

    /// Follows the money alone, where the work waits for a caller. An authorization that nobody was charged for is public
    /// once it was sent: if somebody broadcasts it after all, what was paid and not served is owed back.
    pub(crate) async fn follow_money(mut self) -> Result<Finished, LedgerError> {
        let lease = self.lease();
        let follow = async move {
            if self.record.money == Money::Open && self.ask().await?.is_break() {
                return self.finish().await;
            }
            self.steps().await
        };
        lease.during(Box::pin(follow)).await
    }

    /// Settles again what a reorganisation took back. The transaction may come back by itself, so no refusal is the last word.
    pub(crate) async fn settle_again(mut self) -> Result<Finished, LedgerError> {
        self.doubtful = true;
        let lease = self.lease();
        let settle = async move {
            self.advance(Money::Settling, self.record.work, Learnt::default()).await?;
            self.steps().await
        };
        lease.during(Box::pin(settle)).await
    }

    fn lease(&self) -> Lease {
        Lease::of(&self.gate.0.ledger, &self.record)
    }

    async fn steps(mut self) -> Result<Finished, LedgerError> {
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
}
