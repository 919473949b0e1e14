//! A chain, the service on it, and a buyer: for what only paid requests reach.

use std::sync::atomic::{AtomicU8, Ordering};

use devnet::{Devnet, Options};
use reqwest::Response;
use serde_json::{Value, json};
use x402::SigningKey;

use crate::{
    scraper,
    support::{Program, Running, client, payment},
};

/// How many buyers take turns.
const PAYERS: usize = 16;

/// A service that sells to buyers who have money.
pub(crate) struct Market {
    pub(crate) chain: Devnet,
    pub(crate) running: Running,
    payers: Vec<SigningKey>,
    nonce: AtomicU8,
}

impl Market {
    pub(crate) async fn open(configure: impl FnOnce(Program) -> Program) -> Self {
        Self::opened(|program, _| configure(program)).await
    }

    async fn opened(configure: impl FnOnce(Program, &Devnet) -> Program) -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let program = scraper().on("devnet", chain.rpc_url());
        let program = program.env("X402_PAY_TO", &chain.pay_to().scraper.to_string());
        let running = configure(program, &chain).start();
        // Several: one for whom the work failed often would have to pay first.
        let payer = |index| SigningKey::from_bytes(&chain.buyer(index).private_key.0).expect("a key");
        let payers = (0..PAYERS).map(payer).collect();
        Self { chain, running, payers, nonce: AtomicU8::new(1) }
    }

    /// The same, and its page at `/` pays with a wallet of its own.
    pub(crate) async fn with_wallet(configure: impl FnOnce(Program) -> Program) -> Self {
        Self::opened(|program, chain| {
            let key = chain.buyer(PAYERS).private_key.to_string();
            let wallet = program.file("wallet.key", &key);
            configure(program).env("SCRAPER_DEMO_WALLET_FILE", &wallet)
        })
        .await
    }

    /// The address of that wallet.
    pub(crate) fn wallet(&self) -> x402::Address {
        self.chain.buyer(PAYERS).address
    }

    /// Buys from a path: the status and the body.
    pub(crate) async fn buy(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.pay(path, body).await;
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    /// Buys from a path.
    pub(crate) async fn pay(&self, path: &str, body: &Value) -> Response {
        let post = || client().post(format!("{}{path}", self.running.public)).json(body);
        let challenge = post().send().await.expect("an offer");
        if challenge.status() != 402 {
            return challenge;
        }
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed);
        let payment = payment(&challenge, &self.payers[usize::from(nonce) % PAYERS], nonce);
        post().header("payment-signature", payment).send().await.expect("an answer")
    }

    /// Buys a page, with more asked of it where `with` says so.
    pub(crate) async fn scrape(&self, url: &str, with: Value) -> (u16, Value) {
        let mut request = json!({ "url": url, "formats": ["text"] });
        if let (Some(request), Value::Object(with)) = (request.as_object_mut(), with) {
            request.extend(with);
        }
        self.buy("/v1/scrape", &request).await
    }

    /// The reason that a page is not had for, with the status.
    pub(crate) async fn refusal(&self, url: &str) -> (u16, String) {
        let (status, answer) = self.scrape(url, json!({})).await;
        (status, answer["reason"].as_str().unwrap_or("content").to_owned())
    }

    /// What the service has earned, in atomic units.
    pub(crate) async fn earned(&self) -> u64 {
        self.chain.balance_of(self.chain.pay_to().scraper).await.expect("a balance").to()
    }
}
