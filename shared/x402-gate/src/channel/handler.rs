use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{StatusCode, request::Parts};
use x402::{B256, ChannelId, Usdc};

/// What a handler may know of a call that is paid from a channel: an extractor, absent where the payment is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelCall {
    /// The channel.
    pub channel: ChannelId,
    /// What was charged before this call. Channel and base name a call for ever.
    pub base: Usdc,
    /// The most that this call may cost.
    pub ceiling: Usdc,
}

impl ChannelCall {
    /// A nonce that only this call has, for a purpose: `keccak256(tag || channelId || u128be base)`.
    #[must_use]
    pub fn nonce(&self, tag: &str) -> B256 {
        self.channel.nonce(tag, self.base)
    }
}

impl<S: Sync> FromRequestParts<S> for ChannelCall {
    /// The call is not paid from a channel.
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let call = parts.extensions.get::<Self>().copied();
        call.ok_or((StatusCode::INTERNAL_SERVER_ERROR, "this call is not paid from a channel"))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for ChannelCall {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().copied())
    }
}
