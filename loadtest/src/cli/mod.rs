mod ceiling;
mod exit;
mod local;
mod results;
mod run;
mod wallet_args;
mod wallets;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Load on paid HTTP calls (x402): latency by phase, and an audit of where every payment went.
///
/// Ends with 0 when everything is as it should be, 3 when money is not where it belongs, 2 when a condition of the plan
/// failed, 64 when the plan cannot be carried out, and 1 when something else went wrong.
#[derive(Parser)]
#[command(version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Carry out a plan and audit it.
    Run(Box<run::Run>),
    /// Start every service of this repository on a local chain, run a plan over them, and stop them.
    Local(Box<local::LocalRun>),
    /// The accounts that pay: show, fund and empty them.
    Wallets(wallets::Wallets),
    /// How many signed requests a second this generator makes on this machine, against a seller that costs nothing.
    Ceiling(ceiling::Ceiling),
    /// Write a result as HTML, or as an HdrHistogram log.
    Report(results::Report),
    /// Results of processes that ran at the same time, as one.
    Merge(results::Merge),
    /// Whether the second run was slower than the first, or only luckier.
    Compare(results::Compare),
    /// The JSON Schema of results.
    Schema,
}

pub(crate) async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let ended = match Cli::parse().command {
        Command::Run(run) => run.run().await,
        Command::Local(local) => local.run().await,
        Command::Wallets(wallets) => wallets.run().await,
        Command::Ceiling(ceiling) => ceiling.run().await,
        Command::Report(report) => report.run(),
        Command::Merge(merge) => merge.run(),
        Command::Compare(compare) => compare.run(),
        Command::Schema => results::schema(),
    };
    ended.unwrap_or_else(|error| exit::failed(&error))
}
