//! Draws that are paid from a channel: leaf, answer and voucher are one change, and the receipt stands by itself.

use std::{path::PathBuf, process::Command};

use devnet::{Devnet, Options};
use draw::{Binding, DrawReceipt, LogKey, PublicKey, Scheme, Trust, hex_bytes};
use serde_json::{Value, json};
use tempfile::TempDir;
use x402::{SigningKey, Usdc};
use x402_buyer::{
    Budgets, Chain, Policy, Request, SpendLedger, Terms, Wallet,
    channel::{ChannelAnswer, ChannelClient},
};

use super::buyer::{NETWORK, usdc};
use crate::{
    program::{Program, Running},
    support::binary,
};

const DEPOSIT: Usdc = Usdc::from_atomic(10_000);

/// A chain, the rng that sells from channels on it, and a buyer.
struct Shop {
    _chain: Devnet,
    rng: Running,
    buyer: ChannelClient,
    folder: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let rng = Program::new(binary("rng")).on("devnet", chain.rpc_url().as_ref());
        let key = rng.file("channels.key", &chain.signer(5).private_key.to_string());
        let rng = rng.env("X402_PAY_TO", &chain.pay_to().rng.to_string()).env("X402_CHANNEL_KEY_FILE", &key);
        let rng = rng.start();
        rng.until_ready(200).await;
        let folder = TempDir::new().expect("a folder");
        let mut policy = Policy::new(NETWORK);
        policy.budgets = Budgets::unlimited();
        let ledger = SpendLedger::open(&folder.path().join("buyer.db")).await.expect("a ledger");
        let wallet = Wallet::new(SigningKey::from_bytes(&chain.buyer(0).private_key.0).expect("a key"));
        let reader = Chain::connect(chain.rpc_url(), NETWORK).await.expect("a chain");
        let buyer = ChannelClient::new(wallet, ledger, policy, reader).expect("a client");
        Self { _chain: chain, rng, buyer, folder }
    }

    async fn draw(&self, body: &Value) -> (ChannelAnswer, DrawReceipt) {
        let request = Request::post_json(&format!("{}/v1/random", self.rng.public), body).expect("a request");
        let answer = self.buyer.send(&request, &Terms::default(), DEPOSIT).await.expect("served");
        let receipt = DrawReceipt::from_json(&answer.body).expect("a receipt");
        (answer, receipt)
    }

    /// What a buyer knows before paying.
    async fn trust(&self) -> Trust {
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

    fn save(&self, receipt: &DrawReceipt) -> PathBuf {
        let path = self.folder.path().join("draw.json");
        std::fs::write(&path, serde_json::to_vec(receipt).expect("JSON")).expect("written");
        path
    }
}

fn dice(count: u32) -> Value {
    json!({ "draws": [{ "op": "dice", "count": count, "sides": 6 }] })
}

#[tokio::test]
async fn a_call_costs_what_it_draws_and_never_more_than_the_offer() {
    let shop = Shop::open().await;
    let mut charged = Vec::new();
    for count in [1, 2, 100, 5_000] {
        charged.push(shop.draw(&dice(count)).await.0.charged);
    }
    assert_eq!(charged, [10, 20, 1_000, 1_000].map(usdc));
    let bytes = shop.draw(&json!({ "draws": [{ "op": "bytes", "count": 33 }] })).await.0;
    assert_eq!(bytes.charged, usdc(20));
    let closed = shop.buyer.close(bytes.channel.id).await.expect("closed");
    assert_eq!(closed.refunded, usdc(10_000 - 2_050));
}

#[tokio::test]
async fn a_draw_names_its_call_and_convinces_every_verifier_and_the_auditor() {
    let shop = Shop::open().await;
    let trust = shop.trust().await;
    let mut drawn = Vec::new();
    for base in [0, 20] {
        let (answer, receipt) = shop.draw(&dice(2)).await;
        receipt.verify_with(&trust).expect("a true receipt");
        let Binding::Channel(call) = receipt.binding else { panic!("no call: {:?}", receipt.binding) };
        assert_eq!(
            (receipt.scheme, call.channel_id, call.base),
            (Scheme::Channel, answer.channel.id.0.0, base)
        );
        drawn.push(receipt);
    }
    assert_ne!(drawn[0].nonce, drawn[1].nonce, "the same request again is another draw");

    let file = shop.save(&drawn[0]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../services/rng/assets/verify.py");
    let python = Command::new("python3").arg(script).arg(&file).output().expect("python3 runs");
    let report = String::from_utf8_lossy(&python.stdout);
    assert!(python.status.success() && report.contains("the call at 0 of channel 0x"), "{report}");

    let audit = Command::new(binary("rng"))
        .args(["audit", "--url", &shop.rng.public, "--receipt"])
        .arg(&file)
        .output()
        .expect("rng runs");
    let report = String::from_utf8_lossy(&audit.stdout);
    assert!(audit.status.success() && report.contains("1 kept"), "{report}");
}

/// The leaf of a draw is there if and only if its call was charged.
#[tokio::test]
async fn a_request_that_cannot_be_drawn_costs_nothing_and_is_in_no_log() {
    let shop = Shop::open().await;
    let (first, _) = shop.draw(&dice(1)).await;
    let impossible = json!({ "draws": [{ "op": "dice", "sides": 0 }] });
    let request =
        Request::post_json(&format!("{}/v1/random", shop.rng.public), &impossible).expect("a request");
    shop.buyer.send(&request, &Terms::default(), DEPOSIT).await.expect_err("refused");
    let (next, receipt) = shop.draw(&dice(1)).await;
    assert_eq!(next.channel.charged, usdc(20));
    let Binding::Channel(call) = receipt.binding else { panic!("no call") };
    assert_eq!(call.base, first.channel.charged.atomic());
}
