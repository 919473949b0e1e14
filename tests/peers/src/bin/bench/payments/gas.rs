//! Gas, as the chain's receipts tell it, on the stand-in token of the local chain.

use std::sync::Arc;

use anyhow::{Context, ensure};
use devnet::{BlockTime, Devnet};
use peers::{PRICE, market::Market, payment};
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;
use x402::{FacilitatorRequest, Network, PaymentRequirements, SigningKey, Usdc};
use x402_facilitator::{Chain, Facilitator, OnchainFacilitator, OnchainSettings, SettleOutcome};

use crate::data::{Row, Table};

/// What an account's transactions took.
#[derive(Default)]
pub(crate) struct Spent {
    pub(crate) transactions: f64,
    /// Transfers that they made.
    pub(super) payments: f64,
    pub(crate) gas: f64,
    /// Blocks that have some of them.
    pub(super) blocks: f64,
    /// The share of its gas that the fullest of these blocks took.
    pub(super) fullest: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    from: x402::Address,
    gas_used: alloy_primitives::U64,
    logs: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    gas_used: alloy_primitives::U64,
    gas_limit: alloy_primitives::U64,
}

/// `AuthorizationUsed` and `Transfer`.
const LOGS_OF_A_PAYMENT: f64 = 2.0;

impl Spent {
    pub(super) async fn newest(chain: &Devnet) -> anyhow::Result<u64> {
        Ok(chain.rpc::<alloy_primitives::U64>("eth_blockNumber", ()).await?.to())
    }

    /// By the chain's signer of that number, after a block.
    pub(crate) async fn by(chain: &Devnet, signer: usize, after: u64) -> anyhow::Result<Self> {
        let (signer, mut spent) = (chain.signer(signer).address, Self::default());
        for number in after + 1..=Self::newest(chain).await? {
            let number = format!("{number:#x}");
            let receipts: Vec<Receipt> = chain.rpc("eth_getBlockReceipts", [&number]).await?;
            let theirs: Vec<_> = receipts.iter().filter(|receipt| receipt.from == signer).collect();
            if theirs.is_empty() {
                continue;
            }
            let block: Block = chain.rpc("eth_getBlockByNumber", (&number, false)).await?;
            spent.blocks += 1.0;
            spent.fullest =
                spent.fullest.max(block.gas_used.to::<u64>() as f64 / block.gas_limit.to::<u64>() as f64);
            for receipt in theirs {
                spent.transactions += 1.0;
                spent.gas += receipt.gas_used.to::<u64>() as f64;
                spent.payments += receipt.logs.len() as f64 / LOGS_OF_A_PAYMENT;
            }
        }
        Ok(spent)
    }
}

/// Gas of a payment by how many share its transaction. Each payer pays for the first time; the payee had a balance before.
pub(super) async fn measure() -> anyhow::Result<Table> {
    let mut rows = Vec::new();
    for payers in [1, 40] {
        for count in [1, 10, 100] {
            let who = if payers == 1 { "one payer".to_owned() } else { format!("up to {payers} payers") };
            let what = format!("{count} in a transaction, {who}");
            rows.push(Row::new(what, "gas each", &[together(count, payers).await?]));
        }
    }
    Ok(Table::new("A payment's gas", rows))
}

async fn together(count: usize, payers: usize) -> anyhow::Result<f64> {
    let market = Market::open(BlockTime::Auto).await?;
    let chain = Chain::new(Network::BaseSepolia, market.chain.rpc_url().parse()?)?;
    let signer = SigningKey::from_bytes(&market.chain.signer(0).private_key.0)?;
    // One at a time, so that what waits for the first goes together.
    let settings = OnchainSettings { max_in_flight: 1, ..OnchainSettings::default() };
    let facilitator = Arc::new(OnchainFacilitator::with_settings(chain, [signer], settings)?);
    settle(&facilitator, request(&market, 49)?).await?;
    market.chain.pause_mining().await?;
    let mut settling = JoinSet::new();
    settling.spawn(settle(&facilitator, request(&market, 48)?));
    pending(&market.chain).await?;
    for index in 0..count {
        settling.spawn(settle(&facilitator, request(&market, index % payers)?));
    }
    tokio::task::yield_now().await;
    market.chain.mine().await?;
    pending(&market.chain).await?;
    market.chain.mine().await?;
    let mut gas = Vec::new();
    while let Some(settled) = settling.join_next().await {
        gas.push(settled??);
    }
    let batch = gas.last().copied().context("settlements")?;
    ensure!(gas[1..].iter().all(|gas| *gas == batch), "all but the first in one transaction: {gas:?}");
    Ok(batch / count as f64)
}

/// Settles a payment; the gas of its transaction.
fn settle(
    facilitator: &Arc<OnchainFacilitator>,
    request: FacilitatorRequest,
) -> impl Future<Output = anyhow::Result<f64>> + use<> {
    let facilitator = Arc::clone(facilitator);
    async move {
        match facilitator.settle(&request).await? {
            SettleOutcome::Settled(settled) => Ok(settled.gas_used as f64),
            other => anyhow::bail!("not settled: {other:?}"),
        }
    }
}

fn request(market: &Market, buyer: usize) -> anyhow::Result<FacilitatorRequest> {
    let key = SigningKey::from_bytes(&market.chain.buyer(buyer).private_key.0)?;
    let price = Usdc::from_atomic(PRICE);
    let offer = PaymentRequirements::exact(Network::BaseSepolia, price, market.chain.pay_to().rng, 60);
    let payment_payload = payment::payment(&key, &offer)?;
    Ok(FacilitatorRequest { x402_version: 2, payment_payload, payment_requirements: offer })
}

/// Waits until a transaction waits.
async fn pending(chain: &Devnet) -> anyhow::Result<()> {
    while chain.rpc::<Value>("txpool_status", ()).await?["pending"] == "0x0" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(())
}
