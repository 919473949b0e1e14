//! Whether a channel can pay for a call.

use x402::{ErrorReason, Usdc, VoucherClaim};

use super::{Channels, account::Known, answer::Refused, bid::Bid};
use crate::{Gate, admit::now, refusal::Refusal};

/// Whether the channel can pay: money that stays whatever the payer does, and not too much of it in blocks that may go.
pub(super) async fn cover(
    gate: &Gate,
    channels: &Channels,
    bid: &Bid,
    known: &mut Known,
) -> Result<(), Refused> {
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
