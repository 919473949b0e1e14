use std::sync::Arc;

use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
    time::{Instant, sleep_until},
};
use x402::{Address, B256, ErrorReason, Finality};

use super::{
    Answer, Job,
    batch::{call, cut},
};
use crate::{
    admission::{SignedBy, now, window},
    chain::{ChainError, Facts, PaymentState, Receipt, Settled},
    facilitator::{FacilitatorError, SettleOutcome},
    relay::{Relay, Relayed},
    verified::is_recent,
};

/// Settles what waits, with one signer's transactions.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) home: usize,
    pub(super) signer: String,
    pub(super) relay: Arc<Relay>,
}

/// Shared by the workers.
pub(super) type Jobs = Arc<Mutex<mpsc::Receiver<Job>>>;

impl Worker {
    pub(super) async fn run(self, queue: Jobs) {
        let mut settling = JoinSet::new();
        loop {
            self.wait_for_signer(&queue).await;
            let batch = self.gather(&queue, &mut settling).await;
            if batch.is_empty() {
                break;
            }
            let worker = self.clone();
            settling.spawn(async move { worker.settle(batch).await });
        }
        settling.join_all().await;
    }

    /// Takes what waits, once few enough settlements are under way, and while some are what comes in a little time. Nothing
    /// when nothing will come any more.
    async fn gather(&self, queue: &Jobs, settling: &mut JoinSet<()>) -> Vec<Job> {
        let settings = &self.relay.settings;
        while settling.len() >= settings.max_in_flight.max(1) {
            settling.join_next().await;
        }
        let (limit, mut jobs) = (settings.max_batch.max(1), Vec::new());
        let mut queue = queue.lock().await;
        queue.recv_many(&mut jobs, limit).await;
        while settling.try_join_next().is_some() {}
        let since = jobs.first().map_or_else(Instant::now, |job| job.arrived);
        let window = since + self.relay.signers[self.home].window();
        while !settling.is_empty() && jobs.len() < limit {
            let room = limit - jobs.len();
            tokio::select! {
                taken = queue.recv_many(&mut jobs, room) => if taken == 0 { break },
                _ = settling.join_next() => {}
                () = sleep_until(window) => break,
            }
        }
        jobs
    }

    /// Waits until the signer belongs to this process. While none does, nobody is kept waiting.
    async fn wait_for_signer(&self, queue: &Jobs) {
        let mut held = self.relay.signers[self.home].held.subscribe();
        while *held.borrow_and_update() != Some(true) {
            if self.relay.has_no_signer() {
                while let Ok(job) = queue.lock().await.try_recv() {
                    job.answer(Err(FacilitatorError::Busy));
                }
            }
            // The sender is in the relay, which is here.
            let _ = held.changed().await;
        }
    }

    /// Settles payments: those of keys together, those of code, or that went wrong together, alone.
    async fn settle(&self, jobs: Vec<Job>) {
        let (mut alone, together) = match self.apart(jobs).await {
            Ok(apart) => apart,
            Err((jobs, error)) => return tell(jobs, &Err(error)),
        };
        for batch in together {
            alone.append(&mut self.attempt(batch).await);
        }
        for job in alone {
            // What comes back once more was alone without its gas being estimated.
            for job in self.attempt(vec![job]).await {
                self.attempt(vec![job]).await;
            }
        }
    }

    /// Which payments settle alone, and which together.
    async fn apart(
        &self,
        mut jobs: Vec<Job>,
    ) -> Result<(Vec<Job>, Vec<Vec<Job>>), (Vec<Job>, FacilitatorError)> {
        if jobs.len() < 2 {
            return Ok((jobs, Vec::new()));
        }
        let payers: Vec<Address> = jobs.iter().map(|job| job.payload.authorization.from).collect();
        let asked = async { tokio::try_join!(self.have_code(&payers), self.relay.fees()) };
        let (have_code, fees) = match asked.await {
            Ok(asked) => asked,
            Err(error) => return Err((jobs, error)),
        };
        for (job, has_code) in jobs.iter_mut().zip(have_code) {
            if has_code {
                job.signed_by = SignedBy::Code;
            }
        }
        let (alone, together) = jobs.into_iter().partition(|job| job.signed_by == SignedBy::Code);
        Ok((alone, cut(together, fees, &self.relay.settings)))
    }

    async fn have_code(&self, payers: &[Address]) -> Result<Vec<bool>, FacilitatorError> {
        Ok(self.relay.chain.have_code(payers).await?)
    }

    /// Settles payments in one transaction. Returns those of which nothing is known but that they should be tried alone.
    async fn attempt(&self, jobs: Vec<Job>) -> Vec<Job> {
        let (jobs, late): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| job.arrived.elapsed() <= self.relay.settings.longest_wait());
        tell(late, &Err(FacilitatorError::Busy));
        if jobs.is_empty() {
            return jobs;
        }
        let (ready, mut again) = self.examine(jobs).await;
        if ready.is_empty() {
            return again;
        }
        let receipt = match self.send(&ready).await {
            Ok(Relayed::Mined(receipt)) => receipt,
            Ok(Relayed::Waiting(hash)) => {
                let detail = format!("in no block after {:?}", self.relay.settings.settle_timeout);
                tell(ready, &Ok(SettleOutcome::Unknown { transaction: Some(hash), detail }));
                return again;
            }
            Err(error) => {
                tell(ready, &Err(error));
                return again;
            }
        };
        let concluded = ready.into_iter().map(|job| self.conclude(job, &receipt));
        again.extend(futures_util::future::join_all(concluded).await.into_iter().flatten());
        again
    }

    async fn send(&self, jobs: &[Job]) -> Result<Relayed, FacilitatorError> {
        let sender = self.relay.addresses().nth(self.home).unwrap_or_default();
        let call = call(jobs, &self.relay.chain, sender).await?;
        let size = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
        metrics::histogram!("x402_settle_batch_size", "signer" => self.signer.clone()).record(size);
        // Whoever waited longest decides how long all wait.
        let oldest = jobs.iter().map(|job| job.arrived).min().unwrap_or_else(Instant::now);
        self.relay.send(self.home, &call, oldest + self.relay.settings.settle_timeout).await
    }

    /// Answers what cannot settle, or did before. Returns what can, and what is unclear for being simulated with others.
    async fn examine(&self, jobs: Vec<Job>) -> (Vec<Job>, Vec<Job>) {
        let (mut ready, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| is_recent(job.verified));
        if jobs.is_empty() {
            return (ready, jobs);
        }
        let payloads: Vec<_> = jobs.iter().map(|job| &job.payload).collect();
        let newest = self.relay.chain.newest_seen();
        let asked = async {
            let facts = async { Ok(self.relay.chain.facts_of(&payloads).await?) };
            tokio::try_join!(facts, self.relay.fees())
        };
        let facts = match asked.await {
            Ok((facts, _)) => facts,
            Err(error) => {
                tell(jobs, &Err(error));
                return (ready, Vec::new());
            }
        };
        let (single, mut again) = (jobs.len() == 1, Vec::new());
        for (job, facts) in jobs.into_iter().zip(facts) {
            if facts.nonce_used {
                let answer = self.used(&job, &facts, None).await;
                job.answer(answer.map_err(Into::into));
                continue;
            }
            match judge(&job, &facts) {
                Ok(()) => ready.push(job),
                Err(reason) if !single && reason == ErrorReason::INVALID_TRANSACTION_STATE => again.push(job),
                // What a node refuses that does not know the block of the verification yet, a later one may allow.
                Err(_) if facts.head.number < newest => {
                    let behind = ChainError::Behind { head: facts.head.number, needed: newest };
                    job.answer(Err(behind.into()));
                }
                Err(reason) => job.answer(Ok(SettleOutcome::Failed { reason, transaction: None })),
            }
        }
        (ready, again)
    }

    /// Reads what a transaction in a block did for a payment. Returns it if that is nothing, and unexplained.
    async fn conclude(&self, mut job: Job, receipt: &Receipt) -> Option<Job> {
        let transaction = Some(receipt.transaction_hash());
        if let Some(settled) = self.relay.chain.settlement(receipt, &job.payload.authorization) {
            // The node that took the transaction says so; nobody else was asked.
            let settled = Settled { finality: Finality::Preconf, ..settled };
            job.answer(Ok(SettleOutcome::Settled(settled)));
            return None;
        }
        let outcome = match self.explain(&job, receipt).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) if job.signed_by == SignedBy::Key => {
                (job.signed_by, job.verified) = (SignedBy::Code, None);
                return Some(job);
            }
            Ok(None) => SettleOutcome::Failed { reason: ErrorReason::INVALID_TRANSACTION_STATE, transaction },
            Err(error) => SettleOutcome::Unknown { transaction, detail: error.to_string() },
        };
        job.answer(Ok(outcome));
        None
    }

    /// Why our transaction moved nothing: somebody else's made the same payment before it, say. `None` when it should have.
    async fn explain(&self, job: &Job, receipt: &Receipt) -> Result<Option<SettleOutcome>, ChainError> {
        let facts = self.relay.chain.facts(&job.payload).await?;
        facts.head.covers(Some(receipt))?;
        let transaction = Some(receipt.transaction_hash());
        if facts.nonce_used {
            return self.used(job, &facts, transaction).await.map(Some);
        }
        let reason = facts.judge(&job.payload.authorization).err();
        Ok(reason.map(|reason| SettleOutcome::Failed { reason, transaction }))
    }

    /// What used the nonce of a payment.
    async fn used(
        &self,
        job: &Job,
        facts: &Facts,
        transaction: Option<B256>,
    ) -> Result<SettleOutcome, ChainError> {
        match self.relay.chain.recent_payment_state(&job.payload.authorization).await? {
            PaymentState::Settled(settled) => Ok(SettleOutcome::Settled(settled)),
            PaymentState::Burned => {
                Ok(SettleOutcome::Failed { reason: ErrorReason::AUTHORIZATION_BURNED, transaction })
            }
            PaymentState::Unused { head } => {
                Err(ChainError::Behind { head: head.number, needed: facts.head.number })
            }
        }
    }
}

fn judge(job: &Job, facts: &Facts) -> Result<(), ErrorReason> {
    let authorization = &job.payload.authorization;
    window(authorization, job.max_timeout_seconds, now())?;
    facts.judge(authorization)
}

fn tell(jobs: Vec<Job>, answer: &Answer) {
    for job in jobs {
        job.answer(answer.clone());
    }
}
