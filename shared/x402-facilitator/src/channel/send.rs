//! How a call to the settlement contract gets into a block.

use alloy::sol_types::SolEvent;
use tokio::time::Instant;
use x402::{B256, Bytes, ChannelId, ErrorReason, PaymentKey, SETTLEMENT_CONTRACT, Settlement, Usdc};

use super::{ChannelOutcome, ChannelReceipt};
use crate::{
    chain::Receipt,
    facilitator::FacilitatorError,
    relay::{Call, Relay, Relayed},
};

/// A call to the settlement contract.
pub(super) struct Errand {
    pub(super) input: Bytes,
    /// The channel it is about, where it is about one.
    pub(super) channel: Option<ChannelId>,
    /// What the journal writes down with the transaction.
    pub(super) payments: Vec<PaymentKey>,
    /// The word for a simulation that fails.
    pub(super) refused: ErrorReason,
    /// The word for a transaction that fails.
    pub(super) failed: ErrorReason,
    /// Which signer comes first.
    pub(super) home: usize,
}

/// Simulates a call, sends it, and waits until it is in a block.
pub(super) async fn send(relay: &Relay, errand: Errand) -> Result<ChannelOutcome, FacilitatorError> {
    let Errand { input, channel, payments, refused, failed, home } = errand;
    relay.held().await;
    let chain = &relay.chain;
    let from = relay.address(home);
    if let Err(revert) = chain.try_settlement(from, &input).await? {
        let detail = revert.to_string();
        tracing::info!(detail, reason = %refused, "the settlement contract refuses");
        return Ok(ChannelOutcome::Failed { reason: refused, detail, transaction: None });
    }
    let estimate = chain.estimate_gas(from, SETTLEMENT_CONTRACT, input.clone()).await?;
    let gas = estimate.saturating_add(estimate / 4).min(relay.settings.max_batch_gas);
    let call = Call { to: SETTLEMENT_CONTRACT, input, gas, payments };
    let receipt = match relay.send(home, &call, Instant::now() + relay.settings.settle_timeout).await? {
        Relayed::Mined(receipt) => receipt,
        Relayed::Waiting(hash) => {
            let detail = "in no block yet".to_owned();
            return Ok(ChannelOutcome::Unknown { transaction: Some(hash), detail });
        }
    };
    let transaction = receipt.transaction_hash();
    if !receipt.is_success() {
        let detail = "the transaction reverted".to_owned();
        return Ok(ChannelOutcome::Failed { reason: failed, detail, transaction: Some(transaction) });
    }
    let state = match channel {
        Some(id) => Some((id, after(relay, id, &receipt).await?)),
        None => None,
    };
    Ok(ChannelOutcome::Done(ChannelReceipt {
        transaction,
        block_number: receipt.block_number().unwrap_or_default(),
        gas_used: receipt.gas_used(),
        moved: moved(&receipt),
        state,
    }))
}

/// How often a node that is behind its own receipt is asked again.
const TRIES: usize = 40;

/// The channel, as of the receipt's block or later.
async fn after(
    relay: &Relay,
    id: ChannelId,
    receipt: &Receipt,
) -> Result<crate::chain::OnchainChannel, FacilitatorError> {
    let mut last = relay.chain.channel(id).await?;
    for _ in 0..TRIES {
        if last.0.covers(Some(receipt)).is_ok() {
            break;
        }
        relay.chain.pause().await;
        last = relay.chain.channel(id).await?;
    }
    last.0.covers(Some(receipt))?;
    Ok(last.1)
}

/// What the contract says it moved.
fn moved(receipt: &Receipt) -> Option<Usdc> {
    let logs = receipt.logs().iter().filter(|log| log.address() == SETTLEMENT_CONTRACT);
    logs.filter_map(|log| amount(log.topics(), &log.data().data)).next_back()
}

fn amount(topics: &[B256], data: &[u8]) -> Option<Usdc> {
    let topics = topics.iter().copied();
    let units = match *topics.clone().next()? {
        hash if hash == *Settlement::Deposited::SIGNATURE_HASH => {
            Settlement::Deposited::decode_raw_log(topics, data).ok()?.amount
        }
        hash if hash == *Settlement::Refunded::SIGNATURE_HASH => {
            Settlement::Refunded::decode_raw_log(topics, data).ok()?.amount
        }
        hash if hash == *Settlement::Settled::SIGNATURE_HASH => {
            Settlement::Settled::decode_raw_log(topics, data).ok()?.amount
        }
        _ => return None,
    };
    u64::try_from(units).ok().map(Usdc::from_atomic)
}
