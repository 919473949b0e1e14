//! Payments wait in one queue; a worker per signer takes what is there and settles it in one transaction. While its
//! transactions are in flight it waits a little for what else comes; an idle one sends at once.

mod batch;
mod turn;
mod worker;

use std::sync::{Arc, OnceLock};

use tokio::{
    sync::{Mutex, mpsc, oneshot},
    time::Instant,
};
use x402::{ExactPayload, SettleRequest};

use crate::{
    admission::{Admitted, SignedBy},
    facilitator::{FacilitatorError, SettleOutcome},
    keeper::keep,
    relay::Relay,
};
use turn::{Turn, Turns};
use worker::Worker;

/// What the caller of a settlement is told.
pub(crate) type Answer = Result<SettleOutcome, FacilitatorError>;

/// Where payments wait. Workers end when it is dropped and empty.
#[derive(Default)]
pub(crate) struct Queue {
    jobs: OnceLock<mpsc::Sender<Job>>,
    turns: Turns,
}

/// A payment to settle, the only one of its nonce, and who wants to know.
pub(crate) struct Job {
    payload: ExactPayload,
    /// [`SignedBy::Code`] also once the payer's code is seen or suspected: it settles alone then.
    signed_by: SignedBy,
    /// When it was found good, where that was for this very attempt.
    verified: Option<Instant>,
    max_timeout_seconds: u64,
    arrived: Instant,
    caller: oneshot::Sender<Answer>,
    _turn: Turn,
}

/// How many payments may wait.
const QUEUE: usize = 4096;

impl Queue {
    /// Starts a keeper and a worker for each signer on the caller's runtime, the first time.
    pub(crate) fn start(&self, relay: &Arc<Relay>) -> &mpsc::Sender<Job> {
        self.jobs.get_or_init(|| start(relay))
    }

    /// Settles a payment, once no other one of its nonce is under way. It goes on when the caller goes away.
    pub(crate) async fn settle(
        &self,
        relay: &Arc<Relay>,
        payment: Admitted,
        verified: Option<Instant>,
        request: &SettleRequest,
    ) -> Answer {
        let queue = self.start(relay);
        if relay.has_no_signer() {
            return Err(FacilitatorError::Busy);
        }
        let authorization = &payment.payload.authorization;
        let turn = self.turns.take(authorization.from, authorization.nonce).await;
        let (caller, answer) = oneshot::channel();
        let job = Job {
            payload: payment.payload,
            signed_by: payment.signed_by,
            verified,
            max_timeout_seconds: request.payment_requirements.max_timeout_seconds,
            arrived: Instant::now(),
            caller,
            _turn: turn,
        };
        queue.try_send(job).map_err(|_| FacilitatorError::Busy)?;
        answer.await.unwrap_or_else(|_| {
            let detail = "the settlement worker ended".to_owned();
            Ok(SettleOutcome::Unknown { transaction: None, detail })
        })
    }
}

fn start(relay: &Arc<Relay>) -> mpsc::Sender<Job> {
    let (sender, queue) = mpsc::channel(QUEUE);
    let queue = Arc::new(Mutex::new(queue));
    for (home, signer) in relay.addresses().enumerate() {
        tokio::spawn(keep(Arc::downgrade(relay), home));
        let (relay, queue) = (Arc::clone(relay), Arc::clone(&queue));
        tokio::spawn(Worker { home, signer: signer.to_checksum(None), relay }.run(queue));
    }
    sender
}

impl Job {
    fn answer(self, answer: Answer) {
        // Whoever is gone will ask the chain.
        let _ = self.caller.send(answer);
    }
}
