//! One call from a channel.

use std::{sync::Arc, time::Instant};

use axum::{body::Body, response::Response};
use http::Request;
use x402::{
    BATCH_SETTLEMENT, Binding, ChannelPayload, ErrorReason, PaymentKey, PaymentNonce, Usdc, VoucherClaim,
};

use super::{
    Channels,
    account::{Account, Known, Turn},
    answer::{self, Refused},
    bid::Bid,
    deposit,
    handler::{self, ChannelCall, Charge},
};
use crate::{
    Gate, LedgerError, Payment,
    admit::now,
    job::Handler,
    ledger::{CallRecord, PaidCall},
    refusal::Refusal,
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

enum Served {
    Charged(Box<CallRecord>),
    /// The handler's own refusal: nothing was charged.
    Failed(crate::ledger::Answer),
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
        let ceiling = bid.voucher.max_claimable_amount;
        if let Some(call) = call.filter(|call| call.is(ceiling, bid.request_hash, &sale.name)) {
            return Ok(answer::charged(gate, bid, &call, known.state(bid.id)));
        }
    }
    Err(corrective(bid, known))
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
    let base = known.charged();
    let began = Instant::now();
    let run = handler::run(gate, sale, handler, request(gate, bid, base)).await;
    bid.timing.record("work", began.elapsed());
    if !run.answer.status.is_success() {
        return Ok(Served::Failed(run.answer));
    }
    let charge = charge(sale, bid.price, run.charge);
    let call = PaidCall {
        channel: bid.id,
        base,
        charge,
        ceiling: bid.voucher.max_claimable_amount,
        signature: bid.voucher.signature.clone(),
        request_hash: bid.request_hash,
        route: sale.name.clone(),
        attempt: attempt()?,
        deposit: deposited,
        answer: run.answer,
    };
    let began = Instant::now();
    commit(gate, bid, known, &call).await?;
    bid.timing.record("commit", began.elapsed());
    Ok(Served::Charged(Box::new(CallRecord {
        base,
        charge,
        ceiling: call.ceiling,
        request_hash: call.request_hash,
        route: call.route,
        attempt: call.attempt.to_vec(),
        deposit: call.deposit,
        answer: call.answer,
    })))
}

/// Makes the call durable. One that costs nothing changes nothing, and is not recorded.
async fn commit(gate: &Gate, bid: &Bid, known: &mut Known, call: &PaidCall) -> Result<(), Refused> {
    if call.charge == Usdc::ZERO {
        return Ok(());
    }
    match gate.0.ledger.commit_call(call).await {
        Ok(true) => {
            if let Some(record) = &mut known.record {
                record.charged = call.base.checked_add(call.charge).unwrap_or(record.charged);
                record.voucher = Some(bid.voucher.clone());
            }
            Ok(())
        }
        // Another process was first: its call is the one that counts.
        Ok(false) => {
            known.record = gate.0.ledger.channel(bid.id).await.map_err(Refusal::from)?;
            Err(corrective(bid, known))
        }
        Err(LedgerError::NotKnown) => {
            let unclear = "the ledger did not say whether the call is durable; send the same voucher again";
            Err(Refusal::Unavailable(unclear.to_owned()).into())
        }
        Err(error) => Err(Refusal::from(error).into()),
    }
}

/// Whether the channel can pay: money that stays whatever the payer does, and not too much of it in blocks that may go.
async fn cover(gate: &Gate, channels: &Channels, bid: &Bid, known: &mut Known) -> Result<(), Refused> {
    let ceiling = bid.voucher.max_claimable_amount;
    if ceiling > known.chain.trusted() {
        known.refresh(gate, bid.id).await?;
    }
    if known.chain.balance == Usdc::ZERO {
        return Err(ErrorReason::CHANNEL_NOT_FOUND.into());
    }
    if let Some(withdrawal) = known.chain.withdrawal {
        let half = withdrawal.initiated_at + u64::from(bid.config.withdraw_delay) / 2;
        if now() >= half {
            return Err(ErrorReason::CHANNEL_WITHDRAWING.into());
        }
    }
    if ceiling > known.chain.trusted() {
        return Err(ErrorReason::CHANNEL_CUMULATIVE_EXCEEDS_BALANCE.into());
    }
    let bound = channels.settings.unsafe_value;
    let beyond = |safe: Usdc| ceiling.checked_sub(safe).is_some_and(|unsafe_value| unsafe_value > bound);
    if beyond(known.safe) {
        known.safe = gate.0.chain.safe_balance(bid.id).await?;
        if beyond(known.safe) {
            let detail = "the channel's deposit is not final yet; send the same voucher again";
            return Err(Refusal::Unavailable(detail.to_owned()).into());
        }
    }
    if bid.config.payer_authorizer.is_zero() {
        try_voucher(channels, bid).await?;
    }
    Ok(())
}

/// A contract's signature is good when the settlement contract says so.
async fn try_voucher(channels: &Channels, bid: &Bid) -> Result<(), Refused> {
    let row = VoucherClaim::new(bid.config, bid.voucher.clone(), bid.voucher.max_claimable_amount);
    match channels.relay.try_claim(&[row]).await? {
        Ok(()) => Ok(()),
        Err(revert) => {
            tracing::info!(channel = %bid.id, %revert, "a contract's voucher cannot be claimed");
            Err(ErrorReason::CHANNEL_VOUCHER_SIGNATURE.into())
        }
    }
}

fn charge(sale: &Sale, price: Usdc, asked: Option<Charge>) -> Usdc {
    match asked {
        Some(Charge(asked)) if asked > price => {
            tracing::error!(route = sale.name, %asked, %price, "a handler asks for more than was offered");
            price
        }
        Some(Charge(asked)) => asked,
        None => price,
    }
}

/// The request as the handler sees it.
fn request(gate: &Gate, bid: &Bid, base: Usdc) -> Request<Body> {
    let mut request = Request::from_parts(bid.parts.clone(), Body::from(bid.body.clone()));
    let call = ChannelCall { channel: bid.id, base, ceiling: bid.price };
    let asset = gate.0.config.network.usdc();
    let key = PaymentKey {
        chain_id: asset.chain_id,
        asset: asset.address,
        payer: bid.config.payer,
        // What names a call where the scheme `exact` has a nonce.
        nonce: PaymentNonce(call.nonce("x402-channel/v1")),
    };
    let payment = Payment {
        id: key.id(),
        scheme: BATCH_SETTLEMENT,
        key,
        amount: bid.price,
        request_hash: bid.request_hash,
        claimed_at_ms: now() * 1000,
        run: 1,
        binding: Binding::Plain,
        settled: None,
    };
    request.extensions_mut().insert(payment);
    request.extensions_mut().insert(call);
    request
}

fn attempt() -> Result<[u8; 16], Refusal> {
    let mut attempt = [0; 16];
    getrandom::fill(&mut attempt).map_err(|error| Refusal::Unavailable(error.to_string()))?;
    Ok(attempt)
}
