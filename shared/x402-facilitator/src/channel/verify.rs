//! The verification rules of the specification.

use x402::{
    BATCH_SETTLEMENT, ChannelConfig, ChannelPayload, DepositPayload, Erc3009Authorization, ErrorReason,
    MAX_WITHDRAW_DELAY, MIN_WITHDRAW_DELAY, Usdc, VerifyRequest, Voucher,
};

use super::{ChannelRevert, ChannelVerification};
use crate::{
    admission::{Rejection, now},
    chain::{Chain, OnchainChannel},
    relay::Relay,
};

/// The time that a deposit needs to be included: three blocks of Base.
const INCLUSION_SECONDS: u64 = 6;

/// Judges a deposit, a voucher or a refund.
pub(crate) async fn verify(relay: &Relay, request: &VerifyRequest) -> Result<ChannelVerification, Rejection> {
    let chain = &relay.chain;
    let payload = admit(chain, request)?;
    let (Some((config, voucher)), Some(id)) = (payload.voucher(), payload.channel_id(chain.network())) else {
        return Err(ErrorReason::CHANNEL_ID_MISMATCH.into());
    };
    config.matches(&request.payment_requirements)?;
    check_signature(chain, config, voucher).await?;
    let (head, state) = chain.channel(id).await?;
    let ceiling = voucher.max_claimable_amount;
    match &payload {
        ChannelPayload::Deposit(deposit) => {
            let erc3009 = check_deposit(relay, deposit).await?;
            simulate(relay, deposit, &erc3009).await?;
            check_ceiling(ceiling, &state, Some(deposit.deposit.amount))?;
        }
        ChannelPayload::Refund(_) if ceiling < state.total_claimed => {
            return Err(ErrorReason::CHANNEL_CUMULATIVE_BELOW_CLAIMED.into());
        }
        ChannelPayload::Voucher(_) if ceiling <= state.total_claimed => {
            return Err(ErrorReason::CHANNEL_CUMULATIVE_BELOW_CLAIMED.into());
        }
        _ => check_ceiling(ceiling, &state, None)?,
    }
    Ok(ChannelVerification::Valid { payer: config.payer, channel: id, state, head })
}

/// Scheme, network and shape.
pub(super) fn admit(chain: &Chain, request: &VerifyRequest) -> Result<ChannelPayload, Rejection> {
    let (accepted, asked) = (&request.payment_payload.accepted, &request.payment_requirements);
    if accepted.scheme != BATCH_SETTLEMENT || asked.scheme != BATCH_SETTLEMENT {
        return Err(ErrorReason::INVALID_SCHEME.into());
    }
    if asked.network != chain.network().caip2() || accepted.network != asked.network {
        return Err(ErrorReason::INVALID_NETWORK.into());
    }
    if asked.asset != chain.network().usdc().address {
        return Err(ErrorReason::INVALID_REQUIREMENTS.into());
    }
    request.payment_payload.channel().map_err(|_| ErrorReason::INVALID_PAYLOAD.into())
}

fn check_ceiling(ceiling: Usdc, state: &OnchainChannel, deposit: Option<Usdc>) -> Result<(), ErrorReason> {
    let held = state.balance.checked_add(deposit.unwrap_or_default()).unwrap_or(state.balance);
    if held == Usdc::ZERO {
        return Err(ErrorReason::CHANNEL_NOT_FOUND);
    }
    if ceiling > held {
        return Err(ErrorReason::CHANNEL_CUMULATIVE_EXCEEDS_BALANCE);
    }
    Ok(())
}

/// A key's signature is recovered here; only where a contract is the payer, and no key speaks for it, the contract is asked.
async fn check_signature(chain: &Chain, config: &ChannelConfig, voucher: &Voucher) -> Result<(), Rejection> {
    if voucher.recover(chain.network()) == Ok(config.voucher_signer()) {
        return Ok(());
    }
    let digest = voucher.digest(chain.network());
    let by_contract = config.payer_authorizer.is_zero()
        && chain.has_code(config.payer).await?
        && chain.accepts_signature(config.payer, digest, &voucher.signature).await?;
    if by_contract { Ok(()) } else { Err(ErrorReason::CHANNEL_VOUCHER_SIGNATURE.into()) }
}

/// What of a deposit needs no simulation.
pub(super) async fn check_deposit(
    relay: &Relay,
    payload: &DepositPayload,
) -> Result<Erc3009Authorization, Rejection> {
    let DepositPayload { channel_config: config, deposit, .. } = payload;
    if !(MIN_WITHDRAW_DELAY..=MAX_WITHDRAW_DELAY).contains(&config.withdraw_delay) {
        return Err(ErrorReason::CHANNEL_WITHDRAW_DELAY.into());
    }
    let erc3009 = deposit.authorization.erc3009.clone().ok_or(ErrorReason::CHANNEL_ERC3009_REQUIRED)?;
    if erc3009.valid_before < now() + INCLUSION_SECONDS {
        return Err(ErrorReason::CHANNEL_DEPOSIT_VALID_BEFORE.into());
    }
    if erc3009.valid_after > now() {
        return Err(ErrorReason::CHANNEL_DEPOSIT_VALID_AFTER.into());
    }
    let chain = &relay.chain;
    let by_key = erc3009.recover(config, deposit.amount, chain.network()) == Ok(config.payer);
    if !by_key && !chain.has_code(config.payer).await? {
        return Err(ErrorReason::CHANNEL_DEPOSIT_SIGNATURE.into());
    }
    Ok(erc3009)
}

async fn simulate(
    relay: &Relay,
    payload: &DepositPayload,
    erc3009: &Erc3009Authorization,
) -> Result<(), Rejection> {
    let DepositPayload { channel_config: config, deposit, .. } = payload;
    let call = erc3009.call(config, deposit.amount);
    let Err(revert) = relay.chain.try_settlement(relay.address(0), &call).await? else { return Ok(()) };
    Err(why(&relay.chain, payload, &revert).await?.into())
}

/// The word for a deposit that the chain refuses.
async fn why(
    chain: &Chain,
    payload: &DepositPayload,
    revert: &ChannelRevert,
) -> Result<ErrorReason, Rejection> {
    tracing::info!(%revert, "a deposit's simulation fails");
    let short = chain.balance_of(payload.channel_config.payer).await? < payload.deposit.amount;
    Ok(if short {
        ErrorReason::CHANNEL_INSUFFICIENT_BALANCE
    } else {
        ErrorReason::CHANNEL_DEPOSIT_SIMULATION
    })
}
