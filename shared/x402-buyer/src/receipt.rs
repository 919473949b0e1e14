//! What a buyer keeps of a purchase, in one JSON file that anybody can check.
//!
//! The file holds no key. It does hold the salt that binds the payment to its request: with it anybody can recompute the
//! nonce and so the request that was paid for, and anybody can have the seller send the same answer again. The answer is in the
//! file anyway, so a receipt is as confidential as the answer in it.

use std::collections::BTreeMap;

use draw::DrawReceipt;
use reqwest::{StatusCode, header::HeaderMap};
use serde::{Deserialize, Serialize};
use x402::{B256, ChannelId, Network, PaymentId, RequestHash, RequestParts, SettlementResponse, Usdc};

use crate::{
    Body, Intent, Offer, Request, UnixMillis,
    paid::{Facts, Paid},
};

/// Headers of an answer that say what it is. Others concern the connection, or repeat what the receipt holds.
const KEPT_HEADERS: [&str; 4] = ["content-type", "date", "link", "etag"];

/// The version of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// This one.
    #[serde(rename = "x402-buyer/v1")]
    V1,
}

/// A purchase: what was asked, offered, paid and answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Always `x402-buyer/v1`.
    pub version: Format,
    /// The payment's name; chain, seller and buyer compute the same.
    pub payment_id: PaymentId,
    /// The chain, by CAIP-2.
    pub network: String,
    /// When the payment was signed, in milliseconds since the Unix epoch.
    pub signed_at: UnixMillis,
    /// What was asked.
    pub request: RequestRecord,
    /// The offer that was accepted.
    pub offer: Offer,
    /// The payment as it was sent.
    pub payment: Paid,
    /// What the seller said of the settlement; null where it said nothing.
    pub settlement: Option<SettlementResponse>,
    /// What the seller charged of a voucher, which may be less than the price; absent where the payment is of the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<Usdc>,
    /// What was answered.
    pub response: ResponseRecord,
    /// The answer as a verifiable draw, where that is what was sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw: Option<DrawReceipt>,
}

/// The parts of the request that the payment is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestRecord {
    /// Method.
    pub method: String,
    /// Scheme and authority.
    pub origin: String,
    /// Path and query.
    pub target: String,
    /// `Content-Type` as sent, or empty.
    pub content_type: String,
    /// `Accept` as sent.
    pub accept: String,
    /// The body as sent.
    pub body: Body,
    /// The hash over all of it.
    pub hash: RequestHash,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseRecord {
    /// HTTP status.
    pub status: u16,
    /// Some headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// SHA-256 of the body.
    pub body_sha256: B256,
    /// The body.
    pub body: Body,
}

impl Receipt {
    pub(crate) fn new(
        intent: &Intent,
        settlement: Option<SettlementResponse>,
        response: ResponseRecord,
    ) -> Self {
        let draw = drawn(&intent.offer, &response);
        Self {
            version: Format::V1,
            payment_id: intent.id(),
            network: intent.network.caip2().to_owned(),
            signed_at: intent.signed_at,
            request: RequestRecord::new(&intent.request),
            offer: intent.offer.clone(),
            payment: Paid::Exact(intent.payment.payload.clone()),
            settlement,
            charged: None,
            response,
            draw,
        }
    }

    /// The network, if it is one that this crate knows.
    #[must_use]
    pub fn known_network(&self) -> Option<Network> {
        self.network.parse().ok()
    }

    /// What was paid: the price, or what the seller charged of a voucher.
    #[must_use]
    pub fn amount(&self) -> Usdc {
        self.charged.unwrap_or(self.offer.requirements.amount)
    }

    /// The channel that was paid from, where it was one.
    #[must_use]
    pub fn channel(&self) -> Option<ChannelId> {
        Some(self.facts()?.call?.id)
    }

    /// What the payment comes to, on a network that this crate knows.
    pub(crate) fn facts(&self) -> Option<Facts<'_>> {
        self.payment.facts(self.known_network()?, self.charged)
    }

    /// The transaction that the seller named.
    #[must_use]
    pub fn transaction(&self) -> Option<B256> {
        self.settlement.as_ref()?.transaction
    }
}

/// The answer as a draw, where draws are sold.
pub(crate) fn drawn(offer: &Offer, response: &ResponseRecord) -> Option<DrawReceipt> {
    offer.rng()?;
    DrawReceipt::from_json(&response.body.0).ok()
}

impl RequestRecord {
    pub(crate) fn new(request: &Request) -> Self {
        let RequestParts { method, origin, target, body: _, content_type, accept } = request.parts();
        Self {
            method: method.to_owned(),
            origin: origin.to_owned(),
            target: target.to_owned(),
            content_type: content_type.to_owned(),
            accept: accept.to_owned(),
            body: Body(request.body.clone()),
            hash: request.hash(),
        }
    }

    /// The parts as they are hashed.
    #[must_use]
    pub fn parts(&self) -> RequestParts<'_> {
        RequestParts {
            method: &self.method,
            origin: &self.origin,
            target: &self.target,
            body: &self.body.0,
            content_type: &self.content_type,
            accept: &self.accept,
        }
    }
}

impl ResponseRecord {
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: Body) -> Self {
        let text = |name: &str| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned()));
        let kept = KEPT_HEADERS.into_iter().filter_map(text);
        Self { status: status.as_u16(), headers: kept.collect(), body_sha256: body.sha256(), body }
    }
}
