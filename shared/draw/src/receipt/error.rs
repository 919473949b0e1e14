use super::{MAX_RECEIPT_JSON, log::LogError};
use crate::beacon::BeaconError;
use crate::binding::BindingError;
use crate::hex_bytes::format;
use crate::{RequestHash, VrfError};

/// Why a receipt is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The JSON is too long to be read.
    #[error("the receipt has {size} bytes, at most {MAX_RECEIPT_JSON} are read")]
    TooLong {
        /// Bytes of JSON.
        size: usize,
    },
    /// The JSON is not a receipt of this format.
    #[error("not a draw receipt: {0}")]
    Json(#[from] serde_json::Error),
    /// The hash is not that of the request.
    #[error("the receipt states request hash {stated}, its request hashes to {computed}")]
    RequestHash {
        /// In the receipt.
        stated: RequestHash,
        /// Of the request in the receipt.
        computed: RequestHash,
    },
    /// The draw was made on other terms than the request's.
    #[error("the draw's {0} is not the one asked for")]
    Terms(&'static str),
    /// The payment is not bound as the receipt says.
    #[error("the payment is not bound to this request: {0}")]
    Binding(#[from] BindingError),
    /// The beacon's round is refused.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
    /// The log's part is refused.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The receipt's key is no key.
    #[error("the receipt's public key is refused: {0}")]
    PublicKey(#[source] VrfError),
    /// The receipt was made with another key than the one trusted.
    #[error("the receipt states public key {}, the trusted key is {}", format(stated), format(trusted))]
    UntrustedKey {
        /// In the receipt.
        stated: [u8; 32],
        /// By the caller.
        trusted: [u8; 32],
    },
    /// The proof is not for this payment, request and key.
    #[error("the proof does not cover this payment and request: {0}")]
    Proof(#[source] VrfError),
    /// Draws without values, or values without a draw.
    #[error("the receipt states the values of {stated} draws, its request has {computed}")]
    Draws {
        /// In the receipt.
        stated: usize,
        /// In the request.
        computed: usize,
    },
    /// The values are of another kind than the draw.
    #[error("draw {draw}: the receipt states values of `{stated}`, its request has `{computed}`")]
    Operation {
        /// Which draw, counted from 0.
        draw: usize,
        /// In the receipt.
        stated: &'static str,
        /// In the request.
        computed: &'static str,
    },
    /// A draw has more or fewer values than was proven.
    #[error("draw {draw}: the receipt states {stated} values, the proof gives {computed}")]
    Count {
        /// Which draw, counted from 0.
        draw: usize,
        /// In the receipt.
        stated: usize,
        /// By the proof.
        computed: usize,
    },
    /// A value is not the one proven.
    #[error("draw {draw}, value {position}: the receipt states {stated}, the proof gives {computed}")]
    Value {
        /// Which draw, counted from 0.
        draw: usize,
        /// Which value, counted from 0.
        position: usize,
        /// In the receipt.
        stated: String,
        /// By the proof.
        computed: String,
    },
}

impl ReceiptError {
    /// A word for what is wrong, on which all verifiers agree.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } | Self::Json(_) => "format",
            Self::RequestHash { .. } | Self::Terms(_) => "request",
            Self::Binding(_) => "binding",
            Self::PublicKey(_) | Self::UntrustedKey { .. } => "key",
            Self::Proof(_) => "proof",
            Self::Draws { .. } | Self::Operation { .. } | Self::Count { .. } | Self::Value { .. } => "values",
            Self::Beacon(_) => "beacon",
            Self::Log(error) => error.code(),
        }
    }
}
