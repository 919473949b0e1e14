//! Our buyer buys from the official TypeScript seller and facilitator, `@x402/express` with `@x402/evm`, as they are.

use std::{path::PathBuf, process::Stdio};

use devnet::{Devnet, Options};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use x402::{SigningKey, Usdc};
use x402_buyer::{
    Budgets, Chain, Policy, Request, SpendLedger, Terms, Wallet, channel::ChannelClient, verify,
};

use super::buyer::{NETWORK, usdc};
use crate::support::written;

const DEPOSIT: Usdc = Usdc::from_atomic(100_000);

struct Stock {
    chain: Devnet,
    origin: String,
    folder: TempDir,
    _process: Child,
}

impl Stock {
    async fn open() -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/node/seller.mjs");
        let installed = program.with_file_name("node_modules");
        assert!(installed.exists(), "the seller is missing: run `make setup-clients`");
        let folder = TempDir::new().expect("a folder");
        let ready = folder.path().join("ready");
        let process = Command::new("node")
            .arg(program)
            .env("RPC_URL", chain.rpc_url())
            .env("PAY_TO", chain.pay_to().rng.to_string())
            .env("SIGNER_KEY", chain.signer(0).private_key.to_string())
            .env("CHANNEL_KEY", chain.signer(1).private_key.to_string())
            .env("READY_FILE", &ready)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node");
        let origin = format!("http://{}", written(&ready).await);
        Self { chain, origin, folder, _process: process }
    }

    async fn buyer(&self, name: &str) -> ChannelClient {
        let mut policy = Policy::new(NETWORK);
        policy.budgets = Budgets::unlimited();
        let ledger = SpendLedger::open(&self.folder.path().join(name)).await.expect("a ledger");
        let wallet = Wallet::new(SigningKey::from_bytes(&self.chain.buyer(0).private_key.0).expect("a key"));
        let reader = Chain::connect(self.chain.rpc_url(), NETWORK).await.expect("a chain");
        ChannelClient::new(wallet, ledger, policy, reader).expect("a client")
    }

    fn item(&self, call: u32) -> Request {
        Request::get(&format!("{}/answer?call={call}", self.origin)).expect("a request")
    }
}

#[tokio::test]
async fn it_opens_spends_recovers_and_takes_the_rest_back() {
    let stock = Stock::open().await;
    let payer = stock.chain.buyer(0).address;
    let held: u64 = stock.chain.balance_of(payer).await.expect("a balance").to();
    let (buyer, terms) = (stock.buyer("buyer.db").await, Terms::default());
    for call in 0..4 {
        let answer = buyer.send(&stock.item(call), &terms, DEPOSIT).await.expect("served");
        assert_eq!((answer.charged, answer.deposited), (usdc(10_000), (call == 0).then_some(DEPOSIT)));
        assert_eq!(answer.body, format!(r#"{{"answer":42,"call":"{call}"}}"#).as_bytes());
        let report = verify(&answer.receipt(&stock.item(call)), None).await;
        assert!(report.verified, "{report:?}");
    }
    let forgetful = stock.buyer("other.db").await;
    let answer = forgetful.send(&stock.item(4), &terms, DEPOSIT).await.expect("served");
    assert_eq!((answer.charged, answer.deposited), (usdc(10_000), None), "it found the channel");
    assert_eq!(answer.channel.charged, usdc(50_000), "and believed what its own voucher proves");

    let closed = forgetful.close(answer.channel.id).await.expect("closed");
    assert_eq!(closed.refunded, usdc(50_000));
    let left: u64 = stock.chain.balance_of(payer).await.expect("a balance").to();
    assert_eq!(left, held - 50_000);
}
