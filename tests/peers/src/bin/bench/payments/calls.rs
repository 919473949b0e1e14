//! Buyers that call a seller in closed loops: the next call waits for the last answer.

use std::time::{Duration, Instant};

use anyhow::Context;
use peers::payment;
use reqwest::{Client, RequestBuilder};
use tokio::task::JoinSet;
use x402::{PAYMENT_SIGNATURE, PaymentRequirements, SigningKey};

use crate::stats::percentile;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a buyer has called enough.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    Calls(usize),
    Elapsed(Duration),
}

/// Calls that were made.
#[derive(Default)]
pub(crate) struct Calls {
    /// Milliseconds of each that was answered with what it paid for.
    pub(crate) took: Vec<f64>,
    /// `Server-Timing` of each of those.
    pub(crate) timings: Vec<String>,
    /// Answers a second, of those within the time.
    pub(crate) per_second: f64,
    /// Calls that were answered otherwise, or not.
    pub(crate) failed: usize,
}

struct Call {
    ended: Instant,
    /// Milliseconds and timing, where it was answered with 200.
    answered: Option<(f64, String)>,
}

pub(crate) fn client() -> anyhow::Result<Client> {
    Ok(Client::builder().no_proxy().timeout(PATIENCE).build()?)
}

/// Lets every buyer `GET` a URL, one call after the other, all buyers at once.
pub(crate) async fn call(
    http: &Client,
    url: &str,
    buyers: &[SigningKey],
    until: Until,
) -> anyhow::Result<Calls> {
    call_by(&http.get(url), buyers, until).await
}

/// The same with whatever request, whose body is at hand.
pub(crate) async fn call_by(
    request: &RequestBuilder,
    buyers: &[SigningKey],
    until: Until,
) -> anyhow::Result<Calls> {
    let again = || request.try_clone().context("a body that can be sent again");
    let offer = payment::offer_for(again()?).await?;
    let (began, mut callers) = (Instant::now(), JoinSet::new());
    for buyer in buyers {
        callers.spawn(call_all(again()?, buyer.clone(), offer.clone(), until));
    }
    let mut made = Vec::new();
    while let Some(called) = callers.join_next().await {
        made.extend(called??);
    }
    let span = match until {
        Until::Calls(_) => began.elapsed(),
        Until::Elapsed(span) => span,
    };
    Ok(Calls::of(made, began + span, span))
}

async fn call_all(
    request: RequestBuilder,
    buyer: SigningKey,
    offer: PaymentRequirements,
    until: Until,
) -> anyhow::Result<Vec<Call>> {
    let (began, mut calls) = (Instant::now(), Vec::new());
    let enough = |made: usize| match until {
        Until::Calls(count) => made >= count,
        Until::Elapsed(span) => began.elapsed() >= span,
    };
    while !enough(calls.len()) {
        // Signed before the clock starts: the seller is measured, not the buyer.
        let header = payment::header(&buyer, &offer)?;
        let paid = request.try_clone().context("a body that can be sent again")?;
        let sent = Instant::now();
        let answered = answer(paid.header(PAYMENT_SIGNATURE, header)).await.ok();
        let ended = Instant::now();
        let answered = answered.map(|timing| (milliseconds(ended - sent), timing));
        calls.push(Call { ended, answered });
    }
    Ok(calls)
}

/// The `Server-Timing` of an answer that is what was paid for.
async fn answer(paid: RequestBuilder) -> reqwest::Result<String> {
    let answer = paid.send().await?.error_for_status()?;
    let timing = answer.headers().get("server-timing").and_then(|value| value.to_str().ok());
    let timing = timing.unwrap_or_default().to_owned();
    answer.bytes().await?;
    Ok(timing)
}

impl Calls {
    fn of(made: Vec<Call>, end: Instant, span: Duration) -> Self {
        let mut calls = Self::default();
        let mut in_time = 0_u32;
        for Call { ended, answered } in made {
            let Some((took, timing)) = answered else {
                calls.failed += 1;
                continue;
            };
            in_time += u32::from(ended <= end);
            calls.took.push(took);
            calls.timings.push(timing);
        }
        calls.per_second = f64::from(in_time) / span.as_secs_f64();
        calls
    }

    /// With those of another round.
    pub(crate) fn extend(&mut self, other: Self) {
        self.took.extend(other.took);
        self.timings.extend(other.timings);
        self.failed += other.failed;
    }

    pub(crate) fn p50(&self) -> f64 {
        percentile(&self.took, 0.5)
    }
}

pub(crate) fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
