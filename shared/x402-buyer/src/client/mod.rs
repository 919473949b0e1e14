//! The paying client: ask, read the offer, reserve, sign, record, pay.

mod answer;
mod deliver;
mod error;
pub(crate) mod exchange;
pub(crate) mod verdict;

use std::time::Duration;

use reqwest::StatusCode;
use x402::PaymentId;

use crate::{
    Challenge, Intent, Offer, Policy, Request, SignedPayment, Spend, SpendLedger, Terms, Wallet,
    budget::Limit,
};

use answer::Stopwatch;
use exchange::{Exchange, HttpAnswer};

pub use answer::{Answer, Phases, Purchase};
pub use error::{Refused, SendError, Unresolved};
pub use exchange::ExchangeError;

/// How long the answer to an unpaid request may take.
const UNPAID: Duration = Duration::from_secs(60);

/// A client that pays, within its policy, where a seller asks for it. Cloning is cheap, and clones share ledger and connections.
#[derive(Clone, Debug)]
pub struct PayingClient {
    wallet: Wallet,
    ledger: SpendLedger,
    policy: Policy,
    exchange: Exchange,
}

impl PayingClient {
    /// A client that pays from `wallet` and records in `ledger`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(wallet: Wallet, ledger: SpendLedger, policy: Policy) -> Result<Self, reqwest::Error> {
        let exchange = Exchange::new(policy.max_answer_bytes)?;
        Ok(Self { wallet, ledger, policy, exchange })
    }

    /// Sends a request and pays for it where that is asked. An answer to the unpaid request other than 402 is returned as it is.
    ///
    /// # Errors
    /// [`SendError`]; whether money is involved is [`SendError::payment_id`].
    pub async fn send(&self, request: &Request, terms: &Terms) -> Result<Answer, SendError> {
        let limits = self.policy.budgets.limits(terms.budget.as_deref())?;
        let mut watch = Stopwatch::start();
        let asked = self.ask(request, terms).await?;
        let mut phases = Phases { offer: watch.lap(), ..Phases::default() };
        let offer = match asked {
            Ok(offer) => offer,
            Err(answer) => return Ok(Answer::new(answer, None, phases)),
        };
        let intent = self.record(request, offer, terms, &limits).await?;
        phases.record = watch.lap();
        self.deliver(&intent, phases).await
    }

    /// The offer that would be paid for a request; nothing where the seller asks for no payment.
    ///
    /// # Errors
    /// As [`PayingClient::send`], before anything is signed.
    pub async fn offer(&self, request: &Request, terms: &Terms) -> Result<Option<Offer>, SendError> {
        Ok(self.ask(request, terms).await?.ok())
    }

    /// Sends a payment of the ledger again, unchanged, and returns the answer; one that is at hand is not asked for again.
    ///
    /// # Errors
    /// [`SendError`], where [`SendError::Dead`] means that paying anew is safe.
    pub async fn resume(&self, id: PaymentId) -> Result<Answer, SendError> {
        let Some(intent) = self.ledger.intent(id).await? else {
            // A call from a channel is kept once it is answered.
            let kept = self.ledger.receipt(id).await?;
            return kept.map(Answer::stored).ok_or(SendError::NoSuchPayment(id));
        };
        if intent.state == crate::State::Released {
            return Err(SendError::Dead(id));
        }
        match intent.receipt {
            Some(receipt) => Ok(Answer::stored(receipt)),
            None => self.deliver(&intent, Phases::default()).await,
        }
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> &SpendLedger {
        &self.ledger
    }

    /// Sends a request unpaid: the offer to pay, or the answer of who asks for none.
    async fn ask(&self, request: &Request, terms: &Terms) -> Result<Result<Offer, HttpAnswer>, SendError> {
        let answer = self.exchange.send(request, None, UNPAID).await.map_err(SendError::Unreachable)?;
        if let Some(location) = answer.redirect() {
            return Err(SendError::Redirected { location });
        }
        if answer.status != StatusCode::PAYMENT_REQUIRED {
            return Ok(Err(answer));
        }
        let challenge = Challenge::read(&answer.headers, &answer.body)?;
        Ok(Ok(self.policy.choose(challenge, request.host(), terms)?))
    }

    /// Reserves, signs and makes durable, in this order: a refusal leaves no signature behind.
    async fn record(
        &self,
        request: &Request,
        offer: Offer,
        terms: &Terms,
        limits: &[Limit],
    ) -> Result<Intent, SendError> {
        let spend = Spend {
            network: self.policy.network,
            host: request.host().to_owned(),
            payee: offer.requirements.pay_to,
            price: offer.requirements.amount,
            budget: terms.budget.clone(),
        };
        let reservation = self.ledger.reserve(spend, limits).await?;
        let (network, now) = (self.policy.network, reservation.now());
        let payment = SignedPayment::sign(&self.wallet, network, &offer, request.hash(), now)?;
        Ok(reservation.commit(request.clone(), offer, payment).await?)
    }
}
