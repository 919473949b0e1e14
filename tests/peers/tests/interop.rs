//! Ours and stock Rust implementations trade with each other, and exactly the price changes hands.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

use std::process::Command;

use devnet::Account;
use peers::{
    PRICE, ROUTE, ROUTE_V1,
    market::{Market, Seller, program_of_ours},
};
use serde_json::{Value, json};

/// One purchase, and what it did to the balances of buyer and seller.
struct Trade<'a> {
    market: &'a Market,
    buyer: Account,
    payee: alloy_primitives::Address,
    before: (u64, u64),
}

impl<'a> Trade<'a> {
    async fn begin(market: &'a Market, buyer: usize, payee: alloy_primitives::Address) -> Self {
        let buyer = *market.chain.buyer(buyer);
        let mut trade = Self { market, buyer, payee, before: (0, 0) };
        trade.before = trade.balances().await;
        trade
    }

    async fn balances(&self) -> (u64, u64) {
        let balance = async |account| self.market.balance(account).await.expect("a balance");
        (balance(self.buyer.address).await, balance(self.payee).await)
    }

    async fn moved(&self, amount: u64) {
        let after = self.balances().await;
        assert_eq!(self.before.0 - after.0, amount, "what the buyer paid");
        assert_eq!(after.1 - self.before.1, amount, "what the seller got");
    }
}

#[tokio::test]
async fn x402_reqwest_pays_us_in_both_flows_and_both_versions() {
    let market = Market::open(devnet::BlockTime::Auto).await.expect("a chain");
    let payee = market.chain.pay_to().rng;
    let two_routes = program_of_ours("two-routes").expect("our service");
    let seller = market.seller(Command::new(two_routes), payee, 0).await.expect("our service starts");
    let versions = [(false, "payment-response"), (true, "x-payment-response")];
    for (route, (v1, header)) in ["/authorize", "/upfront"].into_iter().flat_map(|r| versions.map(|v| (r, v)))
    {
        let trade = Trade::begin(&market, 0, payee).await;
        let note = format!("{route} {header}");
        let answer = stock_buyer(&trade.buyer, v1, &seller, route, &json!({ "note": note }));
        assert_eq!(answer["status"], 200, "{answer}");
        assert_eq!(answer["body"]["note"], note.as_str(), "{answer}");
        assert_eq!(answer["body"]["run"], 1, "{answer}");
        assert_eq!(answer["settlementHeader"], header, "{answer}");
        trade.moved(PRICE).await;
    }
}

#[tokio::test]
async fn our_buyer_pays_x402_axum_in_both_versions() {
    let market = Market::open(devnet::BlockTime::Auto).await.expect("a chain");
    let payee = market.chain.pay_to().scraper;
    let stock = env!("CARGO_BIN_EXE_stock-seller");
    let seller = market.seller(Command::new(stock), payee, 1).await.expect("the stock seller starts");
    for route in [ROUTE, ROUTE_V1] {
        let trade = Trade::begin(&market, 1, payee).await;
        let answer = our_buyer(&market, &trade.buyer, &seller.url(route));
        assert_eq!(answer["status"], 200, "{answer}");
        assert_eq!(answer["body"]["utf8"], r#"{"answer":42}"#, "{answer}");
        assert_eq!(answer["purchase"]["amount"], PRICE.to_string(), "{answer}");
        trade.moved(PRICE).await;
    }
}

fn stock_buyer(buyer: &Account, v1: bool, seller: &Seller, route: &str, order: &Value) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stock-buyer"));
    command.env("PRIVATE_KEY", buyer.private_key.to_string()).args(v1.then_some("--v1"));
    run(command.args(["POST", &seller.url(route), &order.to_string()]))
}

fn our_buyer(market: &Market, buyer: &Account, url: &str) -> Value {
    let key = market.folder().join("buyer.key");
    write_private(&key, &buyer.private_key.to_string());
    let mut command = Command::new(program_of_ours("buyer").expect("our buyer"));
    command
        .env("BUYER_DATA", market.folder().join("buyer"))
        .env("BUYER_KEY_FILE", key)
        .env("BUYER_NETWORK", "devnet")
        .env("BUYER_RPC_URL", market.chain.rpc_url());
    run(command.args(["pay", "--json", url]))
}

fn write_private(path: &std::path::Path, text: &str) {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let _ = std::fs::remove_file(path);
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.expect("a key file").write_all(text.as_bytes()).expect("it can be written");
}

/// Runs a program to its end and reads the JSON it prints.
fn run(command: &mut Command) -> Value {
    let output = command.output().expect("the program runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {stdout}{stderr}", output.status);
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}
