//! A local chain, and sellers on it in processes of their own.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy_primitives::{Address, address};
use anyhow::{Context, bail};
use devnet::{BlockTime, Devnet, Options};
use serde_json::Value;
use tempfile::TempDir;

/// A chain, and a folder on the disk of the checkout for what its sellers keep.
pub struct Market {
    /// The chain.
    pub chain: Devnet,
    folder: TempDir,
}

/// A running seller. Dropping it ends it.
pub struct Seller {
    /// The addresses it listens on, the paid route's first.
    pub addresses: Vec<SocketAddr>,
    process: Child,
}

/// What x402-chain-eip155 wants to find on a chain before it starts: the ERC-6492 validator, Permit2, the Permit2 proxy. A
/// payment that an ordinary account signs uses none of them, so that any code will do.
const WANTED_BY_STOCK: [Address; 3] = [
    address!("dAcD51A54883eb67D95FAEb2BBfdC4a9a6BD2a3B"),
    address!("000000000022D473030F116dDEE9F6B43aC78BA3"),
    address!("402085c248EeA27D92E8b30b2C58ed07f9E20001"),
];
/// Code that stops.
const STOP: &str = "0x00";

const PATIENCE: Duration = Duration::from_secs(20);

impl Market {
    /// Starts the chain.
    ///
    /// # Errors
    /// When there is no anvil, or it does not start.
    pub async fn open(block_time: BlockTime) -> anyhow::Result<Self> {
        let chain = Devnet::start(Options { block_time, ..Options::default() }).await?;
        for contract in WANTED_BY_STOCK {
            chain.rpc::<Value>("anvil_setCode", (contract, STOP)).await?;
        }
        let beside = std::env::current_exe()?;
        let folder = TempDir::new_in(beside.parent().context("a folder of programs")?)?;
        Ok(Self { chain, folder })
    }

    /// Where this market's sellers may keep things.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a seller that is paid at `pay_to` and settles with the chain's signer number `signer`, which is nobody else's.
    ///
    /// # Errors
    /// When it does not start, or is not ready in time.
    pub async fn seller(&self, program: Command, pay_to: Address, signer: usize) -> anyhow::Result<Seller> {
        self.seller_keeping(program, self.folder(), pay_to, signer).await
    }

    /// The same with its database in another folder: on another disk, or on none.
    ///
    /// # Errors
    /// As [`seller`](Self::seller).
    pub async fn seller_keeping(
        &self,
        mut program: Command,
        database: &Path,
        pay_to: Address,
        signer: usize,
    ) -> anyhow::Result<Seller> {
        let name = format!("seller-{signer}");
        let ready = self.folder().join(format!("{name}.ready"));
        let _ = fs::remove_file(&ready);
        let process = program
            .env("RPC_URL", self.chain.rpc_url())
            .env("PAY_TO", pay_to.to_string())
            .env("SIGNER_KEY", self.chain.signer(signer).private_key.to_string())
            .env("DATABASE_URL", format!("sqlite://{}", database.join(format!("{name}.db")).display()))
            .env("RUNS_FILE", self.folder().join(format!("{name}.runs")))
            .env("READY_FILE", &ready)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", program.get_program().display()))?;
        let mut seller = Seller { addresses: Vec::new(), process };
        seller.addresses = seller.wait(&ready).await.context(name)?;
        Ok(seller)
    }

    /// The USDC of an account, in atomic units.
    ///
    /// # Errors
    /// When the chain does not tell.
    pub async fn balance(&self, account: Address) -> anyhow::Result<u64> {
        Ok(self.chain.balance_of(account).await?.to())
    }
}

impl Seller {
    /// The URL of a route.
    #[must_use]
    pub fn url(&self, route: &str) -> String {
        format!("http://{}{route}", self.addresses[0])
    }

    /// The process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    async fn wait(&mut self, ready: &Path) -> anyhow::Result<Vec<SocketAddr>> {
        let patience = Instant::now() + PATIENCE;
        while Instant::now() < patience {
            if let Some(status) = self.process.try_wait()? {
                bail!("ended with {status}");
            }
            let addresses: Result<Vec<_>, _> =
                fs::read_to_string(ready).unwrap_or_default().lines().map(str::parse).collect();
            match addresses {
                Ok(addresses) if !addresses.is_empty() => return Ok(addresses),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        bail!("not ready after {PATIENCE:?}")
    }
}

impl Drop for Seller {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program of the main workspace, built before.
///
/// # Errors
/// When it is not there.
pub fn program_of_ours(name: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug").join(name);
    path.canonicalize().with_context(|| format!("{name} is missing: run `cargo build --workspace --bins`"))
}
