use std::convert::Infallible;

use axum::response::{IntoResponseParts, ResponseParts};
use x402::PaymentId;

/// What a handler records together with its answer: a leaf of a log, a voucher.
///
/// Answered beside the body, `(attachment, Json(answer))`, it is committed in the same transaction as the answer, or neither
/// is. A kind has a key once: where another answer took it, this one is not served, and the work counts as failed. The
/// attachments of a run that fails are dropped with it. Whoever follows reads [`crate::Ledger::attachments`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What it is, in the service's word.
    pub kind: String,
    /// Unique among those of its kind.
    pub key: Vec<u8>,
    /// The record.
    pub payload: Vec<u8>,
}

/// An attachment that is committed, with its place in the order of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its number: 1, 2, 3 and so on, without gaps, the same for every reader.
    pub seq: u64,
    /// The payment whose answer it came with.
    pub payment: PaymentId,
    /// Unique among those of its kind.
    pub key: Vec<u8>,
    /// The record.
    pub payload: Vec<u8>,
}

impl IntoResponseParts for Attachment {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}
