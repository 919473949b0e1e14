//! What an answer to a paid request means for the money.

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde::Deserialize;
use x402::{
    ErrorReason, PAYMENT_REQUIRED, PAYMENT_RESPONSE, PaymentRequired, SettlementResponse, X_PAYMENT_RESPONSE,
    decode_header,
};

use super::exchange::HttpAnswer;

/// The most that is repeated of a seller's reason, in characters.
const MAX_REASON: usize = 200;

/// What to do next.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The answer is here.
    Delivered(Option<SettlementResponse>),
    /// Nothing is decided; the same payment is to be sent again.
    Again {
        /// What the seller asks to be waited.
        wait: Option<Duration>,
        /// Why, for a person.
        why: String,
        /// What the seller said of the settlement.
        settlement: Option<SettlementResponse>,
    },
    /// The seller fails at its work. Worth another try or two with the same payment, not more.
    Failing,
    /// The seller will not answer for this payment.
    Refused,
}

impl Verdict {
    pub(crate) fn of(answer: &HttpAnswer) -> Self {
        let settlement = settlement(&answer.headers);
        let reason = settlement.as_ref().and_then(|settlement| settlement.error_reason.as_ref());
        let wait = retry_after(&answer.headers);
        let again = |why: String| Self::Again { wait, why, settlement: settlement.clone() };
        match answer.status {
            status if status.is_success() => Self::Delivered(settlement),
            _ if reason == Some(&ErrorReason::REFUND_DUE) => Self::Refused,
            _ if wait.is_none() && is_released(&answer.body) => Self::Refused,
            status if reason == Some(&ErrorReason::SETTLEMENT_PENDING) => {
                again(format!("the settlement is pending (status {})", status.as_u16()))
            }
            status if is_passing(status) || (status == StatusCode::CONFLICT && wait.is_some()) => {
                again(format!("the seller answered {status}"))
            }
            status if status.is_server_error() => Self::Failing,
            _ => Self::Refused,
        }
    }
}

/// What the seller says of the settlement, in either protocol version. A malformed header says nothing.
pub(crate) fn settlement(headers: &HeaderMap) -> Option<SettlementResponse> {
    let value = headers.get(PAYMENT_RESPONSE).or_else(|| headers.get(X_PAYMENT_RESPONSE))?;
    decode_header(value.as_bytes())
        .inspect_err(|error| tracing::warn!(%error, "unreadable PAYMENT-RESPONSE"))
        .ok()
}

/// Why the seller refuses, in its own words or as a reason.
pub(crate) fn reason(answer: &HttpAnswer) -> Option<String> {
    let settled = settlement(&answer.headers).and_then(|settlement| settlement.error_reason);
    let offered = || {
        let value = answer.headers.get(PAYMENT_REQUIRED)?;
        decode_header::<PaymentRequired>(value.as_bytes()).ok()?.error
    };
    let body = || {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
        let text = ["error", "detail", "title"].into_iter().find_map(|key| body.get(key)?.as_str())?;
        Some(text.to_owned())
    };
    let reason = settled.map(|reason| reason.to_string()).or_else(offered).or_else(body)?;
    Some(reason.chars().take(MAX_REASON).collect())
}

/// Whether the seller did the work and says that what came of it is not charged for: the same payment would buy the same.
fn is_released(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Problem {
        charged: bool,
    }
    serde_json::from_slice(body).is_ok_and(|problem: Problem| !problem.charged)
}

const fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// `Retry-After` in seconds; the form with a date is not worth waiting for.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
