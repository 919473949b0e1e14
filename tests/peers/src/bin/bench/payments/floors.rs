//! What no seller gets below on this machine: the chain's own time for the same transfer, and the disk's for one write.

use std::{fs::File, os::unix::fs::FileExt, path::Path, time::Instant};

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::eip2718::Encodable2718,
    primitives::{Signature, TxKind, U256},
    sol_types::SolCall,
};
use alloy_primitives::Bytes;
use anyhow::ensure;
use devnet::{Account, Devnet};
use serde_json::Value;
use x402::{Network, PaymentRequirements, SigningKey};

use super::calls::milliseconds;

const GAS: u64 = 150_000;
const FSYNCS: usize = 40;
/// What a commit of the ledger writes, about.
const COMMIT_BYTES: usize = 8 * 1024;

/// Lets an account send its own payments to `offer`'s payee one after the other, by `eth_sendRawTransactionSync`; the milliseconds
/// of each.
pub(super) async fn send(
    chain: &Devnet,
    account: &Account,
    offer: &PaymentRequirements,
    count: usize,
) -> anyhow::Result<Vec<f64>> {
    let price: U256 = chain.rpc("eth_gasPrice", ()).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut took = Vec::new();
    for raw in transactions(chain, account, offer, count, price.to::<u128>() * 2).await? {
        let request = serde_json::json!({
            "jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransactionSync", "params": [raw],
        });
        let began = Instant::now();
        let answer: Value = client.post(chain.rpc_url()).json(&request).send().await?.json().await?;
        took.push(milliseconds(began.elapsed()));
        ensure!(answer["result"]["status"] == "0x1", "a transfer failed: {answer}");
    }
    Ok(took)
}

async fn transactions(
    chain: &Devnet,
    account: &Account,
    offer: &PaymentRequirements,
    count: usize,
    fee: u128,
) -> anyhow::Result<Vec<Bytes>> {
    let key = SigningKey::from_bytes(&account.private_key.0)?;
    let first: U256 = chain.rpc("eth_getTransactionCount", (account.address, "pending")).await?;
    let mut transactions = Vec::new();
    for nonce in (first.to::<u64>()..).take(count) {
        let input = transfer(&key, offer)?;
        let transaction = TxEip1559 {
            chain_id: chain.chain_id(),
            nonce,
            gas_limit: GAS,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: 0,
            to: TxKind::Call(offer.asset),
            input,
            ..TxEip1559::default()
        };
        let signature = key.sign(transaction.signature_hash());
        let signature = Signature::from_raw(&signature)?;
        transactions.push(transaction.into_signed(signature).encoded_2718().into());
    }
    Ok(transactions)
}

fn transfer(key: &SigningKey, offer: &PaymentRequirements) -> anyhow::Result<Bytes> {
    let payment = peers::payment::payment(key, offer)?.exact()?;
    let payer = payment.authorization.from;
    ensure!(payment.recover(&Network::BaseSepolia.usdc()) == Ok(payer), "a payment is signed by its payer");
    Ok(payment.transfer_call().abi_encode().into())
}

/// The time of one write over what a file has, made durable, as a database's log is written that does not grow; in milliseconds
/// each.
pub(crate) fn fdatasync(folder: &Path) -> anyhow::Result<Vec<f64>> {
    let file = File::create(folder.join("fdatasync"))?;
    file.write_all_at(&vec![0; COMMIT_BYTES * FSYNCS], 0)?;
    file.sync_all()?;
    let mut took = Vec::with_capacity(FSYNCS);
    for commit in 0..FSYNCS {
        let began = Instant::now();
        file.write_all_at(&[7; COMMIT_BYTES], u64::try_from(commit * COMMIT_BYTES)?)?;
        file.sync_data()?;
        took.push(milliseconds(began.elapsed()));
    }
    Ok(took)
}
