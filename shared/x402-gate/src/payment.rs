use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{StatusCode, request::Parts};
use x402::{Binding, PaymentId, PaymentKey, RequestHash, Usdc};
use x402_facilitator::Settled;

/// What a handler may know about the payment it works for: an extractor of priced routes.
#[derive(Clone, Debug)]
pub struct Payment {
    /// The payment's name, and the idempotency key of the work.
    pub id: PaymentId,
    /// How it is paid: `exact`.
    pub scheme: &'static str,
    /// Chain, token, payer and nonce.
    pub key: PaymentKey,
    /// What is charged.
    pub amount: Usdc,
    /// Which request was paid for.
    pub request_hash: RequestHash,
    /// When the payment was claimed, in epoch milliseconds: the same in every run of the same payment.
    pub claimed_at_ms: u64,
    /// Which run of the work this is, from 1. A run that ended with its process counts.
    pub run: u32,
    /// The salt, where the payer bound the payment to the request.
    pub binding: Binding,
    /// The proof of payment, in routes that settle before they work.
    pub settled: Option<Settled>,
}

impl<S: Sync> FromRequestParts<S> for Payment {
    /// The handler is not behind a gate: a mistake of the service, not of the client.
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let payment = parts.extensions.get::<Self>().cloned();
        payment.ok_or((StatusCode::INTERNAL_SERVER_ERROR, "this route is not behind a gate"))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Payment {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
