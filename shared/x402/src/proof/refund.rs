use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::ExtensionInfo;
use crate::{PaymentId, PaymentNonce, Usdc, ecdsa::tagged_keccak, serde_forms};

/// The extension in which a seller says what it gives back.
pub const REFUND_EXTENSION: &str = "x402-refund";

impl PaymentId {
    /// The nonce of a refund's EIP-3009 authorization: `keccak256("x402-refund/v1" || paymentId || u32be index)`.
    ///
    /// Everybody can compute it, and the token refuses a second transfer with it: no refund is paid twice.
    #[must_use]
    pub fn refund_nonce(&self, index: u32) -> PaymentNonce {
        PaymentNonce(tagged_keccak(&[b"x402-refund/v1", self.0.as_slice(), &index.to_be_bytes()]))
    }
}

/// One refund of a payment. A payment has several when it is given back in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// The first is 0.
    pub index: u32,
    /// How much.
    pub amount: Usdc,
    /// The transaction; absent until one was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<B256>,
    /// Who gets it: the payer.
    #[serde(with = "serde_forms::checksummed")]
    pub to: Address,
}

/// The refunds of a payment: `extensions["x402-refund"].info.refunds` of a [`crate::SettlementResponse`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refunds(pub Vec<Refund>);

impl ExtensionInfo for Refunds {
    const EXTENSION: &'static str = REFUND_EXTENSION;
    const MEMBER: &'static str = "refunds";
}
