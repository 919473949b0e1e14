//! The facilitator's HTTP interface (specification section 7): bodies of /verify, /settle and /supported.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ErrorReason, PaymentPayload, PaymentRequirements, serde_forms};

/// The body of `POST /verify` and `POST /settle`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FacilitatorRequest {
    /// 2; a version 1 payment is carried in its version 2 form.
    pub x402_version: u8,
    /// What the client sent.
    pub payment_payload: PaymentPayload,
    /// What the seller asked for.
    pub payment_requirements: PaymentRequirements,
}

/// The body of `POST /verify`.
pub type VerifyRequest = FacilitatorRequest;
/// The body of `POST /settle`.
pub type SettleRequest = FacilitatorRequest;

/// Whether a payment would settle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyResponse {
    /// Whether it would.
    pub is_valid: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_reason: Option<ErrorReason>,
    /// Who pays.
    #[serde(default, with = "serde_forms::checksummed_option", skip_serializing_if = "Option::is_none")]
    pub payer: Option<Address>,
}

/// What a facilitator can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportedResponse {
    /// Schemes by network.
    pub kinds: Vec<SupportedKind>,
    /// Extensions it implements.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// Who sends its transactions, by CAIP-2 pattern (`eip155:*`).
    #[serde(default)]
    pub signers: BTreeMap<String, Vec<String>>,
}

/// One scheme on one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportedKind {
    /// Protocol version.
    pub x402_version: u8,
    /// Scheme name.
    pub scheme: String,
    /// Network name of that protocol version.
    pub network: String,
    /// What the scheme says besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Map<String, Value>>,
}
