//! The chain as a library: accounts, blocks, clock, end.

use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, U256, keccak256};
use devnet::{BlockTime, Devnet, DevnetError, Options, USDC};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use x402::SigningKey;

use crate::usdc::{Token, ask, now};

async fn start(block_time: BlockTime) -> Devnet {
    Devnet::start(Options { block_time, ..Options::default() }).await.unwrap()
}

async fn height(chain: &Devnet) -> U256 {
    chain.rpc("eth_blockNumber", ()).await.unwrap()
}

async fn head_time(chain: &Devnet) -> U256 {
    let head: Value = chain.rpc("eth_getBlockByNumber", ("latest", false)).await.unwrap();
    serde_json::from_value(head["timestamp"].clone()).unwrap()
}

/// Asks again until the chain has grown beyond `from`.
async fn growth_beyond(chain: &Devnet, from: U256, patience: Duration) {
    let deadline = Instant::now() + patience;
    while height(chain).await <= from {
        assert!(Instant::now() < deadline, "no block in {patience:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Asks again until nothing listens at the chain's address.
pub(crate) async fn silence(rpc_url: &str) {
    let address = rpc_url.strip_prefix("http://").unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(address).await.is_ok() {
        assert!(Instant::now() < deadline, "{address} still listens");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_accounts_are_anvils_and_the_buyers_have_usdc() {
    let chain = start(BlockTime::Auto).await;
    let of_anvil: Vec<Address> = chain.rpc("eth_accounts", ()).await.unwrap();
    let ours: Vec<Address> = chain.accounts().iter().map(|account| account.address).collect();
    assert_eq!(ours.len(), 60);
    assert_eq!(ours, of_anvil);
    for account in chain.accounts() {
        let key = SigningKey::from_bytes(&account.private_key).unwrap();
        assert_eq!(key.address(), account.address);
    }
    assert_eq!(chain.pay_to().rng, ours[1]);
    assert_eq!([chain.signer(0).address, chain.signer(5).address], [ours[4], ours[9]]);
    assert_eq!([chain.buyer(0).address, chain.buyer(49).address], [ours[10], ours[59]]);

    let million = U256::from(1_000_000_000_000u64);
    for buyer in chain.description().buyers() {
        assert_eq!(chain.balance_of(buyer.address).await.unwrap(), million);
    }
    assert_eq!(chain.balance_of(chain.signer(0).address).await.unwrap(), U256::ZERO);
    assert_eq!(ask(&chain, USDC, Token::totalSupplyCall {}).await, million * U256::from(50));
}

#[tokio::test]
async fn chains_do_not_share_anything() {
    let (one, other) = tokio::join!(start(BlockTime::Auto), start(BlockTime::Auto));
    one.mint(one.pay_to().rng, U256::from(5)).await.unwrap();
    assert_eq!(one.balance_of(one.pay_to().rng).await.unwrap(), U256::from(5));
    assert_eq!(other.balance_of(other.pay_to().rng).await.unwrap(), U256::ZERO);
}

#[tokio::test]
async fn an_idle_chain_still_makes_blocks() {
    let chain = start(BlockTime::Auto).await;
    growth_beyond(&chain, height(&chain).await, Duration::from_secs(8)).await;
    assert!(head_time(&chain).await.abs_diff(U256::from(now())) <= U256::from(2));
}

#[tokio::test]
async fn many_blocks_in_a_second_do_not_run_ahead_of_the_clock() {
    let chain = start(BlockTime::Auto).await;
    for _ in 0..50 {
        chain.mint(chain.pay_to().rng, U256::ONE).await.unwrap();
    }
    assert!(height(&chain).await >= U256::from(50));
    assert!(head_time(&chain).await <= U256::from(now() + 1));
}

#[tokio::test]
async fn a_block_time_makes_transactions_wait() {
    let chain = start(BlockTime::Seconds(600)).await;
    let before = height(&chain).await;
    let transaction = json!({ "from": chain.signer(0).address, "to": chain.pay_to().rng, "value": "0x1" });
    let hash: B256 = chain.rpc("eth_sendTransaction", [transaction]).await.unwrap();
    assert_eq!(chain.rpc::<Value>("eth_getTransactionReceipt", [hash]).await.unwrap(), Value::Null);
    chain.mine().await.unwrap();
    assert_eq!(height(&chain).await, before + U256::ONE);
    assert_ne!(chain.rpc::<Value>("eth_getTransactionReceipt", [hash]).await.unwrap(), Value::Null);
}

#[tokio::test]
async fn a_block_time_makes_blocks_with_and_without_transactions() {
    let chain = start(BlockTime::Seconds(1)).await;
    chain.mint(chain.pay_to().rng, U256::ONE).await.unwrap();
    assert_eq!(chain.balance_of(chain.pay_to().rng).await.unwrap(), U256::ONE);
    growth_beyond(&chain, height(&chain).await + U256::ONE, Duration::from_secs(6)).await;
}

#[tokio::test]
async fn mining_can_be_paused() {
    let chain = start(BlockTime::Auto).await;
    chain.pause_mining().await.unwrap();
    let transaction = json!({ "from": chain.signer(0).address, "to": chain.pay_to().rng, "value": "0x1" });
    let hash: B256 = chain.rpc("eth_sendTransaction", [transaction]).await.unwrap();
    let before = height(&chain).await;
    assert_eq!(chain.rpc::<Value>("eth_getTransactionReceipt", [hash]).await.unwrap(), Value::Null);

    chain.resume_mining().await.unwrap();
    growth_beyond(&chain, before, Duration::from_secs(2)).await;
    assert_ne!(chain.rpc::<Value>("eth_getTransactionReceipt", [hash]).await.unwrap(), Value::Null);
}

#[tokio::test]
async fn a_chain_ends_when_it_is_dropped_or_stopped() {
    let dropped = start(BlockTime::Auto).await;
    let rpc_url = dropped.rpc_url().to_owned();
    drop(dropped);
    silence(&rpc_url).await;

    let stopped = start(BlockTime::Auto).await;
    let rpc_url = stopped.rpc_url().to_owned();
    stopped.stop().await.unwrap();
    silence(&rpc_url).await;
}

#[tokio::test]
async fn a_missing_anvil_and_a_taken_port_are_told_apart() {
    let missing = Options { anvil: Some("no/such/anvil".into()), ..Options::default() };
    assert!(
        matches!(Devnet::start(missing).await, Err(DevnetError::NoAnvilAt(path)) if path.ends_with("anvil"))
    );

    let squatter = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = Options { port: Some(squatter.local_addr().unwrap().port()), ..Options::default() };
    match Devnet::start(taken).await {
        Err(DevnetError::Exited(words)) => assert!(words.contains("in use"), "{words}"),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_committed_contracts_were_compiled_from_the_committed_sources() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/devnet");
    let read = |path: &str| std::fs::read(format!("{folder}/{path}")).unwrap();
    let contracts: Value = serde_json::from_slice(&read("contracts.json")).unwrap();
    for (name, contract) in contracts.as_object().unwrap() {
        let source = read(&format!("contracts/{name}.sol"));
        assert_eq!(contract["sourceHash"], keccak256(source).to_string(), "{name}: run `make contracts`");
    }
}
