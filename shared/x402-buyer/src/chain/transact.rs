//! The one thing that takes gas: a transaction of the payer's own.

use std::time::Duration;

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::{eip2718::Encodable2718, eip2930::AccessList},
    primitives::{Signature, TxKind, U256},
    providers::Provider,
    rpc::types::TransactionRequest,
    sol_types::SolCall,
    transports::TransportError,
};
use tokio::time::{Instant, sleep};
use x402::{B256, SETTLEMENT_CONTRACT, Settlement::SettlementErrors, SigningKey};

use super::{Chain, ChainError, within};

/// How long a transaction may take into a block.
const INCLUSION: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

impl Chain {
    /// Sends a call of the settlement contract and waits until it is in a block.
    ///
    /// # Errors
    /// [`ChainError`]; after [`ChainError::Waiting`] and errors of the node the chain itself says whether it was made.
    pub(crate) async fn transact<C: SolCall>(&self, key: &SigningKey, call: &C) -> Result<B256, ChainError> {
        let transaction = self.prepare(key, call.abi_encode()).await?;
        let signature = key.sign(transaction.signature_hash());
        let signature = Signature::from_bytes_and_parity(&signature, signature.ends_with(&[28]));
        let raw = transaction.into_signed(signature).encoded_2718();
        let sent = within(async { self.provider.send_raw_transaction(&raw).await }).await?;
        let (hash, give_up) = (*sent.tx_hash(), Instant::now() + INCLUSION);
        loop {
            let receipt = within(async { self.provider.get_transaction_receipt(hash).await }).await?;
            match receipt {
                Some(receipt) if receipt.status() => return Ok(hash),
                Some(_) => return Err(ChainError::Reverted(format!("transaction {hash} failed"))),
                None if Instant::now() >= give_up => return Err(ChainError::Waiting(hash)),
                None => sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// The estimate is of this block, and a fifth more is for the one that it will be in.
    async fn prepare(&self, key: &SigningKey, input: Vec<u8>) -> Result<TxEip1559, ChainError> {
        let account = key.address();
        let request =
            TransactionRequest::default().from(account).to(SETTLEMENT_CONTRACT).input(input.clone().into());
        let gas = within(async { self.provider.estimate_gas(request).await }).await.map_err(refused)?;
        let fees = within(async { self.provider.estimate_eip1559_fees().await }).await?;
        let nonce = within(async { self.provider.get_transaction_count(account).pending().await }).await?;
        let gas_limit = gas.saturating_add(gas / 5);
        let needed = U256::from(gas_limit).saturating_mul(U256::from(fees.max_fee_per_gas));
        let held = self.ether_balance(account).await?;
        if held < needed {
            return Err(ChainError::NoGas { account, needed, held });
        }
        Ok(TxEip1559 {
            chain_id: self.network.chain_id(),
            nonce,
            gas_limit,
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            to: TxKind::Call(SETTLEMENT_CONTRACT),
            value: U256::ZERO,
            access_list: AccessList::default(),
            input: input.into(),
        })
    }
}

/// A revert, by the contract's own name for it.
fn refused(error: ChainError) -> ChainError {
    let revert = match &error {
        ChainError::Rpc(TransportError::ErrorResp(answer)) => answer.as_revert_data(),
        _ => None,
    };
    let name = revert
        .as_ref()
        .and_then(|data| data.first_chunk())
        .and_then(|selector| SettlementErrors::name_by_selector(*selector));
    name.map_or(error, |name| ChainError::Reverted(name.to_owned()))
}
