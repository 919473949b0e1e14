//! Protocol version 2 (`specs/x402-specification-v2.md` section 5). Unknown fields are ignored, as the specification grows.

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ErrorReason, ExactPayload, Network, Usdc, serde_forms};

/// Extension data by extension name: `{"info": {...}, "schema": {...}}` each.
pub type Extensions = Map<String, Value>;

/// The content of a 402: what is sold, for how much, in which ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequired {
    /// Always 2.
    pub x402_version: u8,
    /// Why payment is asked for, in words or as a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What is sold.
    pub resource: ResourceInfo,
    /// The ways to pay, any one of which will do.
    pub accepts: Vec<Accept>,
    /// What the server supports beyond the core; a client echoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions>,
}

/// One way to pay. A server may offer chains that this crate does not know; they are carried and never chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Accept {
    /// A token on an EVM chain.
    Evm(PaymentRequirements),
    /// Anything else.
    Other(Value),
}

/// The description of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceInfo {
    /// Where it is.
    pub url: String,
    /// What it is, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Media type of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Who sells it: printable ASCII, 32 characters at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// What it is about: five at most, 32 characters each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// An icon of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
}

/// One way to pay with a token on an EVM chain. Equality is by value: letter case of addresses does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequirements {
    /// `exact` or another scheme.
    pub scheme: String,
    /// CAIP-2 name of the chain.
    pub network: String,
    /// The price.
    pub amount: Usdc,
    /// The token contract.
    #[serde(with = "serde_forms::checksummed")]
    pub asset: Address,
    /// Who is paid.
    #[serde(with = "serde_forms::checksummed")]
    pub pay_to: Address,
    /// How long the seller may take from challenge to settlement; bounds the window that a client signs.
    pub max_timeout_seconds: u64,
    /// What the scheme needs besides; for EIP-3009 the token's EIP-712 `name` and `version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Map<String, Value>>,
}

/// A payment, as the client sends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentPayload {
    /// Always 2.
    pub x402_version: u8,
    /// What is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceInfo>,
    /// The way chosen among `accepts`, repeated whole.
    pub accepted: PaymentRequirements,
    /// What the scheme defines; see [`ExactPayload`].
    pub payload: Value,
    /// The server's extensions echoed, and the client's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions>,
}

/// What came of a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettlementResponse {
    /// Whether the money moved.
    pub success: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_reason: Option<ErrorReason>,
    /// Who paid.
    #[serde(default, with = "serde_forms::checksummed_option", skip_serializing_if = "Option::is_none")]
    pub payer: Option<Address>,
    /// The transaction; `""` on the wire where there is none.
    #[serde(default, with = "serde_forms::transaction")]
    pub transaction: Option<B256>,
    /// CAIP-2 name of the chain (version 1: its short name).
    pub network: String,
    /// What was charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Usdc>,
    /// Extension data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions>,
}

impl Accept {
    /// The requirements, where they are of a kind this crate can pay.
    #[must_use]
    pub const fn evm(&self) -> Option<&PaymentRequirements> {
        match self {
            Self::Evm(requirements) => Some(requirements),
            Self::Other(_) => None,
        }
    }
}

impl PaymentRequirements {
    /// An offer in the scheme `exact` for a network's USDC.
    #[must_use]
    pub fn exact(network: Network, amount: Usdc, pay_to: Address, max_timeout_seconds: u64) -> Self {
        let asset = network.usdc();
        let extra = [("name", asset.name), ("version", asset.version)];
        Self {
            scheme: crate::EXACT.to_owned(),
            network: network.caip2().to_owned(),
            amount,
            asset: asset.address,
            pay_to,
            max_timeout_seconds,
            extra: Some(extra.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()),
        }
    }

    /// The network, if it is one that this crate knows.
    #[must_use]
    pub fn known_network(&self) -> Option<Network> {
        Network::ALL.into_iter().find(|network| network.caip2() == self.network)
    }
}

impl PaymentPayload {
    /// Reads the payload of the scheme `exact`.
    ///
    /// # Errors
    /// The JSON error, when the payload is of another shape.
    pub fn exact(&self) -> Result<ExactPayload, serde_json::Error> {
        ExactPayload::deserialize(&self.payload)
    }
}
