//! A payment from a channel, read and checked as far as no state is needed.

use std::{sync::Arc, time::Instant};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, request::Parts};
use x402::{
    ChannelConfig, ChannelId, ChannelPayload, ErrorReason, PAYMENT_SIGNATURE, PaymentIdentifier,
    PaymentPayload, RequestHash, Usdc, Voucher,
};

use super::Channels;
use crate::{Gate, body, refusal::Refusal, sale::Offer, timing::Timing};

/// One request that carries a payment from a channel.
pub(super) struct Bid {
    pub(super) offer: Arc<Offer>,
    pub(super) parts: Parts,
    pub(super) body: Bytes,
    pub(super) request_hash: RequestHash,
    /// The client's own name for the purchase.
    pub(super) identifier: Option<String>,
    pub(super) payload: ChannelPayload,
    pub(super) id: ChannelId,
    pub(super) config: ChannelConfig,
    pub(super) voucher: Voucher,
    /// The most that the call costs.
    pub(super) price: Usdc,
    pub(super) timing: Timing,
}

impl Bid {
    /// Reads a request. What the contract would refuse later is refused now: a voucher that is served must be claimable.
    pub(super) async fn read(
        gate: &Gate,
        channels: &Channels,
        offer: Arc<Offer>,
        payment: PaymentPayload,
        request: Request<Body>,
    ) -> Result<Self, Refusal> {
        let began = Instant::now();
        let refuse = |reason| Refusal::Payment(reason);
        let payload = payment.channel().map_err(|error| Refusal::Malformed(error.to_string()))?;
        let network = gate.0.config.network;
        if payload.voucher().is_none() {
            return Err(refuse(ErrorReason::CHANNEL_PAYLOAD_TYPE));
        }
        let id = payload.channel_id(network).ok_or_else(|| refuse(ErrorReason::CHANNEL_ID_MISMATCH))?;
        let (config, voucher) = match payload.voucher() {
            Some((config, voucher)) => (*config, voucher.clone()),
            None => return Err(refuse(ErrorReason::CHANNEL_PAYLOAD_TYPE)),
        };
        let offered = offer.channel.as_ref().ok_or_else(|| refuse(ErrorReason::INVALID_SCHEME))?;
        // What differs in the channel itself is named; only then the offer is compared whole.
        config.matches(offered).map_err(refuse)?;
        if payment.accepted.uncorrected() != *offered {
            return Err(refuse(ErrorReason::INVALID_REQUIREMENTS));
        }
        let identifier = PaymentIdentifier::read(payment.extensions.as_ref());
        let identifier = identifier.map_err(|error| Refusal::Malformed(error.to_string()))?;
        check_signature(channels, &config, &voucher, network)?;
        let (mut parts, body) = request.into_parts();
        parts.headers.remove(PAYMENT_SIGNATURE);
        let body = body::read(body, gate.0.config.max_request_bytes).await?;
        let request_hash = body::request_hash(&parts, &body, &gate.0.config.public_url)?;
        let price = offered.amount;
        let mut timing = Timing::default();
        timing.record("check", began.elapsed());
        let identifier = identifier.map(|identifier| identifier.as_str().to_owned());
        Ok(Self { offer, parts, body, request_hash, identifier, payload, id, config, voucher, price, timing })
    }
}

fn check_signature(
    channels: &Channels,
    config: &ChannelConfig,
    voucher: &Voucher,
    network: x402::Network,
) -> Result<(), Refusal> {
    if config.payer_authorizer.is_zero() {
        let served = channels.settings.serve_contracts;
        return if served { Ok(()) } else { Err(Refusal::Payment(ErrorReason::CHANNEL_NO_AUTHORIZER)) };
    }
    if voucher.recover(network) == Ok(config.payer_authorizer) {
        Ok(())
    } else {
        Err(Refusal::Payment(ErrorReason::CHANNEL_VOUCHER_SIGNATURE))
    }
}
