use std::sync::Arc;

use axum::{body::Body, response::Response};
use http::{HeaderMap, Request};
use x402::{BATCH_SETTLEMENT, PAYMENT_SIGNATURE, PaymentPayload, X_PAYMENT, decode_header};

use super::{Channels, answer, answer::Refused, bid::Bid, call, refund};
use crate::{
    Gate,
    deliver::Caller,
    refusal::Refusal,
    run::Handler,
    sale::{Offer, Sale},
};

/// The payment of a request, where it is from a channel. What cannot be read is left to the other scheme to refuse.
pub(crate) fn carried(gate: &Gate, headers: &HeaderMap) -> Option<(Arc<Channels>, PaymentPayload)> {
    let channels = gate.0.channels.clone()?;
    let mut values = headers.get_all(PAYMENT_SIGNATURE).iter();
    let (Some(value), None, None) = (values.next(), values.next(), headers.get(X_PAYMENT)) else {
        return None;
    };
    let payload: PaymentPayload = decode_header(value.as_bytes()).ok()?;
    (payload.x402_version == 2 && payload.accepted.scheme == BATCH_SETTLEMENT).then_some((channels, payload))
}

/// Whether a request asks for a refund. Stock clients ask by `GET` whatever the route's method is.
pub(crate) fn is_refund(gate: &Gate, headers: &HeaderMap) -> bool {
    let refund = |payload: PaymentPayload| payload.payload.get("type").is_some_and(|kind| kind == "refund");
    carried(gate, headers).is_some_and(|(_, payload)| refund(payload))
}

/// Answers a request that is paid from a channel.
pub(crate) async fn sell(
    gate: &Gate,
    sale: &Arc<Sale>,
    offer: Arc<Offer>,
    (channels, payment): (Arc<Channels>, PaymentPayload),
    request: Request<Body>,
    handler: Handler,
) -> Response {
    let caller = Caller::of(request.headers());
    let bid = match Bid::read(gate, &channels, offer.clone(), payment, request).await {
        Ok(bid) => bid,
        Err(refusal) => return answer::refuse(gate, sale, &offer, caller, refusal.into()),
    };
    // In a task of its own: whether the caller stays on the line decides nothing from here on.
    let task = {
        let (gate, sale) = (gate.clone(), sale.clone());
        Box::pin(async move { serve(&gate, &channels, &sale, bid, handler).await })
    };
    let served = gate.0.tasks.spawn(task).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a channel's task ended");
        Err(Refusal::Unavailable("the call did not end; send the same voucher again".to_owned()).into())
    });
    served.unwrap_or_else(|refused| answer::refuse(gate, sale, &offer, caller, refused))
}

async fn serve(
    gate: &Gate,
    channels: &Channels,
    sale: &Arc<Sale>,
    bid: Bid,
    handler: Handler,
) -> Result<Response, Refused> {
    channels.stand().await?;
    let account = channels.account(bid.id);
    let id = bid.id;
    let served = match &bid.payload {
        x402::ChannelPayload::Refund(payload) => {
            let amount = payload.amount;
            refund::serve(gate, channels, &account, &bid, amount).await
        }
        _ => call::serve(gate, channels, &account, sale, bid, handler).await,
    };
    if served.is_err()
        && account.try_sit().is_some_and(|seat| seat.as_ref().is_none_or(|known| known.record.is_none()))
    {
        channels.forget(id);
    }
    served
}
