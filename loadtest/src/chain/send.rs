//! Transfers that others signed, many in one transaction.

use std::time::Duration;

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::{BlockId, eip2718::Encodable2718, eip2930::AccessList},
    primitives::{Signature, TxKind, U256},
    providers::Provider,
    sol_types::SolCall,
};
use tokio::time::{Instant, sleep};
use x402::{
    B256, ExactPayload,
    Multicall3::{Call3, aggregate3Call},
    Network, SigningKey,
};

use super::{Node, NodeError, within};

/// How long a transaction may take to get into a block ([`NodeError::NotMined`] says it in words).
const PATIENCE: Duration = Duration::from_secs(60);
/// What a batch takes but for its transfers, and one transfer, first ones to an account included.
const BATCH_GAS: u64 = 80_000;
const TRANSFER_GAS: u64 = 110_000;

impl Node {
    /// Makes signed transfers in one transaction, all or none, at the expense of `sender`'s ether.
    ///
    /// # Errors
    /// [`NodeError`]; after [`NodeError::NotMined`] it may still happen.
    pub async fn transfer(&self, sender: &SigningKey, transfers: &[ExactPayload]) -> Result<B256, NodeError> {
        let calls = transfers.iter().map(|payload| self.call(payload)).collect();
        let gas = BATCH_GAS + TRANSFER_GAS * u64::try_from(transfers.len()).unwrap_or(u64::MAX);
        let raw = self.sign(sender, aggregate3Call { calls }.abi_encode(), gas).await?;
        let sent = within(async { self.provider.send_raw_transaction(&raw).await }).await?;
        let (hash, give_up) = (*sent.tx_hash(), Instant::now() + PATIENCE);
        loop {
            match within(async { self.provider.get_transaction_receipt(hash).await }).await? {
                Some(receipt) if receipt.status() => return Ok(hash),
                Some(_) => return Err(NodeError::Failed(hash)),
                None if Instant::now() > give_up => return Err(NodeError::NotMined(hash)),
                None => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    fn call(&self, payload: &ExactPayload) -> Call3 {
        let call = payload.transfer_call();
        let target = self.network().usdc().address;
        Call3 { target, allowFailure: false, callData: call.abi_encode().into() }
    }

    async fn sign(&self, sender: &SigningKey, input: Vec<u8>, gas: u64) -> Result<Vec<u8>, NodeError> {
        let nonce = self.provider.get_transaction_count(sender.address()).block_id(BlockId::pending());
        let (nonce, fees) = within(async {
            tokio::try_join!(async { nonce.await }, async { self.provider.estimate_eip1559_fees().await })
        })
        .await?;
        let transaction = TxEip1559 {
            chain_id: self.network().chain_id(),
            nonce,
            gas_limit: gas,
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            to: TxKind::Call(Network::MULTICALL3),
            value: U256::ZERO,
            access_list: AccessList::default(),
            input: input.into(),
        };
        let signature = sender.sign(transaction.signature_hash());
        let signature = Signature::from_bytes_and_parity(&signature, signature.ends_with(&[28]));
        Ok(transaction.into_signed(signature).encoded_2718())
    }
}
