//! A service on the gate alone, without the service kit: one route that works before it settles, one that settles before it
//! works. Its handler does what the request tells it, and notes every run in a file that survives the process.
//!
//! Settings are environment variables: `RPC_URL`, `PAY_TO`, `SIGNER_KEY`, `DATABASE_URL`, `RUNS_FILE`, `READY_FILE`, and
//! `FACILITATOR_URL` for a remote facilitator instead of the signer, `LISTEN` for an address, `PUBLIC_URL` for a replica's,
//! `PAY_TO_KEY` for what is signed (the payee names its own key), `ANSWER_RETENTION_MS`, `PAYER_IN_FLIGHT`, `UNPAID_FAILURES`,
//! `UNSAFE_LIMIT` in dollars, `SETTLEMENT_ALLOWANCE` in seconds;
//! `CHANNEL_KEY` to sell from channels too, with `CLAIM_VALUE` and `UNSAFE_VALUE` in atomic units, and `SERVE_CONTRACTS`.

mod stop_at;

use std::{
    env, fs,
    io::Write,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use anyhow::Context;
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::IntoResponse,
    routing,
};
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use x402::{Finality, Network, ReceiptKey, Signed, SigningKey, UnixSeconds, Usdc};
use x402_facilitator::{
    Chain, Facilitator, OnchainFacilitator, OnchainSettings, RemoteFacilitator, RemoteSettings,
};
use x402_gate::{
    Attachment, ChannelSettings, Charge, Gate, GateConfig, Ledger, Payment, ReceiptSigner, RefundWallet,
    Route, Routes,
};

/// What a request asks of the handler.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    note: String,
    work_ms: u64,
    status: Option<u16>,
    panic: bool,
    /// How many units are bought, where the price is by unit.
    units: u64,
    /// The key of an attachment to the answer.
    attach: Option<String>,
    /// What the work turned out to cost, in atomic units.
    charge: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    stop_at::listen()?;
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let here = format!("http://{}", listener.local_addr()?);
    let gate = gate(env::var("PUBLIC_URL").unwrap_or(here)).await?;
    let ledger = gate.ledger().clone();
    let app = gate.mount(routes()?)?.route("/attached", routing::get(async || attached(ledger).await));
    let _reconciler = gate.spawn_reconciler(CancellationToken::new());
    let _claims = gate.spawn_claims(CancellationToken::new());
    fs::write(variable("READY_FILE")?, listener.local_addr()?.to_string())?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn gate(origin: String) -> anyhow::Result<Gate> {
    let network = Network::BaseSepolia;
    let pay_to = variable("PAY_TO")?.parse()?;
    let chain = Chain::new(network, variable("RPC_URL")?.parse()?)?;
    let ledger = Ledger::open(&variable("DATABASE_URL")?, network, pay_to).await?;
    let facilitator: Arc<dyn Facilitator> = match env::var("FACILITATOR_URL") {
        Ok(url) => Arc::new(RemoteFacilitator::new(url.parse()?, chain.clone(), RemoteSettings::default())?),
        Err(_) => Arc::new(onchain(&chain, &ledger)?),
    };
    let mut config = GateConfig::new("two routes", network, pay_to, origin);
    if let Ok(key) = env::var("PAY_TO_KEY") {
        config.receipts = Some(Arc::new(receipts(key.parse()?, &config)?));
    }
    if let Ok(most) = env::var("PAYER_IN_FLIGHT") {
        config.payer_in_flight = most.parse()?;
    }
    if let Ok(limit) = env::var("UNSAFE_LIMIT") {
        config.unsafe_limit = limit.parse()?;
    }
    if let Ok(seconds) = env::var("SETTLEMENT_ALLOWANCE") {
        config.settlement_allowance = Duration::from_secs(seconds.parse()?);
    }
    if let Ok(failures) = env::var("UNPAID_FAILURES") {
        config.unpaid_failures_an_hour = failures.parse()?;
    }
    if let Ok(retention) = env::var("ANSWER_RETENTION_MS") {
        config.answer_retention = Duration::from_millis(retention.parse()?);
    }
    if let Ok(key) = env::var("REFUND_KEY") {
        let daily_budget = variable("REFUND_BUDGET")?.parse()?;
        config.refunds = Some(Arc::new(RefundWallet { key: key.parse()?, daily_budget }));
    }
    let chain = Arc::new(chain);
    let Ok(key) = env::var("CHANNEL_KEY") else { return Ok(Gate::new(config, ledger, facilitator, chain)) };
    let settings = channel_settings(network)?;
    Ok(Gate::with_channels(config, ledger, facilitator, chain, key.parse()?, settings)?)
}

fn channel_settings(network: Network) -> anyhow::Result<ChannelSettings> {
    let mut settings = ChannelSettings::new(network, true);
    settings.tick = Duration::from_millis(100);
    settings.serve_contracts = env::var("SERVE_CONTRACTS").is_ok();
    if let Ok(value) = env::var("CLAIM_VALUE") {
        settings.claim_value = Usdc::from_atomic(value.parse()?);
    }
    if let Ok(value) = env::var("UNSAFE_VALUE") {
        settings.unsafe_value = Usdc::from_atomic(value.parse()?);
    }
    Ok(settings)
}

fn receipts(payee: SigningKey, config: &GateConfig) -> anyhow::Result<ReceiptSigner> {
    let key = ReceiptKey {
        key: payee.address(),
        origin: config.public_url.clone(),
        not_before: 0,
        not_after: UnixSeconds::MAX,
    };
    let now = UNIX_EPOCH.elapsed()?.as_secs();
    let delegation = Signed::sign(key, config.network, &payee);
    Ok(ReceiptSigner::new(payee, delegation, config, now)?)
}

fn onchain(chain: &Chain, ledger: &Ledger) -> anyhow::Result<OnchainFacilitator> {
    let (signer, journal) = (variable("SIGNER_KEY")?.parse()?, Arc::new(ledger.journal()?));
    let mut settings = OnchainSettings::default();
    if let Ok(longest) = env::var("SETTLE_MS") {
        settings.settle_timeout = Duration::from_millis(longest.parse()?);
        settings.stuck_timeout = settings.settle_timeout / 2;
    }
    let facilitator = OnchainFacilitator::with_journal(chain.clone(), [signer], settings, journal)?;
    facilitator.start();
    Ok(facilitator)
}

fn routes() -> anyhow::Result<Routes> {
    let price: Usdc = "0.01".parse()?;
    let route =
        |path, summary| Route::post(path).price(price).timeout(Duration::from_secs(5)).summary(summary);
    let runs: Arc<str> = variable("RUNS_FILE")?.into();
    Ok(Routes::new()
        .paid(route("/authorize", "Works, then settles."), serve)
        .paid(route("/upfront", "Settles, then works.").upfront(), serve)
        .paid(Route::get("/item").price(price).summary("A GET, with a query."), serve_get)
        .paid(route("/block", "Delivers what the chain shows.").finality(Finality::Block), serve)
        .paid(route("/safe", "Delivers on a safe block.").finality(Finality::Safe), serve)
        .paid(route("/units", "As many as are asked for.").price_by("unit", price_by_unit), serve)
        .paid(route("/things/{id}", "Needs its path and a header.").upfront(), serve_thing)
        .with_state(runs))
}

async fn serve_thing(
    Path(id): Path<String>,
    payment: Payment,
    runs: State<Arc<str>>,
    headers: HeaderMap,
    order: Json<Order>,
) -> impl IntoResponse {
    let sealed = headers.contains_key("payment-signature");
    match headers.get("x-colour").and_then(|colour| colour.to_str().ok()) {
        Some(colour) if !sealed => {
            let note = format!("{id} in {colour}, {:?}", payment.binding);
            serve(payment, runs, Json(Order { note, ..order.0 })).await.into_response()
        }
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn serve_get(payment: Payment, runs: State<Arc<str>>) -> impl IntoResponse {
    serve(payment, runs, Json(Order::default())).await
}

async fn serve(
    payment: Payment,
    State(runs): State<Arc<str>>,
    Json(order): Json<Order>,
) -> impl IntoResponse {
    let run = note_run(&runs, &payment);
    tokio::time::sleep(Duration::from_millis(order.work_ms)).await;
    assert!(!order.panic, "asked to panic");
    let status = order.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let answer = Json(json!({ "note": order.note, "run": run.unwrap_or_default(), "payment": payment.id }));
    if let Some(charge) = order.charge {
        return (status, Charge(Usdc::from_atomic(charge)), answer).into_response();
    }
    match order.attach {
        None => (status, answer).into_response(),
        Some(key) => {
            let payload = order.note.into_bytes();
            let attachment = Attachment { kind: "note".to_owned(), key: key.into_bytes(), payload };
            (status, attachment, answer).into_response()
        }
    }
}

/// A cent a unit; more than ten are not sold at once.
fn price_by_unit(_: &Parts, body: &Bytes) -> Result<Usdc, (StatusCode, String)> {
    let order: Order =
        serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    match order.units {
        units @ 1..=10 => Ok(Usdc::from_atomic(10_000 * units)),
        units => Err((StatusCode::UNPROCESSABLE_ENTITY, format!("{units} units"))),
    }
}

/// What was attached to answers so far: number, payment and payload.
async fn attached(ledger: Ledger) -> impl IntoResponse {
    let attached = ledger.attachments("note", 0, 100).await.map_err(|error| error.to_string())?;
    let described = attached
        .iter()
        .map(|attached| json!([attached.seq, attached.payment, String::from_utf8_lossy(&attached.payload)]));
    Ok::<_, String>(Json(described.collect::<Vec<_>>()))
}

/// Appends a line, in one write since others append too, and answers which run of this payment it is.
fn note_run(file: &str, payment: &Payment) -> std::io::Result<usize> {
    let id = payment.id.to_string();
    fs::OpenOptions::new().create(true).append(true).open(file)?.write_all(format!("{id}\n").as_bytes())?;
    Ok(fs::read_to_string(file)?.lines().filter(|line| *line == id).count())
}

fn variable(name: &str) -> anyhow::Result<String> {
    env::var(name).with_context(|| format!("{name} is not set"))
}
