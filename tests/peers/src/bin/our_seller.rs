//! `GET /answer` for $0.01 behind our gate, facilitator in the same process. On a second port a bare axum route that answers
//! everything with the very 402 that the gate gives: what the gate adds to a static response is the difference.
//!
//! Settings are environment variables: `RPC_URL`, `PAY_TO`, `SIGNER_KEY`, `DATABASE_URL`, `READY_FILE`.

use std::{fs, sync::Arc};

use anyhow::Context;
use axum::{Router, body::Body, response::Response, routing::get};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use peers::{PRICE, ROUTE, serve, variable};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;
use x402::{Network, Usdc};
use x402_facilitator::{Chain, OnchainFacilitator};
use x402_gate::{Gate, GateConfig, Ledger, Payment, Route, Routes};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let bare = TcpListener::bind("127.0.0.1:0").await?;
    let gate = gate(format!("http://{}", listener.local_addr()?)).await?;
    let route = Route::get(ROUTE).price(Usdc::from_atomic(PRICE)).summary("The answer.");
    let app = gate.mount(Routes::new().paid(route, answer))?;
    let same = static_copy(&app).await?;
    fs::write(variable("READY_FILE")?, format!("{}\n{}", listener.local_addr()?, bare.local_addr()?))?;
    let (gated, bare) = tokio::join!(serve(listener, app), serve(bare, same));
    gated.and(bare)
}

async fn answer(_: Payment) -> axum::Json<Value> {
    axum::Json(json!({ "answer": 42 }))
}

async fn gate(origin: String) -> anyhow::Result<Gate> {
    let (network, pay_to) = (Network::BaseSepolia, variable("PAY_TO")?.parse()?);
    let chain = Chain::new(network, variable("RPC_URL")?.parse()?)?;
    chain.check_domain().await?;
    let facilitator = OnchainFacilitator::new(chain.clone(), [variable("SIGNER_KEY")?.parse()?])?;
    let ledger = Ledger::open(&variable("DATABASE_URL")?, network, pay_to).await?;
    let config = GateConfig::new("our seller", network, pay_to, origin);
    Ok(Gate::new(config, ledger, Arc::new(facilitator), Arc::new(chain)))
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
