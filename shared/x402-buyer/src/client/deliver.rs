use std::time::Duration;

use tokio::time::{Instant, sleep};
use x402::{Address, SettlementResponse};

use super::{
    Answer, PayingClient, Phases, Purchase, Refused, Unresolved,
    answer::Stopwatch,
    exchange::HttpAnswer,
    verdict::{self, Verdict},
};
use crate::{Body, Intent, LedgerError, Receipt, SendError, SignError, State, receipt::ResponseRecord};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often a seller that fails at its work is asked. It may run the work anew each time.
const FAILING_ATTEMPTS: u32 = 3;

/// What an attempt waits for beyond the seller's own window.
const ALLOWANCE: u64 = 30;

/// One attempt's end, when it is not the call's.
struct Setback {
    wait: Option<Duration>,
    why: String,
}

enum Attempt {
    Delivered(Box<(HttpAnswer, Option<SettlementResponse>)>),
    Failed(Box<HttpAnswer>),
    Setback(Setback),
    /// The outcome is open, and asking again will not tell.
    Stuck(String),
}

impl PayingClient {
    /// Sends one payment, the same each time, until there is an answer, a refusal, or no more patience.
    pub(super) async fn deliver(&self, intent: &Intent, mut phases: Phases) -> Result<Answer, SendError> {
        let mut watch = Stopwatch::start();
        let header = intent.payment.payload.header().map_err(SignError::from)?;
        self.ledger.advance(intent.id(), State::Sent, "sent").await?;
        let give_up = Instant::now() + self.policy.patience;
        let (mut pause, mut attempts) = (FIRST_PAUSE, 0);
        loop {
            attempts += 1;
            let setback = match self.attempt(intent, &header, attempts).await? {
                Attempt::Delivered(delivered) => {
                    phases.pay = watch.lap();
                    let (answer, settlement) = *delivered;
                    return Ok(self.delivered(intent, answer, settlement, attempts, phases).await);
                }
                Attempt::Failed(answer) => return self.refused(intent, *answer).await,
                Attempt::Stuck(why) => return self.unresolved(intent, attempts, why).await,
                Attempt::Setback(setback) => setback,
            };
            let wait = setback.wait.unwrap_or(pause).max(FIRST_PAUSE);
            if Instant::now() + wait > give_up {
                return self.unresolved(intent, attempts, setback.why).await;
            }
            tracing::info!(payment_id = %intent.id(), attempts, wait_ms = wait.as_millis(), "{}", setback.why);
            sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attempt(
        &self,
        intent: &Intent,
        header: &(&'static str, String),
        attempts: u32,
    ) -> Result<Attempt, SendError> {
        let timeout =
            Duration::from_secs(intent.offer.requirements.max_timeout_seconds.saturating_add(ALLOWANCE));
        let answer = match self.exchange.send(&intent.request, Some(header), timeout).await {
            Ok(answer) => answer,
            Err(error) if error.is_passing() => {
                return Ok(Attempt::Setback(Setback { wait: None, why: error.to_string() }));
            }
            Err(error) => return Ok(Attempt::Stuck(error.to_string())),
        };
        Ok(match Verdict::of(&answer) {
            Verdict::Delivered(settlement) => Attempt::Delivered(Box::new((answer, settlement))),
            Verdict::Again { wait, why, settlement } => {
                self.note(intent, settlement.as_ref()).await?;
                Attempt::Setback(Setback { wait, why })
            }
            Verdict::Failing if attempts < FAILING_ATTEMPTS => Attempt::Setback(Setback {
                wait: None,
                why: format!("the seller answered {}", answer.status),
            }),
            Verdict::Failing | Verdict::Refused => Attempt::Failed(Box::new(answer)),
        })
    }

    async fn delivered(
        &self,
        intent: &Intent,
        answer: HttpAnswer,
        settlement: Option<SettlementResponse>,
        attempts: u32,
        phases: Phases,
    ) -> Answer {
        let body = Body(answer.body.clone());
        let receipt =
            Receipt::new(intent, settlement, ResponseRecord::new(answer.status, &answer.headers, body));
        // The answer is paid for and here. A ledger that fails now leaves the amount reserved, and must not cost the answer.
        let former_payee = self.file(intent, &receipt).await.unwrap_or_else(|error| {
            tracing::error!(payment_id = %intent.id(), %error, "the answer could not be recorded");
            None
        });
        Answer::new(answer, Some(Purchase { receipt, former_payee, attempts }), phases)
    }

    /// Records an answer. Answers who was paid at the host before, where that was somebody else.
    async fn file(&self, intent: &Intent, receipt: &Receipt) -> Result<Option<Address>, LedgerError> {
        let state = match &receipt.settlement {
            Some(settlement) if settlement.success => State::Paid,
            // Answered, and nobody says that it was paid: the chain will.
            _ => State::Unknown,
        };
        self.ledger.keep_answer(intent, receipt, state).await
    }

    async fn refused(&self, intent: &Intent, answer: HttpAnswer) -> Result<Answer, SendError> {
        let settlement = verdict::settlement(&answer.headers);
        self.note(intent, settlement.as_ref()).await?;
        let refused = Refused {
            payment_id: intent.id(),
            amount: intent.payment.authorization.value,
            status: answer.status,
            reason: answer
                .redirect()
                .map(|to| format!("a redirect to {to}"))
                .or_else(|| verdict::reason(&answer)),
            settlement,
            headers: answer.headers,
            body: answer.body,
        };
        let state = if refused.paid() { State::Paid } else { State::Unknown };
        self.ledger.advance(intent.id(), state, &refused.to_string()).await?;
        Err(Box::new(refused).into())
    }

    async fn unresolved(&self, intent: &Intent, attempts: u32, last: String) -> Result<Answer, SendError> {
        self.ledger.advance(intent.id(), State::Unknown, &last).await?;
        let amount = intent.payment.authorization.value;
        Err(Box::new(Unresolved { payment_id: intent.id(), amount, attempts, last }).into())
    }

    /// Keeps what the seller says of the money, so that the chain can be asked about it.
    async fn note(
        &self,
        intent: &Intent,
        settlement: Option<&SettlementResponse>,
    ) -> Result<(), LedgerError> {
        match settlement {
            Some(settlement) => self.ledger.note_settlement(intent.id(), settlement).await,
            None => Ok(()),
        }
    }
}
