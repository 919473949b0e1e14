use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::ValueEnum;

use crate::{channels, data::Table, draws, loads, payments, personas, scrapes, unpaid, verification};

/// What is measured together, and can be measured apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Section {
    /// What a 402 costs
    Unpaid,
    /// What it costs to check a payment
    Verification,
    /// What a paid call takes
    Payments,
    /// What a call from a channel takes
    Channels,
    /// What customers wait for at stock sellers and at ours, by the load test
    Sellers,
    /// What a draw takes
    Draws,
    /// What a scrape takes
    Scrapes,
    /// What an answer of personas takes
    Personas,
}

/// How sections are measured.
pub(crate) struct Bench {
    pub(crate) rounds: u32,
}

impl Section {
    pub(crate) async fn measure(self, bench: &Bench) -> anyhow::Result<Vec<Table>> {
        match self {
            Self::Unpaid => unpaid::measure(bench).await,
            Self::Verification => verification::measure(bench),
            Self::Payments => payments::measure(bench).await,
            Self::Channels => channels::measure(bench).await,
            Self::Sellers => loads::measure(bench).await,
            Self::Draws => draws::measure(bench).await,
            Self::Scrapes => scrapes::measure(bench).await,
            Self::Personas => personas::measure(bench),
        }
    }
}

impl Bench {
    /// A program of the main workspace, built as this one is: for release, or for a try without.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) fn program(name: &str) -> anyhow::Result<PathBuf> {
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
        let path = target.join(profile).join(name);
        path.canonicalize().with_context(|| format!("{} is missing", path.display()))
    }
}

/// The name that `--section` and `<!-- bench NAME -->` take.
impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}
