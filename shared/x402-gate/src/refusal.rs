use axum::{body::Body, response::Response};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::json;
use x402::ErrorReason;

use crate::LedgerError;

/// Why a paid request is not served, before or after the claim.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The header cannot be read as a payment: 400.
    Malformed(String),
    /// The payment is readable and not good: 402 with the offer.
    Payment(ErrorReason),
    /// The payment belongs to another request: 409.
    OtherRequest,
    /// The same payment is being worked on: 409, ask again.
    InProgress,
    /// This client asks too often without paying: 429.
    TooOften,
    /// This payer has too many payments under way: 429.
    TooMany,
    /// Too much was delivered on payments that are not safe yet, and this would be too: 503.
    Unsafe,
    /// The work for this payer comes after the payment, and no earlier: 402 with that offer.
    UpfrontOnly,
    /// The body is longer than this many bytes: 413.
    TooLarge(usize),
    /// The body did not arrive whole: 400.
    BrokenBody,
    /// The route's own check refused the request, uncharged.
    Request(Box<Response>),
    /// Something of ours does not work, and nothing was settled: 503.
    Unavailable(String),
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        tracing::error!(%error, "ledger");
        Self::Unavailable("the ledger does not answer".to_owned())
    }
}

/// RFC 9457 problem details with the machine-readable reason of the protocol.
pub(crate) fn problem(status: StatusCode, reason: &ErrorReason, detail: &str) -> Response {
    let body = json!({
        "type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(),
        "reason": reason, "detail": detail,
    });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A conflict that passes by itself.
pub(crate) fn in_progress(reason: &ErrorReason) -> Response {
    let detail = "the same payment is being worked on; send it again";
    let mut response = problem(StatusCode::CONFLICT, reason, detail);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// What passes with the next safe block, which takes longer than most.
pub(crate) fn until_safe(mut response: Response) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
    response
}

impl Refusal {
    /// The word in metrics.
    pub(crate) fn reason(&self) -> ErrorReason {
        match self {
            Self::Payment(reason) => reason.clone(),
            Self::OtherRequest => ErrorReason::REQUEST_MISMATCH,
            Self::Malformed(_) | Self::BrokenBody => ErrorReason::INVALID_PAYLOAD,
            Self::InProgress => ErrorReason::SETTLEMENT_PENDING,
            Self::TooOften => ErrorReason::from("too_many_requests".to_owned()),
            Self::TooMany => ErrorReason::from("too_many_payments".to_owned()),
            Self::Unsafe => ErrorReason::from("unsafe_value".to_owned()),
            Self::UpfrontOnly => ErrorReason::from("upfront_required".to_owned()),
            Self::TooLarge(_) | Self::Request(_) => ErrorReason::from("invalid_request".to_owned()),
            Self::Unavailable(_) => ErrorReason::UNEXPECTED_VERIFY_ERROR,
        }
    }
}
