//! What an answer to a paid request means to a buyer.

use std::time::Duration;

use reqwest::{StatusCode, header::RETRY_AFTER};
use serde::Deserialize;
use x402::{ErrorReason, PAYMENT_RESPONSE, SettlementResponse, X_PAYMENT_RESPONSE, decode_header};

use super::http::HttpAnswer;
use crate::sample::{Answer, Claimed};

/// How long a call waits before it sends its payment again, where the seller does not say.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);
/// The longest that a seller's `Retry-After` is heeded.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What to do after an answer.
pub(crate) enum Verdict {
    /// The call is over.
    Done(Answer),
    /// The same payment is sent again, after a pause.
    Again { pause: Duration, heard: String },
}

#[derive(Deserialize)]
struct Problem {
    #[serde(alias = "error")]
    reason: Option<String>,
}

/// Reads an answer, and what it says of the settlement.
pub(crate) fn judge(answer: &HttpAnswer) -> (Verdict, Claimed) {
    let settlement = settlement(answer);
    let claimed = settlement.as_ref().map_or(Claimed::Nothing, claimed);
    let reason = settlement.and_then(|settlement| settlement.error_reason);
    let reason = reason.map(|reason| reason.as_str().to_owned()).or_else(|| problem(answer));
    let status = answer.status;
    let heard = reason.map_or(status.as_str().to_owned(), |reason| format!("{status} {}", cut(&reason)));
    let verdict = match claimed {
        _ if status.is_success() => Verdict::Done(Answer::Served),
        // The money moved and the work did not come about: that is an answer, and the audit's to judge.
        Claimed::Settled(_) => Verdict::Done(Answer::Refused(heard)),
        Claimed::Pending => Verdict::Again { pause: pause(answer), heard },
        _ if passing(status) => Verdict::Again { pause: pause(answer), heard },
        _ => Verdict::Done(Answer::Refused(heard)),
    };
    (verdict, claimed)
}

fn claimed(settlement: &SettlementResponse) -> Claimed {
    match (settlement.success, &settlement.error_reason) {
        (true, _) => Claimed::Settled(settlement.transaction),
        (false, Some(reason)) if *reason == ErrorReason::SETTLEMENT_PENDING => Claimed::Pending,
        (false, _) => Claimed::Failed,
    }
}

/// Statuses that say nothing about the payment: the same one may be sent again.
fn passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 409 | 425 | 429 | 500 | 502 | 503 | 504)
}

fn settlement(answer: &HttpAnswer) -> Option<SettlementResponse> {
    let header = [PAYMENT_RESPONSE, X_PAYMENT_RESPONSE].iter().find_map(|name| answer.headers.get(*name))?;
    decode_header(header.as_bytes()).ok()
}

fn problem(answer: &HttpAnswer) -> Option<String> {
    serde_json::from_slice::<Problem>(&answer.body).ok()?.reason
}

fn pause(answer: &HttpAnswer) -> Duration {
    let seconds = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map_or(PAUSE, Duration::from_secs).min(LONGEST_PAUSE)
}

/// A stranger's words, short enough to be counted by.
fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}
