//! What the gate itself takes of a paid call when the facilitator says yes at once: with its durable writes, and with its database where
//! no write waits for a disk.

use std::time::Instant;

use anyhow::ensure;
use devnet::BlockTime;
use peers::{
    ROUTE,
    market::{Market, Seller},
};
use reqwest::Client;
use tempfile::TempDir;
use x402::SigningKey;

use super::{
    automine,
    calls::{Until, call, client, milliseconds},
    floors,
};
use crate::{
    data::{Row, Table},
    section::Bench,
    sellers::{MEMORY, beside},
    stats::percentile,
};

const CALLS: usize = 200;

/// One of ours, and what its rounds took in milliseconds.
struct Side {
    seller: Seller,
    p50: Vec<f64>,
    p99: Vec<f64>,
    /// What the same answer takes for nothing.
    free_p50: Vec<f64>,
    free_p99: Vec<f64>,
}

impl Side {
    const fn of(seller: Seller) -> Self {
        Self { seller, p50: Vec::new(), p99: Vec::new(), free_p50: Vec::new(), free_p99: Vec::new() }
    }

    async fn round(&mut self, http: &Client, buyers: &[SigningKey]) -> anyhow::Result<()> {
        let [_, _, gate, free] = self.seller.addresses[..] else {
            anyhow::bail!("our seller has four addresses")
        };
        let paid = call(http, &format!("http://{gate}{ROUTE}"), buyers, Until::Calls(CALLS)).await?;
        ensure!(paid.failed == 0, "the gate did not answer to a payment");
        let free = unpaid(http, &format!("http://{free}{ROUTE}")).await?;
        self.p50.push(paid.p50());
        self.p99.push(percentile(&paid.took, 0.99));
        self.free_p50.push(percentile(&free, 0.5));
        self.free_p99.push(percentile(&free, 0.99));
        Ok(())
    }

    /// What a paid call takes more than the same answer for nothing, in the middle.
    fn gate(&self) -> Vec<f64> {
        self.p50.iter().zip(&self.free_p50).map(|(paid, free)| paid - free).collect()
    }
}

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Table> {
    let market = Market::open(BlockTime::Auto).await?;
    let (pay_to, memory) = (market.chain.pay_to(), TempDir::new_in(MEMORY)?);
    let ours = || beside("our-seller");
    let mut durable = Side::of(market.seller(ours()?, pay_to.rng, 0).await?);
    let mut in_memory = Side::of(market.seller_keeping(ours()?, memory.path(), pay_to.scraper, 1).await?);
    let (http, buyers, mut commit) = (client()?, automine::buyers(&market, 1)?, Vec::new());
    for _ in 0..bench.rounds {
        durable.round(&http, &buyers).await?;
        in_memory.round(&http, &buyers).await?;
        commit.push(percentile(&floors::fdatasync(market.folder())?, 0.5));
    }
    let free = "the same answer for nothing";
    let rows = [
        Row::new("paid call, p50", "ms", &durable.p50).beside(free, &durable.free_p50),
        Row::new("paid call, p99", "ms", &durable.p99).beside(free, &durable.free_p99),
        Row::new("the gate's part, p50", "ms", &durable.gate()).beside("one fdatasync", &commit),
        Row::new("paid call, database in memory, p50", "ms", &in_memory.p50)
            .beside(free, &in_memory.free_p50),
        Row::new("paid call, database in memory, p99", "ms", &in_memory.p99)
            .beside(free, &in_memory.free_p99),
        Row::new("the gate's part, database in memory, p50", "ms", &in_memory.gate()).goal("less than 1 ms"),
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
