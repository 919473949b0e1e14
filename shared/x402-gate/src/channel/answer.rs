//! What is answered to a payment from a channel.

use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER};
use x402::{
    B256, ChannelExtra, ChannelSettlement, ChannelState, ErrorReason, PAYMENT_RESPONSE, Usdc, VoucherState,
    encode_header,
};
use x402_facilitator::ChainError;

use super::bid::Bid;
use crate::{
    Gate,
    deliver::{self, Caller, attach, plain},
    ledger::{Answer, CallRecord},
    refusal::{Refusal, problem},
    sale::{Offer, Sale},
};

/// Why a payment from a channel is not served.
pub(super) enum Refused {
    /// As any payment.
    Plain(Refusal),
    /// The voucher starts from another base: the answer says from which, with the proof.
    Corrective(Box<(ChannelState, Option<VoucherState>)>),
    /// The channel is not to be had for a moment.
    Busy,
    /// A transaction was sent, and nobody knows yet what became of it.
    Pending(Option<B256>),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Plain(refusal)
    }
}

impl From<ErrorReason> for Refused {
    fn from(reason: ErrorReason) -> Self {
        Self::Plain(Refusal::Payment(reason))
    }
}

impl From<ChainError> for Refused {
    fn from(error: ChainError) -> Self {
        tracing::warn!(%error, "a channel cannot be read");
        Self::Plain(Refusal::Unavailable("the chain does not answer; nothing was charged".to_owned()))
    }
}

/// Whose answer it is, for what follows the work.
#[derive(Clone, Copy)]
pub(super) struct Addressee {
    pub(super) payer: x402::Address,
}

pub(super) fn refuse(gate: &Gate, sale: &Sale, offer: &Offer, caller: Caller, refused: Refused) -> Response {
    let count = |reason: &str| {
        let labels = [("outcome", "refused".to_owned()), ("reason", reason.to_owned())];
        metrics::counter!("x402_channel_calls_total", &labels).increment(1);
    };
    match refused {
        Refused::Plain(refusal) => {
            count("payment");
            deliver::refuse(gate, sale, offer, caller, refusal)
        }
        Refused::Corrective(state) => {
            count("corrective");
            let (state, voucher) = *state;
            let reason = ErrorReason::CHANNEL_CUMULATIVE_MISMATCH;
            // No PAYMENT-RESPONSE: stock clients read the corrected offer only where there is none.
            offer.challenge.correct(&reason, |offered| offered.corrected(&state, voucher.as_ref()))
        }
        Refused::Busy => {
            count("busy");
            let mut response = offer.challenge.refuse(&ErrorReason::CHANNEL_BUSY);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
        Refused::Pending(transaction) => {
            count("pending");
            let reason = ErrorReason::SETTLEMENT_PENDING;
            let detail = "a transaction of this channel is not settled yet; send the same payment again";
            let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, &reason, detail);
            let settlement =
                ChannelSettlement { success: false, error_reason: Some(reason), transaction, ..bare(gate) };
            announce(&mut response, &settlement);
            response
        }
    }
}

/// The answer to a call that was charged, now or before.
pub(super) fn charged(gate: &Gate, bid: &Bid, call: &CallRecord, state: ChannelState) -> Response {
    let (transaction, deposited) = call.deposit.map_or((None, None), |(hash, sum)| (hash, Some(sum)));
    let charged = call.base.checked_add(call.charge);
    let settlement = ChannelSettlement {
        payer: Some(bid.config.payer),
        transaction,
        amount: deposited,
        extensions: call.proof.as_deref().and_then(|proof| serde_json::from_str(proof).ok()),
        extra: Some(ChannelExtra {
            charged_amount: Some(call.charge),
            channel_state: Some(ChannelState { charged_cumulative_amount: charged, ..state }),
        }),
        ..bare(gate)
    };
    let mut response = plain(call.answer.clone());
    announce(&mut response, &settlement);
    attach(&mut response, HeaderName::from_static("server-timing"), bid.timing.header());
    response
}

/// The answer to a refund.
pub(super) fn refunded(
    gate: &Gate,
    to: Addressee,
    transaction: Option<B256>,
    amount: Usdc,
    state: ChannelState,
) -> Response {
    let body = serde_json::json!({ "refunded": amount, "transaction": transaction });
    let mut response = Response::new(body.to_string().into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    let settlement = ChannelSettlement {
        payer: Some(to.payer),
        transaction,
        amount: Some(amount),
        extra: Some(ChannelExtra { charged_amount: None, channel_state: Some(state) }),
        ..bare(gate)
    };
    announce(&mut response, &settlement);
    response
}

/// A handler's own refusal, uncharged.
pub(super) fn uncharged(answer: Answer) -> Response {
    plain(answer)
}

fn bare(gate: &Gate) -> ChannelSettlement {
    ChannelSettlement {
        success: true,
        error_reason: None,
        payer: None,
        transaction: None,
        network: gate.0.config.network.caip2().to_owned(),
        amount: None,
        extra: None,
        extensions: None,
    }
}

fn announce(response: &mut Response, settlement: &ChannelSettlement) {
    let header = encode_header(settlement).unwrap_or_default();
    attach(response, HeaderName::from_static(PAYMENT_RESPONSE), header);
}
