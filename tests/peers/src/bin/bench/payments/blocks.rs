//! A chain with a block every two seconds, as Base has it: how many calls a seller gets into one.

use std::time::Duration;

use devnet::BlockTime;
use peers::{ROUTE, market::Seller};
use reqwest::Client;

use super::{
    automine,
    calls::{Calls, Until, call, client},
    gas::Spent,
};
use crate::{
    data::{Row, Table},
    section::Bench,
    sellers::{SIGNERS, STOCK, Sellers, TYPESCRIPT},
};

const SECONDS: u64 = 2;
const MANY: usize = 512;
/// Several blocks.
const SPAN: Duration = Duration::from_secs(16);
/// More would take long and tell little.
const MOST_ROUNDS: u32 = 3;

#[derive(Default)]
struct Side {
    per_second: Vec<f64>,
    p50: Vec<f64>,
    failed: Vec<f64>,
    spent: Vec<Spent>,
}

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Table> {
    let mut sides = <[Side; 3]>::default();
    for _ in 0..bench.rounds.min(MOST_ROUNDS) {
        let Sellers { ours, stock, typescript, market } = &Sellers::open(BlockTime::Seconds(SECONDS)).await?;
        let (http, buyers) = (client()?, automine::buyers(market, MANY)?);
        for ((side, seller), signer) in sides.iter_mut().zip([ours, stock, typescript]).zip(SIGNERS) {
            let before = Spent::newest(&market.chain).await?;
            side.push(&calls(&http, seller, &buyers).await?);
            side.spent.push(Spent::by(&market.chain, signer, before).await?);
        }
    }
    let [ours, stock, typescript] = &sides;
    let rows = beside(ours, STOCK, stock).into_iter().chain(beside(ours, TYPESCRIPT, typescript));
    let failed = [("ours", ours), (STOCK, stock), (TYPESCRIPT, typescript)];
    let failed = failed.into_iter().filter(|(_, side)| side.failed.iter().any(|failed| *failed > 0.0));
    let failed = failed.map(|(who, side)| {
        Row::new(format!("512 at once, not answered with what was paid for: {who}"), "calls", &side.failed)
    });
    let of_ours = |figure: fn(&Spent) -> f64| ours.spent.iter().map(figure).collect::<Vec<_>>();
    let rows = rows.chain(failed).chain([
        Row::new("512 at once, payments in a transaction", "payments", &payments_each(ours)),
        Row::new(
            "512 at once, transactions in a block",
            "transactions",
            &of_ours(|spent| spent.transactions / spent.blocks),
        ),
        Row::new("512 at once, of the fullest block's gas", "%", &of_ours(|spent| 100.0 * spent.fullest)),
    ]);
    Ok(Table::new("A block every two seconds", rows))
}

async fn calls(http: &Client, seller: &Seller, buyers: &[x402::SigningKey]) -> anyhow::Result<Calls> {
    call(http, &seller.url(ROUTE), buyers, Until::Elapsed(SPAN)).await
}

impl Side {
    fn push(&mut self, calls: &Calls) {
        self.per_second.push(calls.per_second);
        self.p50.push(calls.p50());
        self.failed.push(calls.failed as f64);
    }
}

fn payments_each(side: &Side) -> Vec<f64> {
    side.spent.iter().map(|spent| spent.payments / spent.transactions).collect()
}

fn beside(ours: &Side, peer: &str, theirs: &Side) -> [Row; 2] {
    let row = |what, unit, ours: &[f64], theirs: &[f64]| Row::new(what, unit, ours).beside(peer, theirs);
    [
        row("512 at once", "per second", &ours.per_second, &theirs.per_second).goal("ours 150 or more"),
        row("512 at once, p50 of what was answered", "ms", &ours.p50, &theirs.p50),
    ]
}
