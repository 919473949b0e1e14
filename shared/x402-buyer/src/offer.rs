use serde::{Deserialize, Serialize};
use serde_json::Value;
use x402::{Extensions, PaymentRequirements};

use crate::{ChallengeError, Verbatim};

/// The offer that is paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The protocol version it was made in.
    pub x402_version: Version,
    /// What is sold, as the seller describes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Value>,
    /// Price, payee, network and window, in the form of version 2.
    pub requirements: Verbatim<PaymentRequirements>,
    /// The seller's extensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions>,
}

/// The version of the x402 protocol that an offer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Version {
    /// The offer was the body.
    V1,
    /// The offer was the header `PAYMENT-REQUIRED`.
    V2,
}

/// What a seller of verifiable draws says in `extra.rng` of its offer, before it is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RngTerms {
    /// The day whose key it is, counted from 1970-01-01 UTC.
    pub epoch: u32,
    /// The key that the draw will be made with.
    #[serde(with = "draw::hex_bytes")]
    pub public_key: [u8; 32],
    /// The verifiable random function.
    pub suite: String,
    /// The log that draws go into, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogTerms>,
}

/// The transparency log that a seller of draws names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogTerms {
    /// Its name.
    pub origin: String,
    /// Its Ed25519 key.
    #[serde(with = "draw::hex_bytes")]
    pub public_key: [u8; 32],
}

impl Offer {
    /// What is said about draws, where draws are sold.
    #[must_use]
    pub fn rng(&self) -> Option<&Value> {
        self.requirements.extra.as_ref()?.get("rng")
    }

    /// The epoch whose key draws, where draws are sold.
    #[must_use]
    pub fn epoch(&self) -> Option<u32> {
        epoch(&self.requirements)
    }
}

/// The epoch in `extra.rng`.
pub(crate) fn epoch(offer: &PaymentRequirements) -> Option<u32> {
    u32::try_from(offer.extra.as_ref()?.get("rng")?.get("epoch")?.as_u64()?).ok()
}

impl From<Version> for u8 {
    fn from(version: Version) -> Self {
        match version {
            Version::V1 => 1,
            Version::V2 => 2,
        }
    }
}

impl TryFrom<u8> for Version {
    type Error = ChallengeError;

    fn try_from(version: u8) -> Result<Self, ChallengeError> {
        match version {
            1 => Ok(Self::V1),
            2 => Ok(Self::V2),
            other => Err(ChallengeError::Version(other)),
        }
    }
}
