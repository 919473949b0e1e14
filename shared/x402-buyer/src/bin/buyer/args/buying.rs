//! What is bought, and on what terms.

use std::path::PathBuf;

use clap::{Args as Group, ValueEnum};
use serde::Serialize;
use url::Url;
use x402::Usdc;

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
pub(crate) struct Scrape {
    /// The page
    #[arg(value_name = "URL")]
    pub(crate) page: Url,
    /// The service; a URL without a path gets `/v1/scrape`
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4022")]
    pub(crate) service: String,
    /// What is wanted of the page
    #[arg(long, value_enum, default_value = "markdown")]
    pub(crate) format: PageFormat,
    /// A CSS selector of what the content is; may be given again
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) include: Vec<String>,
    /// A CSS selector of what to leave out; may be given again
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) exclude: Vec<String>,
    /// Cut text and Markdown near this many tokens
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<u32>,
    /// The highest price, in dollars
    #[arg(long, value_name = "DOLLARS", default_value = "0.01")]
    pub(crate) max: Usdc,
    #[command(flatten)]
    pub(crate) purchasing: Purchasing,
}

/// A form of a page, by the service's own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum PageFormat {
    Markdown,
    Text,
    Html,
    /// The page as it came
    RawHtml,
    /// Where the page points to, as JSON
    Links,
    /// What the page says of itself, as JSON
    Metadata,
}
