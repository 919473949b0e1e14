//! From a payment's record to the HTTP answer.

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, LINK, VARY},
};
use x402::{
    Address, ErrorReason, PAYMENT_RESPONSE, PaymentId, PaymentKey, SettlementResponse, X_PAYMENT_RESPONSE,
    encode_header,
};

use crate::{
    Gate, MAX_RUNS, Money, Work,
    incoming::{Incoming, Version, network_name, spoken},
    job::Finished,
    ledger::{Answer, Record},
    refund,
    refusal::{Refusal, in_progress, problem, until_safe},
    sale::{Offer, Sale},
};

/// To whom, and how, an answer goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    version: Version,
    payer: Option<Address>,
}

impl Caller {
    /// Somebody who sent something that need not be a payment.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self { version: spoken(headers), payer: None }
    }

    /// Somebody whose signature was checked.
    pub(crate) fn paying(incoming: &Incoming) -> Self {
        Self { version: incoming.version, payer: Some(incoming.payer()) }
    }
}

/// The answer when a payment's task has ended.
pub(crate) fn finished(
    gate: &Gate,
    sale: &Sale,
    offer: &Offer,
    caller: Caller,
    finished: Finished,
) -> Response {
    let Finished { record, failure, timing } = finished;
    count(&record);
    let mut response = match failure {
        Some(failure) => failed(gate, caller, &record, failure),
        None => stored(gate, sale, offer, caller, record),
    };
    attach(&mut response, HeaderName::from_static("server-timing"), timing.header());
    response
}

/// The answer that a record holds, the same every time.
pub(crate) fn stored(gate: &Gate, sale: &Sale, offer: &Offer, caller: Caller, record: Record) -> Response {
    let reason = record.reason.clone().map(ErrorReason::from);
    match (record.money, record.work, reason) {
        (Money::Settled, Work::Served, _) if sale.delivers(&record) => served(gate, caller, record),
        (Money::Settled, Work::Served, _) => not_safe_yet(gate, caller, &record),
        (Money::RefundDue | Money::Refunding | Money::Refunded, ..) => owed(gate, caller, &record),
        (Money::Dead | Money::Settling, _, Some(reason)) => {
            unpaid(gate, offer, caller, reason, record.transaction)
        }
        (Money::Open, ..) => work_failed(record.runs),
        _ => pending(gate, caller, record.key, record.transaction),
    }
}

fn served(gate: &Gate, caller: Caller, record: Record) -> Response {
    let proof = record.proof.as_deref().and_then(|proof| serde_json::from_str(proof).ok());
    let settlement = SettlementResponse {
        success: true,
        error_reason: None,
        extensions: refund::announce(&record, proof),
        ..outcome(gate, caller, &record)
    };
    let mut response = record.answer.map_or_else(expired, plain);
    announce(&mut response, caller, &settlement);
    response
}

/// Settled and served, and delivered when the payment is as certain as the route wants it.
fn not_safe_yet(gate: &Gate, caller: Caller, record: &Record) -> Response {
    let detail = "the payment is settled, and its answer is delivered once its block is safe: send the same payment \
                  again, or ask for its status";
    until_safe(pending_because(gate, caller, record.key, record.transaction, detail))
}

/// The answer was sent, and is not kept any more. What was bought stays provable.
fn expired() -> Response {
    let detail = "the answer to this payment is not kept any more; PAYMENT-RESPONSE has its receipt";
    problem(StatusCode::GONE, &ErrorReason::from("answer_expired".to_owned()), detail)
}

/// The handler's own refusal goes to the buyer as it is. Whether it cost anything stands in `PAYMENT-RESPONSE`.
fn failed(gate: &Gate, caller: Caller, record: &Record, failure: Answer) -> Response {
    let mut response = plain(failure);
    if record.money != Money::Open {
        announce(&mut response, caller, &outcome(gate, caller, record));
    }
    response
}

fn work_failed(runs: u32) -> Response {
    let detail = match runs {
        ..MAX_RUNS => "the work failed and nothing was charged; the same payment may be sent again",
        MAX_RUNS.. => {
            "the work failed as often as it may, and nothing was charged; a new payment may be sent"
        }
    };
    problem(StatusCode::BAD_GATEWAY, &ErrorReason::from("work_failed".to_owned()), detail)
}

fn owed(gate: &Gate, caller: Caller, record: &Record) -> Response {
    let detail = match record.money {
        Money::Refunded => "the work failed after the payment settled; it was given back",
        _ => "the work failed after the payment settled; a refund is due",
    };
    let mut response = problem(StatusCode::BAD_GATEWAY, &ErrorReason::REFUND_DUE, detail);
    announce(&mut response, caller, &outcome(gate, caller, record));
    response
}

/// A settlement that failed: 402 with the offer, the reason in both places.
fn unpaid(
    gate: &Gate,
    offer: &Offer,
    caller: Caller,
    reason: ErrorReason,
    transaction: Option<x402::B256>,
) -> Response {
    let mut response = offer.challenge.refuse(&reason);
    announce(&mut response, caller, &failure(gate, caller, reason, transaction));
    response
}

/// Nobody knows yet whether the money moved: never an answer, never a fresh 402.
pub(crate) fn pending(
    gate: &Gate,
    caller: Caller,
    key: PaymentKey,
    transaction: Option<x402::B256>,
) -> Response {
    let detail = "the payment is not settled yet; send the same payment again, or ask for its status";
    pending_because(gate, caller, key, transaction, detail)
}

fn pending_because(
    gate: &Gate,
    caller: Caller,
    key: PaymentKey,
    transaction: Option<x402::B256>,
    detail: &str,
) -> Response {
    let reason = ErrorReason::SETTLEMENT_PENDING;
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, &reason, detail);
    announce(&mut response, caller, &failure(gate, caller, reason, transaction));
    link(&mut response, key.id());
    response
}

/// What anybody may have who shows no more than what stands on the chain.
pub(crate) fn status_only(id: PaymentId) -> Response {
    let reason = ErrorReason::from("answer_withheld".to_owned());
    let detail = "this payment was used; what it shows is public, so the answer is not sent again";
    let mut response = problem(StatusCode::GONE, &reason, detail);
    link(&mut response, id);
    response
}

/// The answer to a payment that was not taken.
pub(crate) fn refuse(gate: &Gate, sale: &Sale, offer: &Offer, caller: Caller, refusal: Refusal) -> Response {
    let reason = refusal.reason();
    metrics::counter!("x402_payments_total", "outcome" => "refused", "reason" => label(&reason)).increment(1);
    tracing::info!(route = sale.name, %reason, "payment refused");
    match refusal {
        Refusal::Payment(reason) => {
            let mut response = offer.challenge.refuse(&reason);
            announce(&mut response, caller, &failure(gate, caller, reason, None));
            response
        }
        Refusal::Malformed(detail) => problem(StatusCode::BAD_REQUEST, &reason, &detail),
        Refusal::BrokenBody => problem(StatusCode::BAD_REQUEST, &reason, "the body did not arrive whole"),
        Refusal::TooLarge(limit) => {
            problem(StatusCode::PAYLOAD_TOO_LARGE, &reason, &format!("a body has {limit} bytes at most"))
        }
        Refusal::OtherRequest => {
            let detail = "this payment is for another request; nothing was charged for this one";
            problem(StatusCode::CONFLICT, &reason, detail)
        }
        Refusal::TooOften => too_often(),
        Refusal::TooMany => {
            let detail = "too many payments of this payer are under way; send this one again";
            problem(StatusCode::TOO_MANY_REQUESTS, &reason, detail)
        }
        Refusal::Unsafe => {
            let detail =
                "this seller waits until the payments of what it delivered are safe; nothing was charged";
            until_safe(problem(StatusCode::SERVICE_UNAVAILABLE, &reason, detail))
        }
        Refusal::UpfrontOnly => upfront_only(gate, sale, offer, caller, &reason),
        Refusal::InProgress => in_progress(&reason),
        Refusal::Request(response) => *response,
        Refusal::Unavailable(detail) => problem(StatusCode::SERVICE_UNAVAILABLE, &reason, &detail),
    }
}

/// The answer to a client that asks more often than it may without paying.
pub(crate) fn too_often() -> Response {
    let detail = "too many requests without a payment; ask again later";
    problem(StatusCode::TOO_MANY_REQUESTS, &Refusal::TooOften.reason(), detail)
}

/// The offer of the same thing, to be paid first.
fn upfront_only(gate: &Gate, sale: &Sale, offer: &Offer, caller: Caller, reason: &ErrorReason) -> Response {
    let Ok(upfront) = sale.upfront(offer) else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, reason, "there is no offer to be paid first");
    };
    let mut response = upfront.challenge.refuse(reason);
    announce(&mut response, caller, &failure(gate, caller, reason.clone(), None));
    response
}

pub(crate) fn plain(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.append(VARY, HeaderValue::from_static("PAYMENT-SIGNATURE, X-PAYMENT"));
    response
}

fn outcome(gate: &Gate, caller: Caller, record: &Record) -> SettlementResponse {
    let moved = record.settled.is_some();
    SettlementResponse {
        success: moved,
        error_reason: record.reason.clone().map(ErrorReason::from),
        payer: caller.payer,
        transaction: record.transaction,
        network: network_name(caller.version, gate.0.config.network).to_owned(),
        amount: moved.then_some(record.amount),
        extensions: refund::announce(record, None),
    }
}

fn failure(
    gate: &Gate,
    caller: Caller,
    reason: ErrorReason,
    transaction: Option<x402::B256>,
) -> SettlementResponse {
    SettlementResponse {
        success: false,
        error_reason: Some(reason),
        payer: caller.payer,
        transaction,
        network: network_name(caller.version, gate.0.config.network).to_owned(),
        amount: None,
        extensions: None,
    }
}

fn announce(response: &mut Response, caller: Caller, settlement: &SettlementResponse) {
    let name = match caller.version {
        Version::V1 => X_PAYMENT_RESPONSE,
        Version::V2 => PAYMENT_RESPONSE,
    };
    attach(response, HeaderName::from_static(name), encode_header(settlement).unwrap_or_default());
}

fn link(response: &mut Response, id: PaymentId) {
    attach(response, LINK, format!("</payments/{id}>; rel=\"payment\""));
}

pub(crate) fn attach(response: &mut Response, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}

fn count(record: &Record) {
    let (outcome, reason) = (record.money.as_str(), record.reason.clone().unwrap_or_default());
    metrics::counter!("x402_payments_total", "outcome" => outcome, "reason" => label(&reason.into()))
        .increment(1);
}

/// Reasons of a remote facilitator are a stranger's text: a metric's label is cut.
fn label(reason: &ErrorReason) -> String {
    reason.as_str().chars().take(64).collect()
}
