//! What the standard's two artifacts have in common.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use super::{Signed, Statement};
use crate::SignatureError;

/// The standard's extension for signed offers and receipts.
pub const OFFER_RECEIPT_EXTENSION: &str = "offer-receipt";

/// The chain id of the standard's domains, whatever chain is paid on (section 3.2).
pub(super) const CHAIN_ID: u64 = 1;

/// The version of a payload; other versions are other types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u64", try_from = "u64")]
pub enum PayloadVersion {
    /// `1`.
    #[default]
    V1,
}

/// A signed offer or receipt, in either of the standard's formats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "lowercase")]
pub enum Artifact<T> {
    /// Typed data; what this crate signs and checks.
    Eip712(Signed<T>),
    /// A JWS in compact serialization. Its key is named by a DID, which takes a network to resolve: carried, not checked.
    Jws {
        /// `header.payload.signature`.
        signature: String,
    },
}

/// What an artifact says.
pub trait StandardPayload: Statement<Scope = ()> {
    /// Whether it speaks of an EVM chain, as it must in EIP-712 form (section 3.1.1).
    fn is_evm(&self) -> bool;
}

/// Why an artifact does not say who signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// Signed as a JWS.
    #[error("it is signed as a JWS, whose key is not resolved here")]
    Jws,
    /// Typed data about something that is on no EVM chain.
    #[error("it is signed as EIP-712 and is not about an EVM chain")]
    NotEvm,
    /// The signature is none.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl<T: StandardPayload> Artifact<T> {
    /// What is stated, and who signed it. The standard leaves open who may: the payee, or whom the payee names.
    ///
    /// # Errors
    /// [`ArtifactError`] when the signer cannot be told.
    pub fn verify(&self) -> Result<(&T, Address), ArtifactError> {
        match self {
            Self::Jws { .. } => Err(ArtifactError::Jws),
            Self::Eip712(signed) if !signed.payload.is_evm() => Err(ArtifactError::NotEvm),
            Self::Eip712(signed) => Ok((&signed.payload, signed.signer(())?)),
        }
    }
}

/// `eip155:` and a chain id.
pub(super) fn is_evm_network(network: &str) -> bool {
    network.strip_prefix("eip155:").is_some_and(|id| id.parse::<u64>().is_ok())
}

impl From<PayloadVersion> for u64 {
    fn from(version: PayloadVersion) -> Self {
        match version {
            PayloadVersion::V1 => 1,
        }
    }
}

impl TryFrom<u64> for PayloadVersion {
    type Error = String;

    fn try_from(version: u64) -> Result<Self, String> {
        match version {
            1 => Ok(Self::V1),
            other => Err(format!("version {other} of the payload is unknown")),
        }
    }
}
