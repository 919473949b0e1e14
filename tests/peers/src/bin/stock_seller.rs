//! `GET /answer` for $0.01 behind x402-axum 2.0.2 over x402-facilitator-local, in one process; `GET /v1/answer` is the same in
//! version 1 of the protocol.
//!
//! Settings are environment variables: `RPC_URL`, `PAY_TO`, `SIGNER_KEY`, `READY_FILE`.

use std::{collections::HashMap, error::Error, fs, sync::Arc, time::Duration};

use alloy_primitives::Address;
use alloy_provider::Provider;
use axum::{Router, routing::get};
use peers::{PRICE, ROUTE, ROUTE_V1, serve, variable};
use serde_json::{Value, from_value, json};
use x402_axum::X402Middleware;
use x402_chain_eip155::{
    KnownNetworkEip155, V1Eip155Exact, V2Eip155Exact,
    chain::{
        ChecksummedAddress, Eip155ChainProvider, Eip155ChainReference, Eip155MetaTransactionProvider,
        config::Eip155ChainConfig,
    },
};
use x402_facilitator_local::FacilitatorLocal;
use x402_types::{
    chain::{ChainId, ChainProviderOps, ChainRegistry, FromConfig},
    networks::USDC,
    scheme::{SchemeBlueprints, SchemeRegistry, X402SchemeFacilitator, X402SchemeFacilitatorBuilder},
};

/// How often a receipt is asked for. Left alone it is seven seconds, which is what a payment then takes.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Their provider, under a name of ours: a registry of schemes wants builders for references to its providers.
struct Base(Arc<Eip155ChainProvider>);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let x402 = X402Middleware::from_facilitator(Arc::new(facilitator().await?));
    let pay_to: Address = variable("PAY_TO")?.parse()?;
    let pay_to = ChecksummedAddress::from(pay_to);
    let price = || USDC::base_sepolia().amount(PRICE);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let x402 = x402.with_base_url(format!("http://{}", listener.local_addr()?).parse()?);
    let app = Router::new()
        .route(ROUTE, get(answer).layer(x402.with_price_tag(V2Eip155Exact::price_tag(pay_to, price()))))
        .route(ROUTE_V1, get(answer).layer(x402.with_price_tag(V1Eip155Exact::price_tag(pay_to, price()))));
    fs::write(variable("READY_FILE")?, listener.local_addr()?.to_string())?;
    serve(listener, app).await
}

async fn answer() -> axum::Json<Value> {
    axum::Json(json!({ "answer": 42 }))
}

async fn facilitator() -> anyhow::Result<FacilitatorLocal<SchemeRegistry>> {
    let config = Eip155ChainConfig {
        chain_reference: Eip155ChainReference::new(devnet::CHAIN_ID),
        inner: from_value(json!({
            "signers": [variable("SIGNER_KEY")?],
            "rpc": [{ "http": variable("RPC_URL")? }],
        }))?,
    };
    let provider = Eip155ChainProvider::from_config(&config).await.map_err(|e| anyhow::anyhow!("{e}"))?;
    provider.inner().client().set_poll_interval(POLL_INTERVAL);

    let base = Base(Arc::new(provider));
    let chains = ChainRegistry::new(HashMap::from([(base.chain_id(), base)]));
    let schemes = SchemeBlueprints::new().and_register(V1Eip155Exact).and_register(V2Eip155Exact);
    let enabled = from_value(json!([
        { "id": "v1-eip155-exact", "chains": "eip155:*" },
        { "id": "v2-eip155-exact", "chains": "eip155:*" },
    ]))?;
    Ok(FacilitatorLocal::new(SchemeRegistry::build(chains, schemes, &enabled)))
}

impl ChainProviderOps for Base {
    fn signer_addresses(&self) -> Vec<String> {
        ChainProviderOps::signer_addresses(&*self.0)
    }

    fn chain_id(&self) -> ChainId {
        self.0.chain_id()
    }
}

type Built = Result<Box<dyn X402SchemeFacilitator>, Box<dyn Error>>;

impl X402SchemeFacilitatorBuilder<&Base> for V1Eip155Exact {
    fn build(&self, base: &Base, config: Option<Value>) -> Built {
        self.build(base.0.clone(), config)
    }
}

impl X402SchemeFacilitatorBuilder<&Base> for V2Eip155Exact {
    fn build(&self, base: &Base, config: Option<Value>) -> Built {
        self.build(base.0.clone(), config)
    }
}
