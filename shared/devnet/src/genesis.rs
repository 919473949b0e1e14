//! What is done to a fresh anvil before anybody may use it.

use alloy_primitives::{Address, Bytes, U64, U256};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use serde_json::{Value, json};
use x402::{Multicall3, TestToken};

use crate::{
    Account, Description, DevnetError,
    contracts::{Contracts, Etched, MULTICALL3, USDC},
    rpc::Rpc,
};

/// 1,000,000 USDC in atomic units.
const ENDOWMENT: u64 = 1_000_000_000_000;

/// What a transaction left behind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    status: U64,
    pub(crate) contract_address: Option<Address>,
}

/// Puts the contracts in their places and gives every buyer its USDC. Transactions must be mined as they come.
pub(crate) async fn populate(rpc: &Rpc, chain: &Description) -> Result<(), DevnetError> {
    rpc.request::<Value>("anvil_setLoggingEnabled", [false]).await?;
    for contract in Contracts::load()?.etched.values() {
        etch(rpc, contract).await?;
    }
    let calls = chain.buyers().iter().map(endowment).collect();
    let data = Multicall3::aggregate3Call { calls }.abi_encode();
    transact(rpc, json!({ "from": deployer(chain), "to": MULTICALL3, "data": Bytes::from(data) })).await?;
    Ok(())
}

/// Runs a constructor *at* the contract's address and leaves there what it returns, so that immutables which depend on
/// that address (the cached EIP-712 domain separator) are right. Storage that a constructor writes is lost.
async fn etch(rpc: &Rpc, Etched { address, init_code }: &Etched) -> Result<(), DevnetError> {
    rpc.request::<Value>("anvil_setCode", (address, init_code)).await?;
    let code: Bytes = rpc.request("eth_call", (json!({ "to": address }), "latest")).await?;
    rpc.request::<Value>("anvil_setCode", (address, code)).await?;
    Ok(())
}

fn endowment(buyer: &Account) -> Multicall3::Call3 {
    let mint = TestToken::mintCall { account: buyer.address, value: U256::from(ENDOWMENT) };
    Multicall3::Call3 { target: USDC, allowFailure: false, callData: mint.abi_encode().into() }
}

/// The account that deploys and mints.
pub(crate) fn deployer(chain: &Description) -> Option<Address> {
    chain.accounts.first().map(|account| account.address)
}

/// Sends a transaction from an account that anvil holds the key of, and returns once it is in a block and succeeded.
pub(crate) async fn transact(rpc: &Rpc, transaction: Value) -> Result<Receipt, DevnetError> {
    let receipt: Receipt = rpc.request("eth_sendTransactionSync", [transaction]).await?;
    if receipt.status == U64::from(1) { Ok(receipt) } else { Err(DevnetError::Reverted) }
}

/// Leaves transactions waiting until somebody asks for a block.
pub(crate) async fn stop_mining(rpc: &Rpc) -> Result<(), DevnetError> {
    rpc.request::<Value>("evm_setIntervalMining", [0]).await.map(drop)
}
