use std::fmt;

use alloy_primitives::{Address, B256, ChainId};
use serde::{Deserialize, Serialize};

use crate::ecdsa::tagged_keccak;

/// The nonce of an EIP-3009 authorization: 32 bytes, unique per payer and token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaymentNonce(pub B256);

/// What makes a payment the same payment, whichever protocol version, header or letter case it arrives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PaymentKey {
    /// EIP-155 chain id.
    pub chain_id: ChainId,
    /// Token contract.
    pub asset: Address,
    /// Who pays.
    pub payer: Address,
    /// The authorization's nonce.
    pub nonce: PaymentNonce,
}

/// `keccak256("x402-payment/v1" || u64be chainId || asset || payer || nonce)`.
///
/// A buyer who lost every byte of the answer can compute it from what they signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaymentId(pub B256);

impl PaymentKey {
    /// The payment's public name.
    #[must_use]
    pub fn id(&self) -> PaymentId {
        PaymentId(tagged_keccak(&[
            b"x402-payment/v1",
            &self.chain_id.to_be_bytes(),
            self.asset.as_slice(),
            self.payer.as_slice(),
            self.nonce.0.as_slice(),
        ]))
    }
}

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PaymentNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
