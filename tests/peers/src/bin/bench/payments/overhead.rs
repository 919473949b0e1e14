//! What the gate itself takes of a paid call, its durable writes included, when the facilitator says yes at once.

use std::time::Instant;

use anyhow::ensure;
use devnet::BlockTime;
use peers::ROUTE;
use reqwest::Client;

use super::{
    automine,
    calls::{Until, call, client, milliseconds},
    floors,
};
use crate::{
    data::{Row, Table},
    section::Bench,
    sellers::Sellers,
    stats::percentile,
};

const CALLS: usize = 200;

#[derive(Default)]
struct Rounds {
    ours_p50: Vec<f64>,
    free_p50: Vec<f64>,
    ours_p99: Vec<f64>,
    free_p99: Vec<f64>,
    commit: Vec<f64>,
}

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Table> {
    let Sellers { ours, market, .. } = &Sellers::open(BlockTime::Auto).await?;
    let [_, _, gate, free] = ours.addresses[..] else { anyhow::bail!("our seller has four addresses") };
    let (http, buyers) = (client()?, automine::buyers(market, 1)?);
    let mut rounds = Rounds::default();
    for _ in 0..bench.rounds {
        let paid = call(&http, &format!("http://{gate}{ROUTE}"), &buyers, Until::Calls(CALLS)).await?;
        ensure!(paid.failed == 0, "the gate did not answer to a payment");
        let free = unpaid(&http, &format!("http://{free}{ROUTE}")).await?;
        rounds.ours_p50.push(paid.p50());
        rounds.ours_p99.push(percentile(&paid.took, 0.99));
        rounds.free_p50.push(percentile(&free, 0.5));
        rounds.free_p99.push(percentile(&free, 0.99));
        rounds.commit.push(percentile(&floors::fdatasync(market.folder())?, 0.5));
    }
    let Rounds { ours_p50, free_p50, ours_p99, free_p99, commit } = &rounds;
    let more: Vec<_> = ours_p50.iter().zip(free_p50).map(|(ours, free)| ours - free).collect();
    let free = "the same answer for nothing";
    let rows = [
        Row::new("paid call, p50", "ms", ours_p50).beside(free, free_p50),
        Row::new("paid call, p99", "ms", ours_p99).beside(free, free_p99),
        Row::new("the gate's part, p50", "ms", &more).beside("one fdatasync", commit).goal("less than 1 ms"),
    ];
    Ok(Table::new("Without a chain", rows))
}

async fn unpaid(http: &Client, url: &str) -> anyhow::Result<Vec<f64>> {
    let mut took = Vec::new();
    for _ in 0..CALLS {
        let sent = Instant::now();
        http.get(url).send().await?.error_for_status()?.bytes().await?;
        took.push(milliseconds(sent.elapsed()));
    }
    Ok(took)
}
