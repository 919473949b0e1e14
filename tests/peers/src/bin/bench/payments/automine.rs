//! A chain that makes a block of every transaction: what is left is the sellers' own time.

use anyhow::ensure;
use devnet::BlockTime;
use peers::{
    PRICE, ROUTE,
    market::{Market, Seller},
    payment,
};
use reqwest::Client;
use x402::SigningKey;

use super::{
    calls::{Calls, Until, call, client},
    floors, gas, phases,
};
use crate::{
    data::{Row, Table},
    section::Bench,
    sellers::{SIGNERS, STOCK, Sellers, TYPESCRIPT},
    stats::percentile,
};

/// Buyers that call at once.
const MANY: usize = 64;
/// Calls in a round, one at a time.
const ALONE: usize = 30;
/// Calls of each buyer in a round, when all call at once.
const EACH: usize = 6;
/// Accounts that buy; several buyers may share one. The others of the chain are left for the floor.
pub(super) const ACCOUNTS: usize = 48;

/// One seller's figures, round by round.
#[derive(Default)]
struct Side {
    alone_p50: Vec<f64>,
    alone: Calls,
    many_p50: Vec<f64>,
    many: Calls,
    per_second: Vec<f64>,
    gas: Vec<f64>,
}

/// Nobody settles sooner than the chain answers, and safety takes three writes: the claim, the answer, the transaction.
#[derive(Default)]
struct Floor {
    send: Vec<f64>,
    send_and_commits: Vec<f64>,
}

const COMMITS: f64 = 3.0;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let (mut sides, mut floor) = (<[Side; 3]>::default(), Floor::default());
    for round in 0..bench.rounds {
        measure_round(&mut sides, &mut floor, usize::try_from(round)?).await?;
    }
    let [ours, stock, typescript] = &sides;
    let rows = beside(ours, STOCK, stock).into_iter().chain(beside(ours, TYPESCRIPT, typescript));
    let rows = rows.chain(beside_floor(ours, &floor));
    let one = phases::rows("one at a time", &ours.alone);
    let phases = one.into_iter().chain(phases::rows("64 at once", &ours.many));
    Ok(vec![
        Table::new("A block for every transaction", rows),
        Table::new("Where the time of ours goes, by `Server-Timing`", phases),
    ])
}

/// A round has a chain of its own: every block takes anvil longer than the one before.
async fn measure_round(sides: &mut [Side; 3], floor: &mut Floor, round: usize) -> anyhow::Result<()> {
    let Sellers { ours, stock, typescript, market } = &Sellers::open(BlockTime::Auto).await?;
    let http = client()?;
    let buyers = buyers(market, MANY)?;
    for seller in [ours, stock, typescript] {
        call(&http, &seller.url(ROUTE), &buyers[..8], Until::Calls(1)).await?;
    }
    let sellers = [ours, stock, typescript];
    for turn in 0..sellers.len() {
        let turn = (turn + round) % sellers.len();
        sides[turn].measure(market, &http, sellers[turn], SIGNERS[turn], &buyers).await?;
    }
    floor.measure(market, &http, ours).await?;
    let calls = u64::try_from(8 + ALONE + MANY * EACH)?;
    let pay_to = market.chain.pay_to();
    for payee in [pay_to.rng, pay_to.scraper, pay_to.persona] {
        let earned = market.balance(payee).await?;
        ensure!(earned == calls * PRICE, "{payee} earned {earned} with {calls} calls");
    }
    Ok(())
}

impl Side {
    async fn measure(
        &mut self,
        market: &Market,
        http: &Client,
        seller: &Seller,
        signer: usize,
        buyers: &[SigningKey],
    ) -> anyhow::Result<()> {
        let url = seller.url(ROUTE);
        let alone = call(http, &url, &buyers[..1], Until::Calls(ALONE)).await?;
        let before = gas::Spent::by(&market.chain, signer, 0).await?;
        let many = call(http, &url, buyers, Until::Calls(EACH)).await?;
        let after = gas::Spent::by(&market.chain, signer, 0).await?;
        ensure!(alone.failed + many.failed == 0, "{url} did not answer to a payment");
        self.alone_p50.push(alone.p50());
        self.many_p50.push(many.p50());
        self.per_second.push(many.per_second);
        self.gas.push((after.gas - before.gas) / many.took.len() as f64);
        self.alone.extend(alone);
        self.many.extend(many);
        Ok(())
    }
}

impl Floor {
    /// The chain alone, asked for the same transfers by whoever pays them, to somebody who sells nothing; and the disk alone.
    async fn measure(&mut self, market: &Market, http: &Client, ours: &Seller) -> anyhow::Result<()> {
        let mut offer = payment::offer(http, &ours.url(ROUTE)).await?;
        offer.pay_to = market.chain.buyer(ACCOUNTS).address;
        let sender = market.chain.buyer(ACCOUNTS + 1);
        let send = percentile(&floors::send(&market.chain, sender, &offer, ALONE).await?, 0.5);
        let commit = percentile(&floors::fdatasync(market.folder())?, 0.5);
        self.send.push(send);
        self.send_and_commits.push(send + COMMITS * commit);
        Ok(())
    }
}

pub(super) fn buyers(market: &Market, count: usize) -> anyhow::Result<Vec<SigningKey>> {
    let key = |index| Ok(SigningKey::from_bytes(&market.chain.buyer(index % ACCOUNTS).private_key.0)?);
    (0..count).map(key).collect()
}

fn beside(ours: &Side, peer: &str, theirs: &Side) -> [Row; 6] {
    let row = |what, unit, ours: &[f64], theirs: &[f64]| Row::new(what, unit, ours).beside(peer, theirs);
    let p99 = |calls: &Calls| [percentile(&calls.took, 0.99)];
    [
        row("64 at once", "per second", &ours.per_second, &theirs.per_second).goal("at least 5"),
        row("64 at once, p50", "ms", &ours.many_p50, &theirs.many_p50),
        row("64 at once, p99 of all rounds", "ms", &p99(&ours.many), &p99(&theirs.many)),
        row("64 at once, a call", "gas", &ours.gas, &theirs.gas),
        row("one at a time, p50", "ms", &ours.alone_p50, &theirs.alone_p50),
        row("one at a time, p99 of all rounds", "ms", &p99(&ours.alone), &p99(&theirs.alone)),
    ]
}

fn beside_floor(ours: &Side, floor: &Floor) -> [Row; 2] {
    let row = |peer, floor: &[f64]| Row::new("one at a time, p50", "ms", &ours.alone_p50).beside(peer, floor);
    [
        row("eth_sendRawTransactionSync", &floor.send),
        row("eth_sendRawTransactionSync, 3 fdatasync", &floor.send_and_commits).goal("at most 1.5"),
    ]
}
