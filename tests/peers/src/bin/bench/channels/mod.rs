//! Calls from channels: ours with every voucher on disk before its answer, ours with its database in memory, and the TypeScript
//! stack, which keeps nothing on disk.

mod buyer;
mod claims;

use std::{path::Path, process::Command, time::Instant};

use anyhow::Context;
use devnet::BlockTime;
use peers::market::{Market, Seller};
use tempfile::TempDir;
use tokio::task::JoinSet;
use x402::SigningKey;

use crate::{
    data::{Row, Table},
    payments::fdatasync,
    section::Bench,
    sellers::{MEMORY, TYPESCRIPT, beside, typescript_seller},
    stats::percentile,
    unpaid::processor_time,
};
use buyer::Channel;

/// Calls of a round on one channel, one at a time.
const ALONE: usize = 200;
/// Channels that are spent from at once, and the calls of each in a round.
const CHANNELS: usize = 16;
const EACH: usize = 40;
/// The accounts of the chain that send: for deposits, and for claims.
const SIGNERS: [[usize; 2]; 3] = [[0, 3], [1, 4], [2, 5]];

/// One seller's figures, round by round.
#[derive(Default)]
struct Side {
    alone_p50: Vec<f64>,
    per_second: Vec<f64>,
    processor_ms: Vec<f64>,
}

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let (mut sides, mut disk) = (<[Side; 3]>::default(), Vec::new());
    for round in 0..bench.rounds {
        let market = Market::open(BlockTime::Auto).await?;
        let memory = TempDir::new_in(MEMORY)?;
        let sellers = open(&market, memory.path()).await?;
        for turn in 0..sellers.len() {
            let turn = (turn + usize::try_from(round)?) % sellers.len();
            sides[turn].measure(&market, &sellers[turn]).await?;
        }
        disk.push(percentile(&fdatasync(market.folder())?, 0.5));
    }
    let [durable, memory, typescript] = &sides;
    let beyond: Vec<_> = durable.alone_p50.iter().zip(&disk).map(|(took, disk)| took - disk).collect();
    let beyond = Row::new("one at a time, p50, less one fdatasync", "ms", &beyond).goal("at most 1");
    let kept = beside_typescript(durable, typescript, ["", "at least 5", "at most 0.1"]);
    let kept = kept.into_iter().chain([Row::new("one fdatasync, p50", "ms", &disk), beyond]);
    Ok(vec![
        Table::new("Durable: a voucher is on disk before its answer leaves", kept),
        Table::new("Database in memory", beside_typescript(memory, typescript, ["at most 0.3", "", ""])),
        Table::new("Claims", claims::measure().await?),
    ])
}

/// Ours durable, ours in memory, and the TypeScript stack.
async fn open(market: &Market, memory: &Path) -> anyhow::Result<[Seller; 3]> {
    let pay_to = market.chain.pay_to();
    let programs = [
        (ours()?, market.folder(), pay_to.rng),
        (ours()?, memory, pay_to.scraper),
        (typescript_seller(), market.folder(), pay_to.persona),
    ];
    let mut sellers = Vec::new();
    for ((mut program, folder, pay_to), [signer, claimer]) in programs.into_iter().zip(SIGNERS) {
        program.env("CHANNEL_KEY", market.chain.signer(claimer).private_key.to_string());
        program.env("CLAIM_TOTAL", u64::MAX.to_string());
        sellers.push(market.seller_keeping(program, folder, pay_to, signer).await?);
    }
    sellers.try_into().ok().context("three sellers")
}

fn ours() -> anyhow::Result<Command> {
    beside("channel-seller")
}

impl Side {
    async fn measure(&mut self, market: &Market, seller: &Seller) -> anyhow::Result<()> {
        let mut channels = Vec::new();
        for index in 0..CHANNELS {
            let key = SigningKey::from_bytes(&market.chain.buyer(index).private_key.0)?;
            channels.push(Channel::open(seller, key, 1, u64::try_from(1 + ALONE + EACH)?).await?);
        }
        let headers = channels[0].sign(ALONE)?;
        let took = channels[0].spend(&headers).await?;
        let took: Vec<_> = took.into_iter().map(|took| took.as_secs_f64() * 1e3).collect();
        self.alone_p50.push(percentile(&took, 0.5));

        let used = || processor_time(seller.id()).context("the system does not count processor time");
        let before = used()?;
        let mut spending = JoinSet::new();
        for mut channel in channels {
            let headers = channel.sign(EACH)?;
            spending.spawn(async move { channel.spend(&headers).await });
        }
        let began = Instant::now();
        for spent in spending.join_all().await {
            spent?;
        }
        let (took, calls) = (began.elapsed(), (CHANNELS * EACH) as f64);
        self.per_second.push(calls / took.as_secs_f64());
        self.processor_ms.push((used()? - before) * 1e3 / calls);
        Ok(())
    }
}

fn beside_typescript(ours: &Side, theirs: &Side, goals: [&str; 3]) -> Vec<Row> {
    let row =
        |what, unit, ours: &[f64], theirs: &[f64]| Row::new(what, unit, ours).beside(TYPESCRIPT, theirs);
    let rows = [
        row("one at a time, p50", "ms", &ours.alone_p50, &theirs.alone_p50),
        row("16 channels at once", "per second", &ours.per_second, &theirs.per_second),
        row(
            "16 channels at once, a voucher",
            "ms of server processor",
            &ours.processor_ms,
            &theirs.processor_ms,
        ),
    ];
    let aimed = |(row, goal): (Row, &str)| if goal.is_empty() { row } else { row.goal(goal) };
    rows.into_iter().zip(goals).map(aimed).collect()
}
