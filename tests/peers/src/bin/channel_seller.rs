//! `GET /answer` for $0.01 from channels, behind our gate, facilitator in the same process.
//!
//! Settings are environment variables: `RPC_URL`, `PAY_TO`, `SIGNER_KEY`, `CHANNEL_KEY`, `DATABASE_URL`, `READY_FILE`, and
//! `CLAIM_TOTAL`: what all channels together owe, in atomic units, when they are claimed.

use std::{fs, sync::Arc};

use peers::{PRICE, ROUTE, serve, variable};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use x402::{Network, Usdc};
use x402_facilitator::{Chain, OnchainFacilitator, OnchainSettings};
use x402_gate::{ChannelSettings, Gate, GateConfig, Ledger, Route, Routes};

const NETWORK: Network = Network::BaseSepolia;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let chain = Chain::new(NETWORK, variable("RPC_URL")?.parse()?)?;
    chain.check_domain().await?;
    let pay_to = variable("PAY_TO")?.parse()?;
    let ledger = Ledger::open(&variable("DATABASE_URL")?, NETWORK, pay_to).await?;
    let journal = Arc::new(ledger.journal()?);
    let (signer, settings) = (variable("SIGNER_KEY")?.parse()?, OnchainSettings::default());
    let onchain = Arc::new(OnchainFacilitator::with_journal(chain.clone(), [signer], settings, journal)?);
    let config = GateConfig::new("our seller", NETWORK, pay_to, format!("http://{address}"));
    let (chain, key) = (Arc::new(chain), variable("CHANNEL_KEY")?.parse()?);
    let gate = Gate::with_channels(config, ledger, onchain, chain, key, settings_of_channels()?)?;
    let route = Route::get(ROUTE).price(Usdc::from_atomic(PRICE)).summary("The answer.");
    let app = gate.mount(Routes::new().paid(route, answer))?;
    let _claims = gate.spawn_claims(tokio_util::sync::CancellationToken::new());
    fs::write(variable("READY_FILE")?, address)?;
    serve(listener, app).await
}

/// Claims are measured apart from calls: they begin at the sum that is asked for, and nothing is paid out.
fn settings_of_channels() -> anyhow::Result<ChannelSettings> {
    let never = Usdc::from_atomic(u64::MAX);
    Ok(ChannelSettings {
        claim_value: never,
        total_value: Usdc::from_atomic(variable("CLAIM_TOTAL")?.parse()?),
        settle_value: never,
        unsafe_value: never,
        ..ChannelSettings::new(NETWORK, true)
    })
}

async fn answer() -> axum::Json<Value> {
    axum::Json(json!({ "answer": 42 }))
}
