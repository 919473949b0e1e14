use std::path::{Path, PathBuf};

use anyhow::Context;
use peers::market::{Market, Seller};

/// Everybody who is compared, on a chain of their own.
pub(crate) struct Sellers {
    pub(crate) ours: Seller,
    pub(crate) stock: Seller,
    // Ends after those that use it.
    pub(crate) market: Market,
}

impl Sellers {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let market = Market::open().await?;
        let pay_to = market.chain.pay_to();
        Ok(Self {
            ours: market.seller(&beside("our-seller")?, pay_to.rng, 0).await?,
            stock: market.seller(&beside("stock-seller")?, pay_to.scraper, 1).await?,
            market,
        })
    }
}

/// Another program of this package.
fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    Ok(here.parent().map(Path::to_path_buf).context("a folder of programs")?.join(name))
}
