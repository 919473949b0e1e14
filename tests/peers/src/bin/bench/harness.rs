//! The load-test harness as anybody runs it, on a chain of this machine.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use peers::market::Market;
use serde_json::Value;
use tokio::process::Command;

use crate::{section::Bench, service::write_key};

/// The account of the chain that funds the harness's buyers.
const FUNDER: usize = 49;
/// How a run ends that had a leak, or a condition that failed: it has a result all the same.
const HAS_RESULT: [i32; 3] = [0, 2, 3];

/// The harness, with a funder.
pub(crate) struct Harness<'a> {
    market: &'a Market,
    wallet: PathBuf,
}

impl<'a> Harness<'a> {
    pub(crate) fn new(market: &'a Market) -> anyhow::Result<Self> {
        let key = market.chain.buyer(FUNDER).private_key.to_string();
        Ok(Self { market, wallet: write_key(market, "funder.key", &key)? })
    }

    /// Gives so many buyers so many dollars each.
    pub(crate) async fn fund(&self, buyers: &str, each: &str) -> anyhow::Result<()> {
        let arguments = ["wallets", "fund", "--buyers", buyers, "--each", each];
        let code = self.loadtest(&arguments).await?;
        ensure!(code == Some(0), "the buyers were not funded");
        Ok(())
    }

    /// A run's result.
    pub(crate) async fn run(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let json = self.market.folder().join("result.json");
        let _ = fs::remove_file(&json);
        let shown = json.to_str().context("a path of plain characters")?;
        let code = self.loadtest(&[&["run", "--json", shown], arguments].concat()).await?;
        ensure!(code.is_some_and(|code| HAS_RESULT.contains(&code)), "the run ended with {code:?}");
        Ok(serde_json::from_slice(&fs::read(json)?)?)
    }

    async fn loadtest(&self, arguments: &[&str]) -> anyhow::Result<Option<i32>> {
        let mut command = Command::new(Bench::program("loadtest")?);
        command.args(arguments).kill_on_drop(true).current_dir(self.market.folder());
        command
            .env("LOADTEST_RPC_URL", self.market.chain.rpc_url())
            .env("LOADTEST_WALLET_FILE", &self.wallet);
        let output = command.output().await?;
        let code = output.status.code();
        if !code.is_some_and(|code| HAS_RESULT.contains(&code)) {
            anyhow::bail!("loadtest: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(code)
    }
}

/// A figure of a result, by its place.
pub(crate) fn figure(result: &Value, place: &str) -> f64 {
    result.pointer(place).and_then(Value::as_f64).unwrap_or(f64::NAN)
}
