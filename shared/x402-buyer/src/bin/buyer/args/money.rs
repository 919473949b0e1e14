//! Wallets, channels and budgets: where money is, and how far it goes.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand};
use url::Url;
use x402::{Address, ChannelId, Usdc};

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
    /// Take what is left back without the seller, where it does not answer: announces it on the chain and, run again once the
    /// channel's delay is over, makes it; takes gas
    Withdraw {
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

fn channel_id(text: &str) -> Result<ChannelId, String> {
    text.parse().map(ChannelId).map_err(|_| "a channel is 0x and 64 hexadecimal digits".to_owned())
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
