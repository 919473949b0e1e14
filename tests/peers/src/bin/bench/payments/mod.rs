//! What a paid call takes from request to answer, settled on the chain: ours beside x402-axum, and beside the floors.

mod floors;

use std::time::{Duration, Instant};

use anyhow::ensure;
use peers::{
    PRICE, ROUTE,
    market::{Market, Seller},
    payment,
};
use reqwest::Client;
use tokio::task::JoinSet;
use x402::{PAYMENT_SIGNATURE, SigningKey};

use crate::{
    data::{Row, Table},
    section::Bench,
    sellers::Sellers,
    stats::percentile,
};

/// Buyers that call at once.
const MANY: usize = 16;
/// Calls in a round, one at a time.
const ALONE: usize = 40;
/// Calls of each buyer in a round, when all call at once.
const EACH: usize = 10;

/// Calls that were made, with milliseconds for each.
pub(crate) struct Calls {
    pub(crate) wall: Duration,
    pub(crate) took: Vec<f64>,
    pub(crate) timings: Vec<String>,
}

/// One participant's figures, round by round.
#[derive(Default)]
struct Side {
    alone_p50: Vec<f64>,
    alone_mean: Vec<f64>,
    alone: Vec<f64>,
    many_p50: Vec<f64>,
    many: Vec<f64>,
    per_second: Vec<f64>,
    alone_timings: Vec<String>,
    many_timings: Vec<String>,
}

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let Sellers { ours, stock, market } = &Sellers::open().await?;
    let http = Client::builder().no_proxy().build()?;
    let buyers: Vec<_> = (0..MANY)
        .map(|index| SigningKey::from_bytes(&market.chain.buyer(index).private_key.0))
        .collect::<Result<_, _>>()?;
    let (mut our_side, mut their_side, mut floor, mut disk) =
        (Side::default(), Side::default(), Side::default(), Vec::new());
    for seller in [ours, stock] {
        call(&http, seller, &buyers, 1).await?;
    }
    for round in 0..bench.rounds {
        let mut turns = [(ours, &mut our_side), (stock, &mut their_side)];
        if round % 2 == 1 {
            turns.reverse();
        }
        for (seller, side) in turns {
            side.alone(call(&http, seller, &buyers[..1], ALONE).await?);
            side.many(call(&http, seller, &buyers, EACH).await?);
        }
        raw_sends(market, &http, ours, &mut floor).await?;
        disk.push(percentile(&floors::fdatasync(market.folder())?, 0.5));
    }
    ensure_paid(market, bench.rounds).await?;
    let rows = compare(&our_side, &their_side, &floor, &disk);
    let phases = Table::new("Where the time of a call goes, by `Server-Timing`", phases(&our_side));
    Ok(vec![Table::new("Paid calls", rows), phases])
}

/// The chain alone, asked for the same transfers by whoever pays them, to the third payee.
async fn raw_sends(market: &Market, http: &Client, ours: &Seller, floor: &mut Side) -> anyhow::Result<()> {
    let mut offer = payment::offer(http, &ours.url(ROUTE)).await?;
    offer.pay_to = market.chain.pay_to().persona;
    let senders = &market.chain.description().buyers()[MANY..2 * MANY];
    floor.alone(floors::send(&market.chain, &senders[..1], &offer, ALONE).await?);
    floor.many(floors::send(&market.chain, senders, &offer, EACH).await?);
    Ok(())
}

/// Signs `each` payments of every buyer, then lets every buyer make its calls one after the other, all buyers at once.
async fn call(http: &Client, seller: &Seller, buyers: &[SigningKey], each: usize) -> anyhow::Result<Calls> {
    let url = seller.url(ROUTE);
    let offer = payment::offer(http, &url).await?;
    let signed: Vec<_> =
        buyers.iter().map(|buyer| payment::headers(buyer, &offer, each)).collect::<Result<_, _>>()?;
    let (began, mut callers) = (Instant::now(), JoinSet::new());
    for headers in signed {
        callers.spawn(call_all(http.clone(), url.clone(), headers));
    }
    let (mut took, mut timings) = (Vec::new(), Vec::new());
    while let Some(called) = callers.join_next().await {
        for (milliseconds, timing) in called?? {
            took.push(milliseconds);
            timings.push(timing);
        }
    }
    Ok(Calls { wall: began.elapsed(), took, timings })
}

async fn call_all(http: Client, url: String, headers: Vec<String>) -> anyhow::Result<Vec<(f64, String)>> {
    let mut calls = Vec::new();
    for header in headers {
        let began = Instant::now();
        let answer = http.get(&url).header(PAYMENT_SIGNATURE, header).send().await?;
        let status = answer.status();
        let timing = answer.headers().get("server-timing").and_then(|value| value.to_str().ok());
        let timing = timing.unwrap_or_default().to_owned();
        let body = answer.text().await?;
        calls.push((milliseconds(began.elapsed()), timing));
        ensure!(status == 200, "{url} answers {status} to a payment: {body}");
    }
    Ok(calls)
}

/// Every call was paid for, to the atomic unit, on both sides.
async fn ensure_paid(market: &Market, rounds: u32) -> anyhow::Result<()> {
    let calls = u64::from(rounds) * u64::try_from(ALONE + MANY * EACH)? + u64::try_from(MANY)?;
    let pay_to = market.chain.pay_to();
    for payee in [pay_to.rng, pay_to.scraper] {
        let earned = market.balance(payee).await?;
        ensure!(earned == calls * PRICE, "{payee} earned {earned} with {calls} calls");
    }
    Ok(())
}

impl Side {
    fn alone(&mut self, calls: Calls) {
        self.alone_p50.push(percentile(&calls.took, 0.5));
        self.alone_mean.push(calls.took.iter().sum::<f64>() / calls.took.len() as f64);
        self.alone.extend(calls.took);
        self.alone_timings.extend(calls.timings);
    }

    fn many(&mut self, calls: Calls) {
        self.many_p50.push(percentile(&calls.took, 0.5));
        self.per_second.push(calls.took.len() as f64 / calls.wall.as_secs_f64());
        self.many.extend(calls.took);
        self.many_timings.extend(calls.timings);
    }
}

fn compare(ours: &Side, stock: &Side, floor: &Side, disk: &[f64]) -> Vec<Row> {
    const STOCK: &str = "x402-axum";
    const CHAIN: &str = "eth_sendRawTransactionSync alone";
    const DISK: &str = "one fdatasync";
    let row =
        |what, unit, peer, ours: &[f64], theirs: &[f64]| Row::new(what, unit, ours).beside(peer, theirs);
    let p99 = |samples: &[f64]| [percentile(samples, 0.99)];
    let (alone, alone_p99) = ("one at a time, p50", "one at a time, p99 of all rounds");
    let (many, many_p99, rate) = ("16 at once, p50", "16 at once, p99 of all rounds", "16 at once");
    vec![
        row(alone, "ms", STOCK, &ours.alone_p50, &stock.alone_p50),
        row("one at a time, mean", "ms", STOCK, &ours.alone_mean, &stock.alone_mean),
        row(alone_p99, "ms", STOCK, &p99(&ours.alone), &p99(&stock.alone)),
        row(rate, "per second", STOCK, &ours.per_second, &stock.per_second),
        row(many, "ms", STOCK, &ours.many_p50, &stock.many_p50),
        row(many_p99, "ms", STOCK, &p99(&ours.many), &p99(&stock.many)),
        row(alone, "ms", CHAIN, &ours.alone_p50, &floor.alone_p50),
        row(rate, "per second", CHAIN, &ours.per_second, &floor.per_second),
        row(many, "ms", CHAIN, &ours.many_p50, &floor.many_p50),
        row(alone, "ms", DISK, &ours.alone_p50, disk),
    ]
}

/// The median of every phase that our gate tells of, and what is left of the median call.
fn phases(ours: &Side) -> impl Iterator<Item = Row> {
    let one = phases_of("one at a time", &ours.alone_timings, &ours.alone);
    one.into_iter().chain(phases_of("16 at once", &ours.many_timings, &ours.many))
}

fn phases_of(how: &str, timings: &[String], whole: &[f64]) -> Vec<Row> {
    let names = timing(timings.first().map(String::as_str).unwrap_or_default()).map(|(name, _)| name);
    let median = |phase: &str| {
        let told = timings.iter().flat_map(|header| timing(header));
        let took: Vec<_> = told.filter(|(name, _)| *name == phase).map(|(_, took)| took).collect();
        percentile(&took, 0.5)
    };
    let phases: Vec<_> = names.map(|name| (name, median(name))).collect();
    let rest = percentile(whole, 0.5) - phases.iter().map(|(_, took)| took).sum::<f64>();
    let all = phases.into_iter().chain([("all else, the client's part included", rest)]);
    all.map(|(phase, took)| Row::new(format!("{how}: {phase}"), "ms", &[took])).collect()
}

/// The phases of a `Server-Timing` header with their milliseconds.
fn timing(header: &str) -> impl Iterator<Item = (&str, f64)> {
    header.split(", ").filter_map(|phase| {
        let (name, took) = phase.split_once(";dur=")?;
        Some((name, took.parse().ok()?))
    })
}

pub(crate) fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
