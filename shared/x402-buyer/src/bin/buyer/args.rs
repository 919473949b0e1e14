//! The command line.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand};
use url::Url;
use x402::{Address, ChannelId, PaymentId, Usdc};

use crate::{exit::EXIT_CODES, settings::Settings};

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
    /// Check a saved receipt
    Verify(Verify),
    /// List payments, newest first
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

/// What limits a purchase, and where it goes.
#[derive(Debug, Group)]
pub(crate) struct Purchasing {
    /// Also count it against this budget
    #[arg(long, value_name = "NAME")]
    pub(crate) budget: Option<String>,
    /// How many calls are expected at this seller: from four on a channel takes less gas, and one deposit pays for all
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) calls: u64,
    /// Write the receipt to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct Pay {
    /// What to ask for
    pub(crate) url: String,
    /// Method; GET, or POST with data
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) request: Option<String>,
    /// A header, `Name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
    /// The body, JSON unless a Content-Type says otherwise; `@FILE` reads a file
    #[arg(short = 'd', long, value_name = "DATA")]
    pub(crate) body: Option<String>,
    /// The highest price, in dollars
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) max: Option<Usdc>,
    #[command(flatten)]
    pub(crate) purchasing: Purchasing,
}

#[derive(Debug, Group)]
pub(crate) struct Draw {
    /// The service; a URL without a path gets `/v1/random`
    #[arg(long, default_value = "http://127.0.0.1:4023")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) kind: Kind,
    /// How many integers, or weighted choices
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u32>,
    /// Entropy of your own that goes into the draw
    #[arg(long, value_name = "TEXT")]
    pub(crate) client_seed: Option<String>,
    /// What the draw is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<String>,
    /// Draw with a round of the public beacon that nobody knows yet
    #[arg(long)]
    pub(crate) beacon: bool,
    /// The highest price, in dollars
    #[arg(long, value_name = "DOLLARS", default_value = "0.01")]
    pub(crate) max: Usdc,
    #[command(flatten)]
    pub(crate) purchasing: Purchasing,
}

/// What is drawn; 32 bytes if nothing is said.
#[derive(Debug, Group)]
#[group(multiple = false)]
pub(crate) struct Kind {
    /// Random bytes
    #[arg(long, value_name = "N")]
    pub(crate) bytes: Option<String>,
    /// Throws of a die
    #[arg(long, value_name = "2d6")]
    pub(crate) dice: Option<String>,
    /// Integers, both ends included
    #[arg(long, value_name = "MIN..MAX")]
    pub(crate) range: Option<String>,
    /// The numbers below N in random order
    #[arg(long, value_name = "N")]
    pub(crate) shuffle: Option<String>,
    /// K distinct numbers below N
    #[arg(long, value_name = "K/N")]
    pub(crate) sample: Option<String>,
    /// Indices into a list of weights
    #[arg(long, value_name = "1,2,3")]
    pub(crate) weights: Option<String>,
    /// UUIDs of version 4
    #[arg(long, value_name = "N")]
    pub(crate) uuids: Option<String>,
    /// Passwords of that many letters and digits
    #[arg(long, value_name = "LENGTH")]
    pub(crate) passwords: Option<String>,
    /// Numbers from 0 up to 1
    #[arg(long, value_name = "N")]
    pub(crate) floats: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct Verify {
    /// A receipt, as `--save` writes it
    pub(crate) file: PathBuf,
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
pub(crate) struct Delegate {
    /// The address of the key that signs, as the service's `keygen` shows it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) receipt_key: Address,
    /// The public origin that it signs for: `https://api.example.com`
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    pub(crate) origin: String,
    /// For how many days
    #[arg(long, value_name = "N", default_value_t = 365)]
    pub(crate) days: u32,
    /// Write the statement to this file instead of printing it
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
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

#[derive(Debug, Subcommand)]
pub(crate) enum Wallet {
    /// Make a key: in a file that only you can read, or encrypted under a password
    New {
        /// Encrypt it (Web3 Secret Storage)
        #[arg(long)]
        encrypted: bool,
    },
    /// Show address and balances
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Channel {
    /// List channels, the latest first
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Open a channel and buy from it: prints one answer a line
    Open {
        /// What to ask for
        url: String,
        /// How many calls
        #[arg(long, value_name = "N", default_value_t = 1)]
        calls: u64,
        /// The highest price of a call, in dollars
        #[arg(long, value_name = "DOLLARS", default_value = "0.01")]
        max: Option<Usdc>,
        /// What goes in, in dollars; the calls at their highest price unless set
        #[arg(long, value_name = "DOLLARS")]
        deposit: Option<Usdc>,
        /// Also count the deposit against this budget
        #[arg(long, value_name = "NAME")]
        budget: Option<String>,
        /// How many calls are under way together
        #[arg(long, value_name = "N", default_value_t = 1)]
        at_once: usize,
    },
    /// Ask the seller for what is left
    Close {
        /// The channel
        #[arg(value_parser = channel_id)]
        id: ChannelId,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Budget {
    /// Set limits, in dollars; `total` counts everything
    Set {
        /// Name of the budget
        name: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// List budgets, and what counts against them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Group)]
#[group(required = true, multiple = true)]
pub(crate) struct Limits {
    /// The highest price of one call
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) per_call: Option<Usdc>,
    /// The sum in any 24 hours
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) per_day: Option<Usdc>,
    /// The sum in any 24 hours at one host
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) per_host_day: Option<Usdc>,
    /// The sum in any 24 hours to one payee
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) per_payee_day: Option<Usdc>,
}

fn channel_id(text: &str) -> Result<ChannelId, String> {
    text.parse().map(ChannelId).map_err(|_| "a channel is 0x and 64 hexadecimal digits".to_owned())
}

fn payment_id(text: &str) -> Result<PaymentId, String> {
    text.parse().map(PaymentId).map_err(|_| "a payment id is 0x and 64 hexadecimal digits".to_owned())
}

fn origin(text: &str) -> Result<String, String> {
    let url: Url = text.parse().map_err(|error: url::ParseError| error.to_string())?;
    let origin = url.origin().ascii_serialization();
    if origin == text.trim_end_matches('/') {
        Ok(origin)
    } else {
        Err("an origin is http:// or https:// and a host, without a path".to_owned())
    }
}
