//! One call from a channel.

use std::{sync::Arc, time::Instant};

use axum::response::Response;
use http::StatusCode;
use x402::{ChannelPayload, Usdc};

use super::{
    Channels,
    account::{Account, Known, Turn},
    answer::{self, Refused},
    bid::Bid,
    commit::{Named, Served, commit},
    cover::cover,
    deposit,
};
use crate::{
    Gate,
    admit::now,
    refusal::Refusal,
    run::{Handler, Run, run},
    sale::Sale,
};

/// Serves a call when its turn has come.
pub(super) async fn serve(
    gate: &Gate,
    channels: &Channels,
    account: &Account,
    sale: &Arc<Sale>,
    mut bid: Bid,
    handler: Handler,
) -> Result<Response, Refused> {
    let _place = account.queue(channels.settings.max_waiting)?;
    let ceiling = bid.voucher.max_claimable_amount;
    let base = ceiling.checked_sub(bid.price);
    let began = Instant::now();
    let turn = account.turn(gate, base, channels.settings.patience).await?;
    bid.timing.record("queue", began.elapsed());
    let (mut seat, mut known) = match turn {
        Turn::Come(seat, known) => (seat, known),
        Turn::Missed(known) => return missed(gate, sale, &bid, base, &known).await,
    };
    let served = work(gate, channels, sale, &mut bid, &mut known, handler).await;
    match &served {
        Ok(Served::Charged(_)) => account.advanced(known.charged()),
        _ => account.failed(),
    }
    // What is not certain is learnt again.
    *seat = match &served {
        Err(Refused::Plain(Refusal::Unavailable(_))) => None,
        _ => Some(known.clone()),
    };
    drop(seat);
    match served? {
        Served::Charged(call) => {
            metrics::counter!("x402_channel_calls_total", "outcome" => "charged", "reason" => "")
                .increment(1);
            Ok(answer::charged(gate, &bid, &call, known.state(bid.id)))
        }
        Served::Failed(failure) => {
            metrics::counter!("x402_channel_calls_total", "outcome" => "failed", "reason" => "work")
                .increment(1);
            Ok(answer::uncharged(failure))
        }
    }
}

/// A voucher whose base has passed is for a call that was charged already, or for none.
async fn missed(
    gate: &Gate,
    sale: &Sale,
    bid: &Bid,
    base: Option<Usdc>,
    known: &Known,
) -> Result<Response, Refused> {
    if let Some(base) = base {
        let call = gate.0.ledger.channel_call(bid.id, base).await.map_err(Refusal::from)?;
        let (ceiling, since) = (bid.voucher.max_claimable_amount, unnamed_since(bid));
        let call =
            call.filter(|stored| stored.is_for(bid.identifier.as_deref(), since)).map(|stored| stored.call);
        if let Some(call) = call.filter(|call| call.is(ceiling, bid.request_hash, &sale.name)) {
            return Ok(answer::charged(gate, bid, &call, known.state(bid.id)));
        }
    }
    Err(corrective(bid, known))
}

/// From when on calls are still in the window that their offer gave them, in epoch milliseconds.
fn unnamed_since(bid: &Bid) -> i64 {
    let window = bid.offer.requirements.max_timeout_seconds;
    i64::try_from(now().saturating_sub(window).saturating_mul(1000)).unwrap_or(i64::MAX)
}

pub(super) fn corrective(bid: &Bid, known: &Known) -> Refused {
    Refused::Corrective(Box::new((known.state(bid.id), known.voucher_state())))
}

/// Everything between a voucher's turn and the commit of its call.
async fn work(
    gate: &Gate,
    channels: &Channels,
    sale: &Arc<Sale>,
    bid: &mut Bid,
    known: &mut Known,
    handler: Handler,
) -> Result<Served, Refused> {
    if let Some(check) = &sale.route.check {
        (check.0)(&bid.parts, &bid.body).map_err(Refusal::Request)?;
    }
    if known.record.as_ref().is_some_and(|record| record.refund.is_some()) {
        return Err(Refused::Busy);
    }
    known.refresh_if_old(gate, bid.id, channels.settings.believe_for).await?;
    let began = Instant::now();
    let deposited = match &bid.payload {
        ChannelPayload::Deposit(payload) => {
            Some(deposit::make(gate, sale, &bid.offer, payload, known).await?)
        }
        _ => None,
    };
    if deposited.is_some() {
        bid.timing.record("deposit", began.elapsed());
    }
    cover(gate, channels, bid, known).await?;
    known.open(gate, bid.id, &bid.config).await?;
    let call = Named::new(gate, bid, known.charged());
    let began = Instant::now();
    // A process that is ending does the work of nobody: the buyer sends the voucher again.
    let run = run(gate, sale, handler, call.payment(bid), call.request(bid)).await;
    let run = run.unwrap_or_else(|| Run::failed(StatusCode::SERVICE_UNAVAILABLE));
    bid.timing.record("work", began.elapsed());
    if !run.answer.status.is_success() {
        return Ok(Served::Failed(run.answer));
    }
    let paid = call.paid(gate, sale, bid, run, deposited)?;
    let began = Instant::now();
    let served = commit(gate, bid, known, paid).await?;
    bid.timing.record("commit", began.elapsed());
    Ok(served)
}
