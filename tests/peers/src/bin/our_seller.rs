//! `GET /answer` for $0.01 behind our gate, facilitator in the same process. On a second port a bare axum route that answers
//! everything with the very 402 that the gate gives: what the gate adds to a static response is the difference. On a third one
//! the gate with a facilitator that says yes at once, on a fourth the answer for nothing: the difference is what the gate takes.
//!
//! Settings are environment variables: `RPC_URL`, `PAY_TO`, `SIGNER_KEY`, `DATABASE_URL`, `READY_FILE`.

use std::{fs, sync::Arc};

use anyhow::Context;
use axum::{Router, body::Body, response::Response, routing::get};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use peers::{PRICE, ROUTE, prompt::Prompt, serve, variable};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;
use x402::{Network, Usdc};
use x402_facilitator::{Chain, Facilitator, OnchainFacilitator, OnchainSettings};
use x402_gate::{Gate, GateConfig, Ledger, Payment, Route, Routes};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (bare, prompt) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    let free = TcpListener::bind("127.0.0.1:0").await?;
    let addresses =
        [&listener, &bare, &prompt, &free].map(|listener| listener.local_addr().map(|at| at.to_string()));
    let addresses: Vec<_> = addresses.into_iter().collect::<Result<_, _>>()?;

    let chain = Chain::new(Network::BaseSepolia, variable("RPC_URL")?.parse()?)?;
    chain.check_domain().await?;
    let ledger = ledger("").await?;
    let settings = OnchainSettings::default();
    let journal = Arc::new(ledger.journal()?);
    let onchain = OnchainFacilitator::with_journal(
        chain.clone(),
        [variable("SIGNER_KEY")?.parse()?],
        settings,
        journal,
    )?;
    let app = paid(&addresses[0], ledger, Arc::new(onchain), &chain)?;
    let same = static_copy(&app).await?;
    let at_once = paid(&addresses[2], self::ledger("-prompt").await?, Arc::new(Prompt::default()), &chain)?;
    let unpaid = Router::new().route(ROUTE, get(json));
    fs::write(variable("READY_FILE")?, addresses.join("\n"))?;
    let (gated, bare, prompt, free) =
        tokio::join!(serve(listener, app), serve(bare, same), serve(prompt, at_once), serve(free, unpaid));
    gated.and(bare).and(prompt).and(free)
}

async fn answer(_: Payment) -> axum::Json<Value> {
    json().await
}

async fn json() -> axum::Json<Value> {
    axum::Json(json!({ "answer": 42 }))
}

async fn ledger(suffix: &str) -> anyhow::Result<Ledger> {
    let url = variable("DATABASE_URL")? + suffix;
    Ok(Ledger::open(&url, Network::BaseSepolia, variable("PAY_TO")?.parse()?).await?)
}

fn paid(
    address: &str,
    ledger: Ledger,
    facilitator: Arc<dyn Facilitator>,
    chain: &Chain,
) -> anyhow::Result<Router> {
    let pay_to = variable("PAY_TO")?.parse()?;
    let config = GateConfig::new("our seller", Network::BaseSepolia, pay_to, format!("http://{address}"));
    let gate = Gate::new(config, ledger, facilitator, Arc::new(chain.clone()));
    let route = Route::get(ROUTE).price(Usdc::from_atomic(PRICE)).summary("The answer.");
    Ok(gate.mount(Routes::new().paid(route, answer))?)
}

/// A router that knows nothing of payments and answers with the gate's bytes and headers.
async fn static_copy(app: &Router) -> anyhow::Result<Router> {
    let unpaid = app.clone().oneshot(Request::get(ROUTE).body(Body::empty())?).await?;
    let (parts, body) = unpaid.into_parts();
    let body = body.collect().await.context("the 402 has no body")?.to_bytes();
    // Shared, because axum clones a handler several times for each request.
    let answer = Arc::new((parts.status, parts.headers, body));
    let handler = move || {
        let answer = answer.clone();
        async move { respond(&answer) }
    };
    Ok(Router::new().route(ROUTE, get(handler)))
}

fn respond((status, headers, body): &(StatusCode, HeaderMap, Bytes)) -> Response {
    let mut response = Response::new(Body::from(body.clone()));
    *response.status_mut() = *status;
    *response.headers_mut() = headers.clone();
    response
}
