use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::contracts::{CHAIN_ID, MULTICALL3, USDC};

/// How many accounts a local chain has.
pub(crate) const ACCOUNTS: usize = 60;

/// Everything that a program needs to use a running local chain. `devnet up --ready-file` writes it as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Where the chain answers JSON-RPC over HTTP and WebSocket.
    pub rpc_url: String,
    /// Where it answers JSON-RPC over HTTP through a [`FaultProxy`](crate::FaultProxy): `devnet up --fault-rpc` starts one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faulty_rpc_url: Option<String>,
    /// [`CHAIN_ID`].
    pub chain_id: u64,
    /// [`USDC`].
    pub usdc: Address,
    /// [`MULTICALL3`].
    pub multicall3: Address,
    /// Where each service is paid: accounts 1 to 3.
    pub pay_to: PayTo,
    /// Account 0 deploys and mints, 1 to 3 are `pay_to`, 4 to 9 sign settlements, 10 to 59 buy. All hold ether.
    pub accounts: Vec<Account>,
}

/// The receiving address of each service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayTo {
    /// The random-number service.
    pub rng: Address,
    /// The scraper.
    pub scraper: Address,
    /// The persona service.
    pub persona: Address,
}

/// An account whose key everybody knows: it belongs to the public test mnemonic `test test ... junk`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The address.
    pub address: Address,
    /// Its secp256k1 private key.
    pub private_key: B256,
}

impl Description {
    pub(crate) fn new(rpc_url: String, accounts: [Account; ACCOUNTS]) -> Self {
        let [_, rng, scraper, persona, ..] = accounts.map(|account| account.address);
        Self {
            rpc_url,
            faulty_rpc_url: None,
            chain_id: CHAIN_ID,
            usdc: USDC,
            multicall3: MULTICALL3,
            pay_to: PayTo { rng, scraper, persona },
            accounts: accounts.into(),
        }
    }

    /// The six accounts that send settlements. They hold ether and no USDC.
    pub fn signers(&self) -> &[Account] {
        self.accounts.get(4..10).unwrap_or_default()
    }

    /// The fifty accounts that buy. Each starts with 1,000,000 USDC.
    pub fn buyers(&self) -> &[Account] {
        self.accounts.get(10..).unwrap_or_default()
    }
}
