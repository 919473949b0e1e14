//! Published clients of other makers pay us as they are. `tests/clients` pins them, with a small program around each.

use std::{env, path::PathBuf, process::Stdio, time::Duration};

use devnet::{Account, Devnet, Options};
use draw::{Draw, DrawReceipt, DrawRequest, PublicKey};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;
use x402::{B256, SettlementResponse};

use crate::{
    program::Program,
    support::{FLOWS, PRICE, World, binary},
};

/// How long a client may take, a cold start of its interpreter included.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy)]
enum Client {
    /// npm `@x402/fetch`.
    Fetch,
    /// npm `x402-fetch`, which speaks version 1.
    FetchV1,
    /// PyPI `x402`, over httpx.
    Httpx,
    /// PyPI `x402`, over requests.
    Requests,
}

/// What a client got, as it read it.
#[derive(Debug, Deserialize)]
struct Purchase {
    status: u16,
    body: String,
    settlement: Option<SettlementResponse>,
    /// How often the client sent its payment again.
    #[serde(default)]
    retries: usize,
}

#[tokio::test]
async fn npm_x402_fetch_of_version_2_pays() {
    pays_for_every_flow(Client::Fetch, "eip155:84532").await;
}

#[tokio::test]
async fn npm_x402_fetch_of_version_1_pays() {
    pays_for_every_flow(Client::FetchV1, "base-sepolia").await;
}

#[tokio::test]
async fn pypi_x402_pays_over_httpx() {
    pays_for_every_flow(Client::Httpx, "eip155:84532").await;
}

#[tokio::test]
async fn pypi_x402_pays_over_requests() {
    pays_for_every_flow(Client::Requests, "eip155:84532").await;
}

async fn pays_for_every_flow(client: Client, network: &str) {
    let world = World::start().await;
    let note = json!({ "note": "grüße" }).to_string();
    let calls =
        [("POST", "/authorize", &*note), ("POST", "/upfront", &note), ("GET", "/item?colour=blue", "")];
    for (buyer, (method, target, body)) in calls.into_iter().enumerate() {
        let payer = world.chain.buyer(buyer);
        let command = client.buying(payer, method, &world.url(target), body);
        let settlement = charged_once(&world, payer, command).await.settlement.expect("a settlement");
        assert_eq!(settlement.network, network);
    }
}

#[tokio::test]
async fn a_client_that_gives_up_and_sends_its_payment_again_is_charged_once() {
    let world = World::start().await;
    for (buyer, target) in FLOWS.into_iter().enumerate() {
        let payer = world.chain.buyer(buyer);
        let body = json!({ "note": "grüße", "workMs": 1_000 }).to_string();
        let mut command = Client::Requests.buying(payer, "POST", &world.url(target), &body);
        command.env("TIMEOUT", "0.3");
        let purchase = charged_once(&world, payer, command).await;
        assert!(purchase.retries > 0, "{target}: the client had the patience to wait");
    }
}

/// Lets a client buy, and looks for its money, its transaction and its work.
async fn charged_once(world: &World, payer: &Account, command: Command) -> Purchase {
    let (earned, held) = (world.earned().await, world.balance(payer.address).await);

    let purchase = Purchase::by(command).await;

    assert_eq!(purchase.status, 200, "{purchase:?}");
    let settlement = purchase.settlement.as_ref().expect("a settlement");
    assert!(settlement.success, "{purchase:?}");
    assert_eq!((settlement.payer, settlement.amount), (Some(payer.address), Some(PRICE)));
    assert_eq!(world.earned().await, earned + PRICE.atomic(), "one charge");
    assert_eq!(world.balance(payer.address).await, held - PRICE.atomic());
    let answer: Value = serde_json::from_str(&purchase.body).expect("JSON");
    let id = serde_json::from_value(answer["payment"].clone()).expect("the payment's id");
    assert_eq!(world.service.runs(id), 1);
    let status = world.status(id).await;
    assert_eq!((&status["money"], &status["work"]), (&json!("settled"), &json!("served")));
    assert!(settlement.transaction.is_some(), "{purchase:?}");
    assert_eq!(status["transaction"], json!(settlement.transaction));
    purchase
}

#[tokio::test]
async fn npm_x402_fetch_buys_a_draw_that_verifies() {
    const PRICE_OF_A_DRAW: u64 = 1_000;
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let (payer, payee) = (chain.buyer(0), chain.pay_to().rng);
    let rng = Program::new(binary("rng")).on("devnet", chain.rpc_url().as_ref());
    let rng = rng.env("X402_PAY_TO", &payee.to_string()).start();
    rng.until_ready(200).await;
    let trusted: Value = rng.get("/v1/key").await.json().await.expect("JSON");
    let trusted: B256 = trusted["publicKey"].as_str().and_then(|key| key.parse().ok()).expect("a key");
    let trusted = PublicKey::from_bytes(trusted.0).expect("a point");

    let url = format!("{}/v1/random?dice=2d6", rng.public);
    let purchase = Purchase::by(Client::Fetch.buying(payer, "GET", &url, "")).await;

    assert_eq!(purchase.status, 200, "{purchase:?}");
    assert!(purchase.settlement.as_ref().is_some_and(|settlement| settlement.success), "{purchase:?}");
    let receipt = DrawReceipt::from_json(purchase.body.as_bytes()).expect("a receipt");
    let draw = receipt.verify(Some(&trusted)).expect("what was drawn");
    assert_eq!(draw.input().payer, payer.address.into_array());
    let asked = DrawRequest::single(Draw::Dice { count: 2, sides: 6 }).expect("a request");
    assert_eq!(receipt.request, asked);
    let earned: u64 = chain.balance_of(payee).await.expect("a balance").to();
    assert_eq!(earned, PRICE_OF_A_DRAW, "one charge");
}

impl Client {
    /// Its program, about to pay for a request.
    fn buying(self, payer: &Account, method: &str, url: &str, body: &str) -> Command {
        let mut command = self.command();
        command.env("PRIVATE_KEY", payer.private_key.to_string());
        command.env("METHOD", method).env("URL", url).env("BODY", body);
        command
    }

    /// In an empty environment: a proxy or an option of the user's would come between.
    fn command(self) -> Command {
        let (interpreter, program) = match self {
            Self::Fetch => (node(), "node/fetch-v2.mjs"),
            Self::FetchV1 => (node(), "node/fetch-v1.mjs"),
            Self::Httpx => (python(), "python/pay_httpx.py"),
            Self::Requests => (python(), "python/pay_requests.py"),
        };
        let mut command = Command::new(interpreter);
        command.arg(clients(program)).env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

fn node() -> PathBuf {
    installed("node/node_modules");
    "node".into()
}

fn python() -> PathBuf {
    installed("python/.venv/bin/python")
}

fn clients(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients").join(path)
}

/// A part that is installed, not built.
fn installed(path: &str) -> PathBuf {
    let path = clients(path);
    assert!(path.exists(), "{} is missing: run `make test`, or `make setup-clients`", path.display());
    path
}

impl Purchase {
    async fn by(mut command: Command) -> Self {
        let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("a client that ends");
        let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}; run `make setup-clients`"));
        let (said, complaint) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{complaint}"))
    }
}
