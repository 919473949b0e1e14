//! A cooperative refund: what was not charged goes back to the payer, and what was charged is claimed in the same
//! transaction.

use axum::response::Response;
use x402::{ErrorReason, Usdc};
use x402_facilitator::{ChannelOutcome, ChannelReceipt};

use super::{
    Channels,
    account::{Account, Known, know},
    answer::{self, Addressee, Refused},
    bid::Bid,
    call::corrective,
};
use crate::{
    Gate,
    ledger::{ChannelRecord, PendingRefund},
    refusal::Refusal,
};

/// What came of a refund.
pub(super) enum Refunded {
    Made(ChannelReceipt),
    /// It was not made, and will not be.
    Not(ErrorReason),
    /// It may have been sent.
    Unclear(Option<x402::B256>),
}

/// Answers a request for a refund. It is a barrier: calls that wait already are served before it, new ones are not.
pub(super) async fn serve(
    gate: &Gate,
    channels: &Channels,
    account: &Account,
    bid: &Bid,
    asked: Option<Usdc>,
) -> Result<Response, Refused> {
    let _barrier = account.close()?;
    let mut seat = account.sit().await;
    let mut known = know(gate, bid.id, &mut seat).await?;
    known.refresh(gate, bid.id).await?;
    *seat = Some(known.clone());
    if bid.voucher.max_claimable_amount != known.charged() {
        return Err(corrective(bid, &known));
    }
    let left = known.chain.balance.checked_sub(known.charged()).unwrap_or_default();
    if left == Usdc::ZERO {
        return Err(ErrorReason::CHANNEL_REFUND_NO_BALANCE.into());
    }
    let amount = asked.unwrap_or(left);
    if amount == Usdc::ZERO || amount > left {
        return Err(ErrorReason::CHANNEL_REFUND_AMOUNT.into());
    }
    known.open(gate, bid.id, &bid.config).await?;
    let (charged, nonce) = (known.charged(), known.chain.refund_nonce);
    let begun = gate.0.ledger.begin_refund(bid.id, charged, amount, nonce).await;
    if !begun.map_err(Refusal::from)? {
        *seat = None;
        return Err(Refused::Busy);
    }
    let pending = PendingRefund { amount, nonce, transaction: None, since: 0 };
    let made = make(gate, channels, &mut known, bid.id, pending).await;
    *seat = None;
    match made? {
        Refunded::Made(receipt) => {
            let state = known.state(bid.id);
            let moved = receipt.moved.unwrap_or_default();
            let to = Addressee { payer: bid.config.payer };
            Ok(answer::refunded(gate, to, Some(receipt.transaction), moved, state))
        }
        Refunded::Not(reason) => Err(reason.into()),
        Refunded::Unclear(transaction) => Err(Refused::Pending(transaction)),
    }
}

/// Makes a refund that is durable already. Once it was sent it stays due until the channel's `refundNonce` has passed it: somebody
/// may have lifted its signature out, and send it at any time.
async fn make(
    gate: &Gate,
    channels: &Channels,
    known: &mut Known,
    id: x402::ChannelId,
    pending: PendingRefund,
) -> Result<Refunded, Refused> {
    let PendingRefund { amount, nonce, transaction: sent, .. } = pending;
    let Some(record) = known.record.clone() else {
        return Ok(Refunded::Not(ErrorReason::CHANNEL_NOT_FOUND));
    };
    let claimable = record.set_aside.is_none() && record.charged > known.chain.total_claimed;
    let owed = claimable.then(|| record.row(known.chain.balance)).flatten();
    let ledger = &gate.0.ledger;
    match channels.relay.claim_and_refund(&record.config, owed.as_ref(), (amount, nonce)).await {
        Ok(ChannelOutcome::Done(receipt)) => {
            if let Some((_, state)) = receipt.state {
                known.chain = state;
            }
            ledger.claimed(id, known.chain.total_claimed).await.map_err(Refusal::from)?;
            ledger.end_refund(id, nonce).await.map_err(Refusal::from)?;
            tracing::info!(channel = %id, amount = ?receipt.moved, transaction = %receipt.transaction, "refunded");
            Ok(Refunded::Made(receipt))
        }
        Ok(ChannelOutcome::Failed { reason, detail, transaction }) => {
            tracing::warn!(channel = %id, %reason, detail, ?transaction, "a refund failed");
            if let Some(transaction) = transaction.or(sent) {
                return Ok(Refunded::Unclear(Some(transaction)));
            }
            ledger.end_refund(id, nonce).await.map_err(Refusal::from)?;
            Ok(Refunded::Not(reason))
        }
        Ok(ChannelOutcome::Unknown { transaction, detail }) => {
            tracing::warn!(channel = %id, detail, ?transaction, "nobody knows of a refund");
            Ok(Refunded::Unclear(transaction))
        }
        Err(error) => {
            tracing::warn!(channel = %id, %error, "a refund could not be sent");
            if sent.is_some() {
                return Ok(Refunded::Unclear(sent));
            }
            ledger.end_refund(id, nonce).await.map_err(Refusal::from)?;
            Err(Refusal::Unavailable("refunds cannot be made at the moment".to_owned()).into())
        }
    }
}

/// Goes on with a refund that was begun and whose outcome nobody heard of.
pub(super) async fn resume(
    gate: &Gate,
    channels: &Channels,
    account: &Account,
    record: &ChannelRecord,
    resend: bool,
) -> Result<(), Refused> {
    let Some(pending) = record.refund else { return Ok(()) };
    let Some(mut seat) = account.try_sit() else { return Ok(()) };
    *seat = None;
    let mut known = know(gate, record.id, &mut seat).await?;
    if known.chain.refund_nonce > pending.nonce {
        gate.0.ledger.claimed(record.id, known.chain.total_claimed).await.map_err(Refusal::from)?;
        gate.0.ledger.end_refund(record.id, pending.nonce).await.map_err(Refusal::from)?;
        tracing::info!(channel = %record.id, "a refund was made after all");
    } else if resend {
        make(gate, channels, &mut known, record.id, pending).await?;
    }
    *seat = None;
    Ok(())
}
