//! The contracts that stand on the chain, as `deploy/devnet/build.mjs` compiled them.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, ChainId};
use serde::Deserialize;
use x402::Network;

use crate::DevnetError;

/// The network this chain is taken for.
const NETWORK: Network = Network::BaseSepolia;

/// Base Sepolia's chain id.
pub const CHAIN_ID: ChainId = NETWORK.chain_id();

/// USDC on Base Sepolia. Here it is a stand-in that behaves the same where EIP-3009 can be observed, and that
/// anybody may mint (`mint(address,uint256)`).
pub const USDC: Address = NETWORK.usdc().address;

/// Multicall3, at its address on every chain.
pub const MULTICALL3: Address = Network::MULTICALL3;

/// All compiled contracts.
#[derive(Deserialize)]
pub(crate) struct Contracts {
    /// A smart-contract wallet; its constructor takes the owner's address.
    #[serde(rename = "TestWallet")]
    pub(crate) wallet: Deployable,
    /// Every other contract, by name.
    #[serde(flatten)]
    pub(crate) etched: BTreeMap<String, Etched>,
}

/// A contract that is deployed when somebody needs one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployable {
    pub(crate) init_code: Bytes,
}

/// A contract that stands at its address from the start. Its constructor takes no arguments.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Etched {
    pub(crate) address: Address,
    pub(crate) init_code: Bytes,
}

impl Contracts {
    pub(crate) fn load() -> Result<Self, DevnetError> {
        let json = include_str!("../../../deploy/devnet/contracts.json");
        serde_json::from_str(json).map_err(DevnetError::Contracts)
    }
}
