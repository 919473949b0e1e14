//! A seller's answer to a voucher, as far as it says something of the channel.

use reqwest::StatusCode;
use x402::{BATCH_SETTLEMENT, ChannelSettlement, ErrorReason, PAYMENT_RESPONSE, decode_header};

use crate::{
    Challenge,
    channel::ChannelError,
    client::{exchange::HttpAnswer, verdict},
};

pub(super) fn settlement(answer: &HttpAnswer) -> Option<ChannelSettlement> {
    decode_header(answer.headers.get(PAYMENT_RESPONSE)?.as_bytes()).ok()
}

pub(super) fn correction(answer: &HttpAnswer) -> Option<(x402::ChannelState, Option<x402::VoucherState>)> {
    if answer.status != StatusCode::PAYMENT_REQUIRED {
        return None;
    }
    let challenge = Challenge::read(&answer.headers, &answer.body).ok()?;
    let mut offers = challenge.accepts.iter().filter(|offer| offer.scheme == BATCH_SETTLEMENT);
    offers.find_map(|offer| offer.correction())
}

/// Whether the same voucher may fare better in a moment.
pub(super) fn is_passing(answer: &HttpAnswer) -> bool {
    let busy = || verdict::reason(answer).is_some_and(|reason| reason == ErrorReason::CHANNEL_BUSY.as_str());
    match answer.status {
        StatusCode::PAYMENT_REQUIRED => busy(),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT => {
            answer.headers.contains_key(reqwest::header::RETRY_AFTER)
        }
        _ => false,
    }
}

pub(super) fn refused(channel: x402::ChannelId, answer: &HttpAnswer) -> ChannelError {
    let reason = verdict::reason(answer).unwrap_or_default();
    ChannelError::Refused { channel, status: answer.status, reason, body: answer.body.clone() }
}
