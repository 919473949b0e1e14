//! The service as anybody starts it, on a chain of its own.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use peers::market::Market;

use crate::section::Bench;

/// The chain's signer that settles for it.
const SIGNER: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// A running service. Dropping it ends it.
pub(super) struct Scraper {
    process: Child,
    origin: String,
}

impl Scraper {
    pub(super) async fn start(market: &Market, site: &str) -> anyhow::Result<Self> {
        let [listen, admin] = [free_address()?, free_address()?];
        let signer = market.folder().join("signer.key");
        fs::write(&signer, market.chain.signer(SIGNER).private_key.to_string())?;
        fs::set_permissions(&signer, fs::Permissions::from_mode(0o600))?;
        let process = Command::new(Bench::program("scraper")?)
            .current_dir(market.folder())
            .env("SCRAPER_LISTEN", &listen)
            .env("SCRAPER_ADMIN_LISTEN", &admin)
            .env("SCRAPER_ALLOW_ORIGINS", site)
            // The site asks for no patience.
            .env("SCRAPER_HOST_RATE", "100000")
            // One browser for all: the time of one that was replaced is nobody's.
            .env("SCRAPER_PAGES_PER_BROWSER", "100000")
            // For a root in a container; the page is ours.
            .env("SCRAPER_BROWSER_NO_SANDBOX", "true")
            .env("X402_NETWORK", "devnet")
            .env("X402_SIGNER_KEY_FILE", &signer)
            .env("X402_RPC_URL", market.chain.rpc_url())
            .env("X402_PAY_TO", market.chain.pay_to().scraper.to_string())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("scraper does not start")?;
        let service = Self { process, origin: format!("http://{listen}") };
        ready(&format!("http://{admin}/readyz")).await?;
        Ok(service)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Scraper {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

async fn ready(url: &str) -> anyhow::Result<()> {
    let patience = Instant::now() + PATIENCE;
    while Instant::now() < patience {
        if reqwest::get(url).await.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("scraper is not ready after {PATIENCE:?}")
}
