//! The keys that every service understands. Each is a flag, an environment variable and a line of the file.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use axum::http::HeaderName;
use clap::{Args, ValueEnum};
use url::Url;
use x402::{Address, Network, Usdc};
use x402_gate::UnpaidLimit;

use crate::keys::{KeyFile, KeyFiles};

/// How the process behaves.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Process")]
pub(crate) struct ProcessArgs {
    /// A TOML file with any of these keys, named as the flags are. Flags and environment variables win over it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where customers connect.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Where operators connect: /healthz, /readyz and /metrics.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) admin_listen: SocketAddr,
    /// What to log, as directives like `info,x402_gate=debug`.
    #[arg(long, env = "RUST_LOG", value_name = "DIRECTIVES", default_value = "info")]
    pub(crate) log: String,
    /// How to log, always to stderr.
    #[arg(long, env = "LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// How long running work may take to end once the process is asked to stop.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) shutdown_grace: Duration,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// The chain that money moves on, and who pays the gas.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Chain")]
pub(crate) struct ChainArgs {
    /// Where payments settle. `devnet` is Base Sepolia's chain id and addresses on this machine.
    #[arg(long, env = "X402_NETWORK", value_name = "NETWORK")]
    pub(crate) network: Deployment,
    /// JSON-RPC endpoint of that network.
    #[arg(long, env = "X402_RPC_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) rpc_url: Url,
    /// Secret keys, one a file, of the accounts that send settlements and hold ETH for gas. Several by comma.
    #[arg(long, env = "X402_SIGNER_KEY_FILE", value_name = "FILE[,FILE]")]
    pub(crate) signer_key_file: Option<KeyFiles>,
    /// The same in a Web3 Secret Storage keystore, instead.
    #[arg(long, env = "X402_SIGNER_KEYSTORE", value_name = "FILE", conflicts_with = "signer_key_file")]
    pub(crate) signer_keystore: Option<PathBuf>,
    /// File with the keystore's password.
    #[arg(
        long,
        env = "X402_SIGNER_KEYSTORE_PASSWORD_FILE",
        value_name = "FILE",
        requires = "signer_keystore"
    )]
    pub(crate) signer_keystore_password_file: Option<PathBuf>,
}

/// What it takes to sell.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Selling")]
pub struct SellingArgs {
    /// The account that is paid. Each ledger has its own.
    #[arg(long, env = "X402_PAY_TO", value_name = "ADDRESS")]
    pub(crate) pay_to: Address,
    /// A remote facilitator, instead of signers of one's own.
    #[arg(
        long,
        env = "X402_FACILITATOR_URL",
        value_name = "URL",
        conflicts_with_all = ["signer_key_file", "signer_keystore"]
    )]
    pub(crate) facilitator_url: Option<Url>,
    /// How long the remote facilitator may take to settle; after that the outcome is unknown, and the chain is asked.
    #[arg(
        long,
        env = "X402_FACILITATOR_TIMEOUT",
        value_name = "SECONDS",
        default_value = "40",
        value_parser = fraction
    )]
    pub(crate) facilitator_timeout: Duration,
    /// Secret key of the account that claims and refunds payment channels and holds ETH for it. Where it is set, channels are
    /// offered beside exact payments. Each ledger has its own.
    #[arg(long, env = "X402_CHANNEL_KEY_FILE", value_name = "FILE")]
    pub(crate) channel_key_file: Option<KeyFile>,
    /// Where payments are recorded.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: String,
    /// The secret key that signs offers and receipts. It holds no money.
    #[arg(long, env = "X402_RECEIPT_KEY_FILE", value_name = "FILE")]
    pub(crate) receipt_key_file: KeyFile,
    /// The payee's statement that this key signs for it, as `buyer delegate` writes it.
    #[arg(long, env = "X402_RECEIPT_DELEGATION_FILE", value_name = "FILE")]
    pub(crate) receipt_delegation_file: PathBuf,
    /// The secret key of the account that refunds are paid from, in USDC. Without one, what is owed back waits.
    #[arg(long, env = "X402_REFUND_KEY_FILE", value_name = "FILE")]
    pub(crate) refund_key_file: Option<KeyFile>,
    /// What may be given back in any 24 hours, in dollars.
    #[arg(long, env = "X402_REFUND_DAILY_BUDGET", value_name = "DOLLARS", default_value = "10")]
    pub(crate) refund_daily_budget: Usdc,
    /// How much may be delivered on payments that a reorganisation could still take back, in dollars. While it is more, only what
    /// is delivered on safe blocks is sold.
    #[arg(long, env = "X402_UNSAFE_LIMIT", value_name = "DOLLARS", default_value = "100")]
    pub(crate) unsafe_limit: Usdc,
    /// How long an answer is kept to be sent again.
    #[arg(long, value_name = "SECONDS", default_value = "604800", value_parser = seconds)]
    pub(crate) answer_retention: Duration,
    /// How many payments of one payer may be worked on at a time.
    #[arg(long, value_name = "N", default_value = "256")]
    pub(crate) payer_in_flight: usize,
    /// How many requests a second one client may make without paying, ten times that at once; 0 for any number. Clients on
    /// loopback are not counted.
    #[arg(long, value_name = "N", default_value = "50")]
    pub(crate) unpaid_per_second: u32,
    /// The header in which a proxy in front of this service names the client. Without a proxy there must be none.
    #[arg(long, value_name = "NAME")]
    pub(crate) client_header: Option<HeaderName>,
    /// The origin that customers see. Payments are bound to it. `http://` and the listening address unless set.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    pub(crate) public_url: Option<String>,
}

/// A facilitator elsewhere, and how long it may take to settle.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Remote<'a> {
    pub(crate) url: &'a Url,
    pub(crate) timeout: Duration,
}

impl SellingArgs {
    pub(crate) fn unpaid_limit(&self) -> Option<UnpaidLimit> {
        (self.unpaid_per_second > 0).then(|| UnpaidLimit {
            per_second: self.unpaid_per_second,
            burst: self.unpaid_per_second.saturating_mul(10),
            client_header: self.client_header.clone(),
        })
    }

    pub(crate) fn remote(&self) -> Option<Remote<'_>> {
        self.facilitator_url.as_ref().map(|url| Remote { url, timeout: self.facilitator_timeout })
    }
}

/// What a service without priced routes needs besides: nothing.
#[derive(Args, Clone, Debug)]
pub struct NoArgs {}

/// Where a service is deployed: a network, real or on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deployment {
    /// Base: real money.
    Base,
    /// Base Sepolia: test money on a public chain.
    BaseSepolia,
    /// Base Sepolia's chain id and addresses on this machine: play money, and missing keys are made.
    Devnet,
}

impl Deployment {
    /// The network that payments name.
    #[must_use]
    pub const fn network(self) -> Network {
        match self {
            Self::Base => Network::Base,
            Self::BaseSepolia | Self::Devnet => Network::BaseSepolia,
        }
    }
}

impl ChainArgs {
    /// Whether any signer is named.
    pub(crate) const fn has_signer(&self) -> bool {
        self.signer_key_file.is_some() || self.signer_keystore.is_some()
    }

    /// The files of the signers' keys.
    pub(crate) fn key_files(&self) -> &[KeyFile] {
        self.signer_key_file.as_ref().map_or(&[], KeyFiles::files)
    }
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}

/// Seconds, and parts of them.
fn fraction(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|error: std::num::ParseFloatError| error.to_string())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Scheme and authority, without the trailing slash: what requests are hashed with.
fn origin(text: &str) -> Result<String, String> {
    let url: Url = text.parse().map_err(|error: url::ParseError| error.to_string())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !bare {
        return Err("expected http:// or https:// and a host, without a path".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}
