use std::{fmt, str::FromStr};

use alloy_primitives::{Address, B256, ChainId, address, keccak256};
use alloy_sol_types::{Eip712Domain, eip712_domain};

/// A chain that payments settle on, with the USDC contract that lives there.
///
/// The set is closed on purpose: a network is an EIP-712 domain that was checked against the deployed token, and a
/// wrong domain name makes every signature worthless (Base says "USD Coin", Base Sepolia says "USDC").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// Base, chain 8453.
    Base,
    /// Base Sepolia, chain 84532. A local chain with this id and these addresses is the same network to everybody.
    BaseSepolia,
}

/// An ERC-20 token with EIP-3009 transfers, and the EIP-712 domain its signatures live in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The token contract.
    pub address: Address,
    /// EIP-712 domain name, which is `extra.name` of an offer.
    pub name: &'static str,
    /// EIP-712 domain version, which is `extra.version` of an offer.
    pub version: &'static str,
    /// The chain the token lives on.
    pub chain_id: ChainId,
}

/// The name is of no network that this crate knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown network `{0}`: expected base or base-sepolia (eip155:8453, eip155:84532)")]
pub struct NetworkError(pub String);

const BASE_USDC: Asset = Asset {
    address: address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
    name: "USD Coin",
    version: "2",
    chain_id: 8453,
};

const BASE_SEPOLIA_USDC: Asset = Asset {
    address: address!("036CbD53842c5426634e7929541eC2318f3dCF7e"),
    name: "USDC",
    version: "2",
    chain_id: 84532,
};

impl Network {
    /// Every network, in the order of worth.
    pub const ALL: [Self; 2] = [Self::Base, Self::BaseSepolia];
    /// Multicall3, at the same address on every chain.
    pub const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

    /// The EIP-155 chain id.
    #[must_use]
    pub const fn chain_id(self) -> ChainId {
        self.usdc().chain_id
    }

    /// The name of protocol version 2, by CAIP-2.
    #[must_use]
    pub const fn caip2(self) -> &'static str {
        match self {
            Self::Base => "eip155:8453",
            Self::BaseSepolia => "eip155:84532",
        }
    }

    /// The name of protocol version 1.
    #[must_use]
    pub const fn v1_name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::BaseSepolia => "base-sepolia",
        }
    }

    /// The USDC contract.
    #[must_use]
    pub const fn usdc(self) -> Asset {
        match self {
            Self::Base => BASE_USDC,
            Self::BaseSepolia => BASE_SEPOLIA_USDC,
        }
    }

    /// The network with a chain id.
    #[must_use]
    pub fn from_chain_id(chain_id: ChainId) -> Option<Self> {
        Self::ALL.into_iter().find(|network| network.chain_id() == chain_id)
    }
}

/// Accepts the names of both protocol versions.
impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(name: &str) -> Result<Self, NetworkError> {
        let known =
            Self::ALL.into_iter().find(|network| name == network.caip2() || name == network.v1_name());
        known.ok_or_else(|| NetworkError(name.to_owned()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.caip2())
    }
}

impl Asset {
    /// The EIP-712 domain of the token's signatures.
    #[must_use]
    pub fn domain(&self) -> Eip712Domain {
        eip712_domain! {
            name: self.name,
            version: self.version,
            chain_id: self.chain_id,
            verifying_contract: self.address,
        }
    }

    /// What the token's `DOMAIN_SEPARATOR()` must answer; a service refuses to start where it does not.
    #[must_use]
    pub fn domain_separator(&self) -> B256 {
        self.domain().separator()
    }

    /// The hash to sign for a struct hash in this token's domain: `keccak256(0x1901 || separator || struct)`.
    pub(crate) fn digest(&self, struct_hash: B256) -> B256 {
        let mut input = [0u8; 66];
        input[..2].copy_from_slice(&[0x19, 0x01]);
        input[2..34].copy_from_slice(self.domain_separator().as_slice());
        input[34..].copy_from_slice(struct_hash.as_slice());
        keccak256(input)
    }
}
