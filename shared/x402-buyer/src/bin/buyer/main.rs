//! `buyer`: pays for what sellers offer over x402, within limits, and checks what it bought.

mod args;
mod budget;
mod buy;
mod channel;
mod context;
mod delegate;
mod draw;
mod exit;
mod history;
mod output;
mod pay;
mod purchase;
mod refund;
mod resume;
mod scrape;
mod settings;
mod verify;
mod wallet;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use args::{Args, Command};
use context::Context;
use exit::Exit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(help) => return exit::usage(&help),
    };
    let filter = EnvFilter::try_from_env("BUYER_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Box::pin(run(args)).await {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error),
    }
}

async fn run(args: Args) -> anyhow::Result<Exit> {
    let context = Context::new(args.settings)?;
    match args.command {
        Command::Pay(command) => pay::run(&context, command).await,
        Command::Draw(command) => draw::run(&context, command).await,
        Command::Scrape(command) => scrape::run(&context, command).await,
        Command::Verify(command) => verify::run(&context, &command).await,
        Command::History(command) => history::run(&context, &command).await,
        Command::Refund(command) => refund::run(&context, &command).await,
        Command::Resume(command) => resume::run(&context, &command).await,
        Command::Wallet(command) => wallet::run(&context, &command).await,
        Command::Delegate(command) => delegate::run(&context, &command),
        Command::Channel(command) => Box::pin(channel::run(&context, command)).await,
        Command::Budget(command) => budget::run(&context, &command).await,
    }
}
