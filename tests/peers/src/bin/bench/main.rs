//! What a call costs, ours beside a peer's, measured in one run on one machine.
//!
//! Whatever is compared is measured in turns, several rounds of it, and the ratio is taken within each round: what disturbs a
//! round disturbs both. Prints Markdown; writes JSON where it is told to.

mod floors;
mod load;
mod paid;
mod report;
mod stats;
mod unpaid;
mod verification;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Parser;
use peers::market::Market;

use crate::report::Report;

/// Measure ours beside stock implementations
#[derive(Parser)]
struct Args {
    /// How many rounds of everything
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure this part alone
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Also write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// What a 402 costs
    Unpaid,
    /// What it costs to check a payment
    Verification,
    /// What a paid call takes
    Paid,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut report = Report::begin(args.rounds);
    let market = Market::open().await?;
    let pay_to = market.chain.pay_to();
    let ours = market.seller(&beside("our-seller")?, pay_to.rng, 0).await?;
    let stock = market.seller(&beside("stock-seller")?, pay_to.scraper, 1).await?;

    let wanted = |part| args.only.is_none_or(|only| only == part);
    if wanted(Part::Unpaid) {
        progress("unpaid requests");
        report.extend(unpaid::measure(&ours, &stock, args.rounds).await?);
    }
    if wanted(Part::Verification) {
        progress("local verification");
        report.extend(verification::measure(args.rounds)?);
    }
    if wanted(Part::Paid) {
        progress("paid calls");
        paid::measure(&market, &ours, &stock, &mut report).await?;
    }

    writeln!(std::io::stdout().lock(), "{report}")?;
    if let Some(path) = args.json {
        fs::write(&path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}

/// Another program of this package.
fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    Ok(here.parent().map(Path::to_path_buf).context("a folder of programs")?.join(name))
}

fn progress(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "measuring {what} ...");
}
