//! What a facilitator does for sellers: sends what others signed.

use alloy::{primitives::U256, sol_types::SolCall};
use x402::{
    Bytes, ChannelId, ChannelPayload, ClaimPayload, DepositPayload, ErrorReason, RefundPayload,
    SettlePayload, SettleRequest, Settlement, VoucherClaim,
};

use super::{
    ChannelOutcome,
    send::{Errand, send},
    verify::{admit, check_deposit},
};
use crate::{admission::Rejection, relay::Relay};

/// Sends the transaction that a payload asks for.
pub(crate) async fn settle(relay: &Relay, request: &SettleRequest) -> Result<ChannelOutcome, Rejection> {
    let errand = match admit(&relay.chain, request)? {
        ChannelPayload::Deposit(payload) => {
            payload.channel_config.matches(&request.payment_requirements)?;
            deposit(relay, &payload).await?
        }
        ChannelPayload::Claim(payload) => claim(payload)?,
        ChannelPayload::Settle(payload) => pay_out(relay, payload).await?,
        ChannelPayload::Refund(payload) => refund(relay, payload)?,
        ChannelPayload::Voucher(_) => return Err(ErrorReason::CHANNEL_PAYLOAD_TYPE.into()),
    };
    Ok(send(relay, errand).await?)
}

async fn deposit(relay: &Relay, payload: &DepositPayload) -> Result<Errand, Rejection> {
    let erc3009 = check_deposit(relay, payload).await?;
    let (config, network) = (&payload.channel_config, relay.chain.network());
    let id = config.id(network);
    Ok(Errand {
        input: erc3009.call(config, payload.deposit.amount),
        channel: Some(id),
        payments: vec![erc3009.key(config, network)],
        refused: ErrorReason::CHANNEL_DEPOSIT_SIMULATION,
        failed: ErrorReason::CHANNEL_DEPOSIT_FAILED,
        home: spread(id),
    })
}

fn claim(payload: ClaimPayload) -> Result<Errand, Rejection> {
    let signature = payload.claim_authorizer_signature.ok_or(ErrorReason::CHANNEL_CLAIM_PAYLOAD)?;
    Ok(Errand {
        input: claim_signed(payload.claims, signature),
        channel: None,
        payments: Vec::new(),
        refused: ErrorReason::CHANNEL_CLAIM_SIMULATION,
        failed: ErrorReason::CHANNEL_CLAIM_FAILED,
        home: 0,
    })
}

async fn pay_out(relay: &Relay, payload: SettlePayload) -> Result<Errand, Rejection> {
    let SettlePayload { receiver, token } = payload;
    if relay.chain.unsettled(receiver, token).await?.atomic() == 0 {
        return Err(ErrorReason::CHANNEL_NOTHING_TO_SETTLE.into());
    }
    Ok(Errand {
        input: Settlement::settleCall { receiver, token }.abi_encode().into(),
        channel: None,
        payments: Vec::new(),
        refused: ErrorReason::CHANNEL_SETTLE_FAILED,
        failed: ErrorReason::CHANNEL_SETTLE_FAILED,
        home: 0,
    })
}

fn refund(relay: &Relay, payload: RefundPayload) -> Result<Errand, Rejection> {
    let RefundPayload {
        channel_config,
        amount,
        refund_nonce,
        claims,
        refund_authorizer_signature,
        claim_authorizer_signature,
        ..
    } = payload;
    let incomplete = || Rejection::Invalid(ErrorReason::CHANNEL_REFUND_PAYLOAD);
    let refund = Settlement::refundWithSignatureCall {
        config: channel_config.into(),
        amount: amount.ok_or_else(incomplete)?.atomic().into(),
        nonce: U256::from(refund_nonce.ok_or_else(incomplete)?),
        signature: refund_authorizer_signature.ok_or_else(incomplete)?,
    };
    let refund: Bytes = refund.abi_encode().into();
    let input = if claims.is_empty() {
        refund
    } else {
        let claim = claim_signed(claims, claim_authorizer_signature.ok_or_else(incomplete)?);
        Settlement::multicallCall { data: vec![claim, refund] }.abi_encode().into()
    };
    let id = channel_config.id(relay.chain.network());
    Ok(Errand {
        input,
        channel: Some(id),
        payments: Vec::new(),
        refused: ErrorReason::CHANNEL_REFUND_SIMULATION,
        failed: ErrorReason::CHANNEL_REFUND_FAILED,
        home: spread(id),
    })
}

fn claim_signed(claims: Vec<VoucherClaim>, signature: Bytes) -> Bytes {
    let claims = claims.into_iter().map(Into::into).collect();
    Settlement::claimWithSignatureCall { claims, signature }.abi_encode().into()
}

/// Deposits into different channels start with different signers.
fn spread(id: ChannelId) -> usize {
    usize::from(id.0[31])
}
