//! What the chain says decides what is spent.

use std::time::Duration;

use alloy::sol_types::SolCall;
use axum::{http::StatusCode, response::IntoResponse};
use devnet::{Devnet, Options};
use serde_json::{Value, json};
use x402::{Address, B256, ExactPayload, Network, SigningKey};
use x402_buyer::{
    Chain, Finding, Outcome, PayingClient, Policy, Request, SendError, State, Terms, Wallet, verify,
};

use crate::support::{Buyer, Call, PAYEE, Seller, offer, settled_in};

/// A chain, and a buyer with money on it.
async fn funded() -> (&'static Devnet, Chain, Buyer) {
    let devnet: &'static Devnet = Box::leak(Box::new(Devnet::start(Options::default()).await.unwrap()));
    let chain = Chain::connect(devnet.rpc_url(), Network::BaseSepolia).await.unwrap();
    let key = SigningKey::from_bytes(&devnet.buyer(0).private_key).unwrap();
    (devnet, chain, Buyer::with_wallet(Wallet::new(key)))
}

/// Moves the money, as a facilitator does.
async fn settle(devnet: &Devnet, payment: &ExactPayload) -> B256 {
    let call = payment.transfer_call();
    let data = x402::Bytes::from(call.abi_encode());
    let transaction =
        json!([{ "from": devnet.signer(0).address, "to": devnet.usdc(), "data": data, "gas": "0x30d40" }]);
    let receipt: Value = devnet.rpc("eth_sendTransactionSync", transaction).await.unwrap();
    assert_eq!(receipt["status"], "0x1");
    receipt["transactionHash"].as_str().unwrap().parse().unwrap()
}

async fn state(client: &PayingClient) -> State {
    client.ledger().history(1).await.unwrap()[0].state
}

#[tokio::test]
async fn a_settled_purchase_is_verified_on_the_chain() {
    let (devnet, chain, buyer) = funded().await;
    let seller = Seller::selling(offer(), move |call: Call| async move {
        settled_in(settle(devnet, &call.payment().exact().unwrap()).await, "goods")
    })
    .await;
    let client = buyer.client().await;
    let before = chain.usdc_balance(buyer.wallet().address()).await.unwrap();
    let answer = client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap();
    let receipt = answer.purchase.unwrap().receipt;
    let report = verify(&receipt, Some(&chain)).await;
    let unchecked = report.checks.iter().filter(|check| check.outcome != Outcome::Passed);
    let unchecked: Vec<_> = unchecked.map(|check| (check.name, check.detail.as_str())).collect();
    let unsigned =
        ["receipt-key", "delivery", "standard-receipt"].map(|name| (name, "the seller signs no receipts"));
    assert_eq!(unchecked, unsigned, "{report:#?}");
    assert_eq!(chain.usdc_balance(PAYEE).await.unwrap(), offer().amount);
    let after = chain.usdc_balance(buyer.wallet().address()).await.unwrap();
    assert_eq!(before.checked_sub(offer().amount), Some(after));
}

#[tokio::test]
async fn a_payment_in_another_transaction_than_told_is_found_and_the_statement_fails() {
    let (devnet, chain, buyer) = funded().await;
    let seller = Seller::selling(offer(), move |call: Call| async move {
        settle(devnet, &call.payment().exact().unwrap()).await;
        settled_in(B256::repeat_byte(0x11), "goods")
    })
    .await;
    let client = buyer.client().await;
    let answer = client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap();
    let report = verify(&answer.purchase.unwrap().receipt, Some(&chain)).await;
    let onchain = report.checks.iter().find(|check| check.name == "chain").unwrap();
    assert_eq!(onchain.outcome, Outcome::Failed);
    assert!(onchain.detail.contains("not in the transaction that the seller named"), "{onchain:?}");
}

#[tokio::test]
async fn a_payment_that_is_in_no_transaction_fails() {
    let (devnet, chain, buyer) = funded().await;
    let seller = Seller::selling(offer(), move |_| async move {
        let unrelated = json!([{ "from": devnet.signer(0).address, "to": PAYEE, "value": "0x1" }]);
        let receipt: Value = devnet.rpc("eth_sendTransactionSync", unrelated).await.unwrap();
        settled_in(receipt["transactionHash"].as_str().unwrap().parse().unwrap(), "goods")
    })
    .await;
    let client = buyer.client().await;
    let answer = client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap();
    let report = verify(&answer.purchase.unwrap().receipt, Some(&chain)).await;
    let failed: Vec<_> = report.checks.iter().filter(|check| check.outcome == Outcome::Failed).collect();
    assert_eq!(failed.iter().map(|check| check.name).collect::<Vec<_>>(), ["chain"]);
}

#[tokio::test]
async fn a_payment_that_moved_in_silence_is_found_and_spent() {
    let (devnet, chain, buyer) = funded().await;
    let seller = Seller::selling(offer(), move |call: Call| async move {
        settle(devnet, &call.payment().exact().unwrap()).await;
        StatusCode::NOT_FOUND.into_response()
    })
    .await;
    let client = buyer.client().await;
    let id = client
        .send(&Request::get(&seller.url).unwrap(), &Terms::default())
        .await
        .unwrap_err()
        .payment_id()
        .unwrap();
    assert_eq!(state(&client).await, State::Unknown);
    let finding = client.ledger().reconcile(&chain, id).await.unwrap();
    assert!(matches!(finding, Some(Finding::Paid { transaction: Some(_) })), "{finding:?}");
    assert_eq!(state(&client).await, State::Paid);
}

#[tokio::test]
async fn an_unused_payment_is_dead_only_after_a_safe_block_past_its_window() {
    let (devnet, chain, buyer) = funded().await;
    let seller = Seller::selling(offer(), |_| async { StatusCode::NOT_FOUND.into_response() }).await;
    let client = buyer.client_with(Policy { patience: Duration::ZERO, ..Buyer::policy() }).await;
    let id = client
        .send(&Request::get(&seller.url).unwrap(), &Terms::default())
        .await
        .unwrap_err()
        .payment_id()
        .unwrap();

    assert_eq!(client.ledger().reconcile(&chain, id).await.unwrap(), Some(Finding::Open));
    assert_eq!(state(&client).await, State::Unknown);
    let reserved = client.ledger().spent(Network::BaseSepolia, "total").await.unwrap();
    assert_eq!(reserved, offer().amount);

    devnet.pause_mining().await.unwrap();
    devnet.rpc::<Value>("evm_increaseTime", [120]).await.unwrap();
    devnet.mine().await.unwrap();
    let finding = client.ledger().reconcile(&chain, id).await.unwrap();
    assert_eq!(finding, Some(Finding::Open), "the newest block is not safe yet");

    devnet.mine().await.unwrap();
    devnet.mine().await.unwrap();
    assert_eq!(client.ledger().reconcile(&chain, id).await.unwrap(), Some(Finding::Dead));
    assert_eq!(state(&client).await, State::Released);
    assert_eq!(client.ledger().spent(Network::BaseSepolia, "total").await.unwrap(), x402::Usdc::ZERO);
    assert!(matches!(client.resume(id).await, Err(SendError::Dead(dead)) if dead == id));
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused() {
    let (devnet, ..) = funded().await;
    let error = Chain::connect(devnet.rpc_url(), Network::Base).await.unwrap_err();
    assert!(
        matches!(error, x402_buyer::ChainError::OtherChain { found: 84532, expected: 8453 }),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_account_without_anything_holds_nothing() {
    let (_devnet, chain, _) = funded().await;
    let nobody = Address::repeat_byte(0x99);
    assert_eq!(chain.usdc_balance(nobody).await.unwrap(), x402::Usdc::ZERO);
    assert!(chain.ether_balance(nobody).await.unwrap().is_zero());
}
