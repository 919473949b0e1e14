//! The load-test harness over stock sellers and ours at once: what a customer of each waits, calls started on time.

use std::fs;

use anyhow::Context;
use devnet::BlockTime;
use peers::ROUTE;
use serde_json::Value;

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
    Ok(vec![Table::new(
        "24 calls a second in turns, 64 buyers, a block every two seconds",
        rows.chain([audit]),
    )])
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
