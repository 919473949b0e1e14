//! Money into a channel, before the call that brings it is served.

use x402::{B256, DepositPayload, ErrorReason, PaymentPayload, SettleRequest, Usdc};
use x402_facilitator::ChannelOutcome;

use super::{account::Known, answer::Refused};
use crate::{
    Gate,
    admit::now,
    refusal::Refusal,
    sale::{Offer, Sale},
};

/// How often the chain is asked until it shows a deposit that was made.
const LOOKS: usize = 40;
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(100);

/// Makes a deposit, once: the token knows whether its nonce was used, so a deposit that is sent again after a crash, or after
/// an answer that was lost, is recognised.
pub(super) async fn make(
    gate: &Gate,
    sale: &Sale,
    offer: &Offer,
    payload: &DepositPayload,
    known: &mut Known,
) -> Result<(Option<B256>, Usdc), Refused> {
    let config = &payload.channel_config;
    let id = payload.voucher.channel_id;
    let amount = payload.deposit.amount;
    let erc3009 =
        payload.deposit.authorization.erc3009.as_ref().ok_or(ErrorReason::CHANNEL_ERC3009_REQUIRED)?;
    let key = erc3009.key(config, gate.0.config.network);
    if gate.0.chain.deposit_used(&key).await? {
        known.refresh(gate, id).await?;
        return Ok((None, amount));
    }
    if erc3009.valid_before < now() + gate.0.config.settlement_allowance.as_secs() {
        return Err(ErrorReason::CHANNEL_DEPOSIT_VALID_BEFORE.into());
    }
    let trusted = known.chain.trusted();
    let enough = trusted.checked_add(amount).is_some_and(|held| held >= payload.voucher.max_claimable_amount);
    if !enough {
        return Err(ErrorReason::CHANNEL_CUMULATIVE_EXCEEDS_BALANCE.into());
    }
    let before = known.chain.balance;
    match gate.0.facilitator.settle_channel(&request(offer, payload)?).await {
        Ok(ChannelOutcome::Done(receipt)) => {
            tracing::info!(route = sale.name, channel = %id, %amount, transaction = %receipt.transaction, "deposit");
            let expected = before.checked_add(amount).unwrap_or(before);
            for _ in 0..LOOKS {
                known.refresh(gate, id).await?;
                if known.chain.balance >= expected {
                    return Ok((Some(receipt.transaction), amount));
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Err(Refused::Pending(Some(receipt.transaction)))
        }
        Ok(ChannelOutcome::Failed { reason, detail, transaction }) => {
            tracing::info!(channel = %id, %reason, detail, ?transaction, "a deposit failed");
            // Somebody else may have sent it meanwhile: anybody can.
            if gate.0.chain.deposit_used(&key).await? {
                known.refresh(gate, id).await?;
                return Ok((None, amount));
            }
            Err(reason.into())
        }
        Ok(ChannelOutcome::Unknown { transaction, detail }) => {
            tracing::warn!(channel = %id, detail, ?transaction, "nobody knows of a deposit");
            Err(Refused::Pending(transaction))
        }
        Err(error) => {
            tracing::warn!(channel = %id, %error, "a deposit could not be sent");
            let detail = "deposits cannot be made at the moment; nothing was charged";
            Err(Refusal::Unavailable(detail.to_owned()).into())
        }
    }
}

fn request(offer: &Offer, payload: &DepositPayload) -> Result<SettleRequest, Refusal> {
    let offered = offer.channel.clone().ok_or(Refusal::Payment(ErrorReason::INVALID_SCHEME))?;
    let payload = x402::ChannelPayload::Deposit(payload.clone());
    let payload = serde_json::to_value(payload).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let payment_payload = PaymentPayload {
        x402_version: 2,
        resource: None,
        accepted: offered.clone(),
        payload,
        extensions: None,
    };
    Ok(SettleRequest { x402_version: 2, payment_payload, payment_requirements: offered })
}
