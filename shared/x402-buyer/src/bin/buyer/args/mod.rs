//! The command line.

mod buying;
mod money;

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand};
use x402::PaymentId;

use crate::{exit::EXIT_CODES, settings::Settings};

pub(crate) use buying::{Draw, Kind, PageFormat, Pay, Scrape};
pub(crate) use money::{Budget, Channel, Delegate, Limits, Wallet};

#[derive(Debug, Parser)]
#[command(name = "buyer", version, about = "Pay for HTTP resources over x402, within limits", after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send a request, and pay for it if the seller asks
    Pay(Pay),
    /// Buy verifiable random numbers, and check them
    Draw(Draw),
    /// Buy the content of a page; what is not content costs nothing
    Scrape(Scrape),
    /// Check a saved receipt
    Verify(Verify),
    /// List what was paid, deposited and bought, and what came back, newest first
    History(History),
    /// Take up payments whose outcome is open: send the same payment again, ask the chain
    Resume(Resume),
    /// Ask the seller for what it owes back
    Refund(Refund),
    /// Make or show the wallet
    #[command(subcommand)]
    Wallet(Wallet),
    /// As a payee, name the key that signs receipts for you
    Delegate(Delegate),
    /// Pay many calls from one deposit
    #[command(subcommand)]
    Channel(Channel),
    /// Set or list what may be spent
    #[command(subcommand)]
    Budget(Budget),
}

#[derive(Debug, Group)]
pub(crate) struct Verify {
    /// A receipt, as `--save` writes it, or the id of a payment or call of the history
    #[arg(value_name = "FILE|ID")]
    pub(crate) receipt: String,
    /// Leave out whether the payment is on the chain
    #[arg(long)]
    pub(crate) offline: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct History {
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct Resume {
    /// A payment, by its id
    #[arg(value_parser = payment_id, required_unless_present = "all", conflicts_with = "all")]
    pub(crate) id: Option<PaymentId>,
    /// Every payment whose outcome is open
    #[arg(long)]
    pub(crate) all: bool,
    /// Write the receipt to this file
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    pub(crate) save: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct Refund {
    /// The payment, by its id
    #[arg(value_parser = payment_id)]
    pub(crate) id: PaymentId,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn payment_id(text: &str) -> Result<PaymentId, String> {
    text.parse().map(PaymentId).map_err(|_| "a payment id is 0x and 64 hexadecimal digits".to_owned())
}
