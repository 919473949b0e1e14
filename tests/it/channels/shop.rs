//! `rng` selling from channels, and a buyer of it: the library, and the command.

use std::{
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use devnet::{Devnet, Options};
use draw::{DrawReceipt, LogKey, PublicKey, Trust, hex_bytes};
use serde_json::Value;
use x402::{SigningKey, Usdc};
use x402_buyer::{
    Budgets, Chain, Policy, Request, SpendLedger, Terms, Wallet,
    channel::{ChannelAnswer, ChannelClient},
};

use super::buyer::NETWORK;
use crate::{
    program::{Program, Running},
    support::{BuyerCommand, binary},
};

pub(super) const DEPOSIT: Usdc = Usdc::from_atomic(10_000);

/// The library's buyer, who is the first of the chain's and keeps its books in `folder`.
pub(super) async fn client(chain: &Devnet, folder: &Path, budgets: Budgets) -> ChannelClient {
    let mut policy = Policy::new(NETWORK);
    policy.budgets = budgets;
    policy.patience = Duration::from_secs(20);
    let ledger = SpendLedger::open(&folder.join("buyer.db")).await.expect("a ledger");
    let wallet = Wallet::new(SigningKey::from_bytes(&chain.buyer(0).private_key.0).expect("a key"));
    let reader = Chain::connect(chain.rpc_url(), NETWORK).await.expect("a chain");
    ChannelClient::new(wallet, ledger, policy, reader).expect("a client")
}

/// A chain, the rng that sells from channels on it, and a buyer.
pub(super) struct Shop {
    pub(super) chain: Devnet,
    pub(super) rng: Running,
    pub(super) buyer: ChannelClient,
    command: BuyerCommand,
}

impl Shop {
    pub(super) async fn open() -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let rng = Program::new(binary("rng")).on("devnet", chain.rpc_url().as_ref());
        let key = rng.file("channels.key", &chain.signer(5).private_key.to_string());
        let rng = rng.env("X402_PAY_TO", &chain.pay_to().rng.to_string()).env("X402_CHANNEL_KEY_FILE", &key);
        let rng = rng.start();
        rng.until_ready(200).await;
        let command = BuyerCommand::new(&chain, 1);
        let buyer = client(&chain, &command.path("."), Budgets::unlimited()).await;
        Self { chain, rng, buyer, command }
    }

    pub(super) async fn draw(&self, body: &Value) -> (ChannelAnswer, DrawReceipt) {
        let request = Request::post_json(&format!("{}/v1/random", self.rng.public), body).expect("a request");
        let answer = self.buyer.send(&request, &Terms::default(), DEPOSIT).await.expect("served");
        let receipt = DrawReceipt::from_json(&answer.body).expect("a receipt");
        (answer, receipt)
    }

    /// What a buyer knows before paying.
    pub(super) async fn trust(&self) -> Trust {
        let terms: Value = self.rng.get("/v1/key").await.json().await.expect("JSON");
        let key = |value: &Value| hex_bytes::parse(value.as_str().expect("a key")).expect("32 bytes");
        let log =
            LogKey::new(terms["log"]["origin"].as_str().expect("a name"), key(&terms["log"]["publicKey"]));
        Trust {
            key: Some(PublicKey::from_bytes(key(&terms["publicKey"])).expect("a point")),
            log: Some(log.expect("a key")),
            checkpoint: None,
        }
    }

    pub(super) fn save(&self, receipt: &DrawReceipt) -> PathBuf {
        let path = self.path("draw.json");
        std::fs::write(&path, serde_json::to_vec(receipt).expect("JSON")).expect("written");
        path
    }

    /// Runs the command, with a wallet of its own.
    pub(super) async fn command(&self, arguments: &[&str]) -> Output {
        self.command.run(arguments).await
    }

    /// The command's books.
    pub(super) async fn ledger(&self) -> SpendLedger {
        SpendLedger::open(&self.path("data/buyer.db")).await.expect("a ledger")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.command.path(name)
    }
}
