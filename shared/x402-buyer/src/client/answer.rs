use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::{StatusCode, header::HeaderMap};
use x402::Address;

use super::exchange::HttpAnswer;
use crate::Receipt;

/// The answer to a call, paid or not.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status: a success if it was paid for, anything but 402 otherwise.
    pub status: StatusCode,
    /// Headers as received.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The purchase; `None` where the seller asked for nothing.
    pub purchase: Option<Purchase>,
    /// Where the time went.
    pub phases: Phases,
}

/// What was bought.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// All that is needed to check it.
    pub receipt: Receipt,
    /// Who was paid at this host before, where that was somebody else.
    pub former_payee: Option<Address>,
    /// How often the payment was sent.
    pub attempts: u32,
}

/// The time each part of a call took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// From the unpaid request to the offer.
    pub offer: Duration,
    /// Budgets, signature, and the intent on disk.
    pub record: Duration,
    /// From the payment to the answer, attempts and pauses included.
    pub pay: Duration,
}

impl Phases {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.offer + self.record + self.pay
    }
}

impl Answer {
    pub(super) fn new(answer: HttpAnswer, purchase: Option<Purchase>, phases: Phases) -> Self {
        let HttpAnswer { status, headers, body } = answer;
        Self { status, headers, body, purchase, phases }
    }

    /// The answer that is at hand since an earlier call.
    pub(super) fn stored(receipt: Receipt) -> Self {
        let kept = |(name, value): (&String, &String)| Some((name.parse().ok()?, value.parse().ok()?));
        Self {
            status: StatusCode::from_u16(receipt.response.status).unwrap_or_default(),
            headers: receipt.response.headers.iter().filter_map(kept).collect(),
            body: receipt.response.body.0.clone(),
            purchase: Some(Purchase { receipt, former_payee: None, attempts: 0 }),
            phases: Phases::default(),
        }
    }
}

/// Time since the last lap.
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now.duration_since(self.0);
        self.0 = now;
        lap
    }
}
