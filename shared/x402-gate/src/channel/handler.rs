use std::convert::Infallible;

use axum::{
    body::Body,
    extract::{FromRequestParts, OptionalFromRequestParts},
};
use http::{Request, StatusCode, request::Parts};
use tower::ServiceExt;
use x402::{B256, ChannelId, Usdc};

use crate::{Attachment, Charge, Gate, job::Handler, ledger::Answer, sale::Sale};

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

/// What came of a handler's run.
pub(super) struct Run {
    pub(super) answer: Answer,
    pub(super) charge: Option<Charge>,
    pub(super) attachment: Option<Attachment>,
}

impl Run {
    /// One that came to nothing.
    pub(super) fn failed(status: StatusCode) -> Self {
        Self { answer: Answer::bare(status), charge: None, attachment: None }
    }
}

/// Runs a handler in a task of its own, so that a panic is a failed run and no more.
pub(super) async fn run(gate: &Gate, sale: &Sale, handler: Handler, request: Request<Body>) -> Run {
    let limit = gate.0.config.max_answer_bytes;
    let mut running = tokio::spawn(async move {
        let Ok(mut response) = handler.oneshot(request).await;
        let extensions = response.extensions_mut();
        let (charge, attachment) = (extensions.remove::<Charge>(), extensions.remove::<Attachment>());
        Run { answer: Answer::collect(response, limit).await, charge, attachment }
    });
    match tokio::time::timeout(sale.route.timeout, &mut running).await {
        Ok(Ok(run)) => run,
        Ok(Err(panic)) => {
            tracing::error!(route = sale.name, %panic, "the handler panicked");
            Run::failed(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Err(_) => {
            running.abort();
            tracing::warn!(route = sale.name, "the handler ran out of time");
            Run::failed(StatusCode::GATEWAY_TIMEOUT)
        }
    }
}
