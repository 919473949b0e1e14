//! A service as anybody starts it, on a chain of its own.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use peers::market::Market;
use x402::Address;

use crate::section::Bench;

/// The chain's signer that settles for it.
const SIGNER: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// A running service. Dropping it ends it.
pub(crate) struct Service {
    process: Child,
    origin: String,
}

impl Service {
    /// Starts one, with settings of its own.
    pub(crate) async fn start(
        market: &Market,
        name: &str,
        pay_to: Address,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let [listen, admin] = [free_address()?, free_address()?];
        let signer = key_file(market, "signer.key", SIGNER)?;
        let process = Command::new(Bench::program(name)?)
            .args(["--listen", &listen, "--admin-listen", &admin])
            .current_dir(market.folder())
            .env("X402_NETWORK", "devnet")
            .env("X402_SIGNER_KEY_FILE", &signer)
            .env("X402_RPC_URL", market.chain.rpc_url())
            .env("X402_PAY_TO", pay_to.to_string())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        let service = Self { process, origin: format!("http://{listen}") };
        ready(name, &format!("http://{admin}/readyz")).await?;
        Ok(service)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The key of one of the chain's signers, in a file that only its owner can read.
pub(crate) fn key_file(market: &Market, name: &str, signer: usize) -> anyhow::Result<PathBuf> {
    write_key(market, name, &market.chain.signer(signer).private_key.to_string())
}

/// A key in such a file.
pub(crate) fn write_key(market: &Market, name: &str, key: &str) -> anyhow::Result<PathBuf> {
    let path = market.folder().join(name);
    fs::write(&path, key)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(path)
}

fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

async fn ready(name: &str, url: &str) -> anyhow::Result<()> {
    let patience = Instant::now() + PATIENCE;
    while Instant::now() < patience {
        if reqwest::get(url).await.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("{name} is not ready after {PATIENCE:?}")
}
