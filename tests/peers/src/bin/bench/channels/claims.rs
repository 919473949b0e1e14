//! What a claim takes in gas, by how many channels share it, as our seller sends it.

use std::time::{Duration, Instant};

use anyhow::ensure;
use devnet::BlockTime;
use peers::{PRICE, market::Market};
use x402::SigningKey;

use super::{SIGNERS, buyer::Channel, ours};
use crate::{data::Row, payments::Spent};

const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn measure() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for channels in [1, 10, 100] {
        let gas = claim(channels).await? / channels as f64;
        let row = Row::new(format!("a channel, {channels} in a claim"), "gas", &[gas]);
        rows.push(if channels == 100 { row.goal("at most 24,500") } else { row });
    }
    Ok(rows)
}

/// The gas of the one transaction that claims them all.
async fn claim(channels: u64) -> anyhow::Result<f64> {
    let market = Market::open(BlockTime::Auto).await?;
    let [signer, claimer] = SIGNERS[0];
    let mut program = ours()?;
    program.env("CHANNEL_KEY", market.chain.signer(claimer).private_key.to_string());
    program.env("CLAIM_TOTAL", (channels * PRICE).to_string());
    let seller = market.seller(program, market.chain.pay_to().rng, signer).await?;
    let key = SigningKey::from_bytes(&market.chain.buyer(0).private_key.0)?;
    for salt in 0..channels {
        Channel::open(&seller, key.clone(), salt, 1).await?;
    }
    let patience = Instant::now() + PATIENCE;
    loop {
        let spent = Spent::by(&market.chain, claimer, 0).await?;
        if spent.transactions > 0.0 {
            ensure!(
                spent.transactions == 1.0,
                "{} transactions claim {channels} channels",
                spent.transactions
            );
            return Ok(spent.gas);
        }
        ensure!(Instant::now() < patience, "{channels} channels are not claimed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
