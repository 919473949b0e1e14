//! The load-test harness over stock sellers and ours at once: what a customer of each waits, calls started on time.

use std::fs;

use anyhow::{Context, ensure};
use devnet::BlockTime;
use peers::ROUTE;
use serde_json::Value;
use tokio::process::Command;

use crate::{
    data::{Row, Table},
    harness::{Harness, figure},
    section::Bench,
    sellers::{STOCK, Sellers, TYPESCRIPT},
};

const SECONDS: u64 = 2;
/// Twenty-four calls a second, in turns: what the slowest of them keeps up with.
const PLAN: &str = "rate = 24\nduration = \"20s\"\nbuyers = 64\nbudget = \"10\"\n";
const BUYERS: &str = "64";
const EACH: &str = "0.1";
/// More would take long and tell little.
const MOST_ROUNDS: u32 = 3;

/// A seller's figures, round by round.
#[derive(Default)]
struct Side {
    served: Vec<f64>,
    p50: Vec<f64>,
    p90: Vec<f64>,
    p99: Vec<f64>,
}

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let (mut sides, mut astray) = (<[Side; 3]>::default(), Vec::new());
    for _ in 0..bench.rounds.min(MOST_ROUNDS) {
        let result = run().await?;
        for (at, side) in sides.iter_mut().enumerate() {
            side.push(&result, at);
        }
        astray.push(astray_in(&result));
    }
    let [ours, stock, typescript] = &sides;
    let rows = beside(ours, STOCK, stock).into_iter().chain(beside(ours, TYPESCRIPT, typescript));
    let audit = Row::new("payments of all three that the audit finds out of place", "payments", &astray);
    Ok(vec![
        Table::new("24 calls a second in turns, 64 buyers, a block every two seconds", rows.chain([audit])),
        Table::new("The generator alone, two seconds a round", [ceiling(bench).await?]),
    ])
}

/// How many signed requests the harness makes against a seller that costs nothing.
async fn ceiling(bench: &Bench) -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let json = folder.path().join("ceiling.json");
    let mut each_second = Vec::new();
    for _ in 0..bench.rounds {
        let mut loadtest = Command::new(Bench::program("loadtest")?);
        let output =
            loadtest.args(["ceiling", "--seconds", "2", "--json"]).arg(&json).kill_on_drop(true).output();
        let output = output.await?;
        ensure!(output.status.success(), "loadtest: {}", String::from_utf8_lossy(&output.stderr));
        let result = serde_json::from_slice(&fs::read(&json)?)?;
        each_second.push(figure(&result, "/load/served_per_s"));
    }
    Ok(Row::new("signed requests, seller on the same cores", "per second", &each_second)
        .goal("5,000 or more"))
}

async fn run() -> anyhow::Result<Value> {
    let Sellers { ours, stock, typescript, market } = &Sellers::open(BlockTime::Seconds(SECONDS)).await?;
    let mut plan = PLAN.to_owned();
    for seller in [ours, stock, typescript] {
        plan += &format!("[[target]]\nurl = \"{}\"\n", seller.url(ROUTE));
    }
    let path = market.folder().join("plan.toml");
    fs::write(&path, plan)?;
    let harness = Harness::new(market)?;
    harness.fund(BUYERS, EACH).await?;
    harness.run(&["--plan", path.to_str().context("a path of plain characters")?]).await
}

/// Calls that were paid and not answered, answered and not paid, paid twice, or unclear.
fn astray_in(result: &Value) -> f64 {
    let classes = ["served_unpaid", "paid_unserved", "double_paid", "pending"];
    classes.iter().map(|class| figure(result, &format!("/money/classes/{class}"))).sum()
}

impl Side {
    fn push(&mut self, result: &Value, at: usize) {
        let figure = |name: &str| figure(result, &format!("/targets/{at}/{name}"));
        self.served.push(100.0 * figure("served") / figure("started"));
        self.p50.push(figure("total/p50_s"));
        self.p90.push(figure("total/p90_s"));
        self.p99.push(figure("total/p99_s"));
    }
}

fn beside(ours: &Side, peer: &str, theirs: &Side) -> [Row; 4] {
    let row = |what, unit, ours: &[f64], theirs: &[f64]| Row::new(what, unit, ours).beside(peer, theirs);
    [
        row("served", "%", &ours.served, &theirs.served),
        row("total, p50", "s", &ours.p50, &theirs.p50),
        row("total, p90", "s", &ours.p90, &theirs.p90),
        row("total, p99", "s", &ours.p99, &theirs.p99),
    ]
}
