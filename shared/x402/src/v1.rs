//! Protocol version 1 (`specs/x402-specification-v1.md`), which older clients still speak: the offer is the 402's body,
//! the payment header is `X-PAYMENT`, networks have short names.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ExactPayload, Network, Usdc, serde_forms, v2};

/// The body of a version 1 402.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequired {
    /// Always 1.
    pub x402_version: u8,
    /// Why payment is asked for.
    pub error: String,
    /// The ways to pay.
    pub accepts: Vec<PaymentRequirements>,
}

/// One way to pay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequirements {
    /// `exact`.
    pub scheme: String,
    /// Short name: `base`, `base-sepolia`.
    pub network: String,
    /// The price.
    pub max_amount_required: Usdc,
    /// URL of what is sold.
    pub resource: String,
    /// What it is.
    pub description: String,
    /// Media type of the answer. Stock clients refuse an offer in which it is not a string; a stock seller writes null.
    #[serde(default, deserialize_with = "serde_forms::null_as_empty")]
    pub mime_type: String,
    /// JSON Schema of the answer, or null.
    #[serde(default)]
    pub output_schema: Option<Value>,
    /// Who is paid.
    #[serde(with = "serde_forms::checksummed")]
    pub pay_to: Address,
    /// How long the seller may take.
    pub max_timeout_seconds: u64,
    /// The token contract.
    #[serde(with = "serde_forms::checksummed")]
    pub asset: Address,
    /// The token's EIP-712 `name` and `version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Map<String, Value>>,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentPayload {
    /// Always 1.
    pub x402_version: u8,
    /// `exact`.
    pub scheme: String,
    /// Short name of the chain.
    pub network: String,
    /// Signature and authorization.
    pub payload: ExactPayload,
}

impl PaymentRequirements {
    /// The version 1 form of an offer. `None` when its network has no short name.
    #[must_use]
    pub fn from_v2(offer: &v2::PaymentRequirements, resource: &v2::ResourceInfo) -> Option<Self> {
        Some(Self {
            scheme: offer.scheme.clone(),
            network: offer.known_network()?.v1_name().to_owned(),
            max_amount_required: offer.amount,
            resource: resource.url.clone(),
            description: resource.description.clone().unwrap_or_default(),
            mime_type: resource.mime_type.clone().unwrap_or_default(),
            output_schema: None,
            pay_to: offer.pay_to,
            max_timeout_seconds: offer.max_timeout_seconds,
            asset: offer.asset,
            extra: offer.extra.clone(),
        })
    }

    /// The version 2 form of the offer. `None` when the network is unknown.
    #[must_use]
    pub fn to_v2(&self) -> Option<v2::PaymentRequirements> {
        let network = Network::ALL.into_iter().find(|network| network.v1_name() == self.network)?;
        Some(v2::PaymentRequirements {
            scheme: self.scheme.clone(),
            network: network.caip2().to_owned(),
            amount: self.max_amount_required,
            asset: self.asset,
            pay_to: self.pay_to,
            max_timeout_seconds: self.max_timeout_seconds,
            extra: self.extra.clone(),
        })
    }
}
