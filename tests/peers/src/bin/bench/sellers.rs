use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use devnet::BlockTime;
use peers::market::{Market, Seller};

/// Everybody who is compared, on a chain of their own.
pub(crate) struct Sellers {
    pub(crate) ours: Seller,
    /// x402-axum.
    pub(crate) stock: Seller,
    /// The TypeScript stack.
    pub(crate) typescript: Seller,
    // Ends after those that use it.
    pub(crate) market: Market,
}

/// The signers of ours, x402-axum and the TypeScript stack, as the chain numbers them.
pub(crate) const SIGNERS: [usize; 3] = [0, 1, 2];
/// What the peers are called in tables.
pub(crate) const STOCK: &str = "x402-axum";
pub(crate) const TYPESCRIPT: &str = "@x402/express, @x402/evm";
/// A database here never waits for a disk.
pub(crate) const MEMORY: &str = "/dev/shm";

impl Sellers {
    pub(crate) async fn open(block_time: BlockTime) -> anyhow::Result<Self> {
        let market = Market::open(block_time).await?;
        let pay_to = market.chain.pay_to();
        let [ours, stock, typescript] = SIGNERS;
        Ok(Self {
            ours: market.seller(beside("our-seller")?, pay_to.rng, ours).await?,
            stock: market.seller(beside("stock-seller")?, pay_to.scraper, stock).await?,
            typescript: market.seller(typescript_seller(), pay_to.persona, typescript).await?,
            market,
        })
    }
}

/// The TypeScript stack, selling by `exact` unless there is a `CHANNEL_KEY`.
pub(crate) fn typescript_seller() -> Command {
    let mut node = Command::new("node");
    node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/node/seller.mjs"));
    node
}

/// Another program of this package.
pub(crate) fn beside(name: &str) -> anyhow::Result<Command> {
    let here = std::env::current_exe()?;
    let folder: PathBuf = here.parent().map(Path::to_path_buf).context("a folder of programs")?;
    Ok(Command::new(folder.join(name)))
}
