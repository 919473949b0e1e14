//! What must hold, besides the signature, before a payment is claimed: its window, what the chain says of it, and how far its
//! payer and unsafe blocks are trusted.

use std::time::Instant;

use x402::{ErrorReason, Finality, SettleRequest, Usdc};
use x402_facilitator::{Head, Verification};

use crate::{
    Flow, Gate,
    admit::{Bid, now},
    ledger::Record,
    refusal::Refusal,
    sale::Sale,
};

/// The longest that a window may outlast what is offered, in seconds: clocks and stock clients are generous.
const WINDOW_SLACK: u64 = 600;
/// How far behind the wall clock a chain's head may be for a window to have begun, in seconds.
const HEAD_LAG: u64 = 2;

/// Work before the money is for those who have not abused it.
pub(crate) async fn trust(gate: &Gate, bid: &Bid) -> Result<(), Refusal> {
    if bid.offer.flow == Flow::Upfront {
        return Ok(());
    }
    let failures = gate.0.config.unpaid_failures_an_hour;
    match gate.0.ledger.must_pay_first(bid.key.payer, failures).await? {
        true => Err(Refusal::UpfrontOnly),
        false => Ok(()),
    }
}

/// What is delivered before it is safe has a bound.
pub(crate) async fn exposure(gate: &Gate, sale: &Sale, bid: &Bid) -> Result<(), Refusal> {
    let price = bid.offer.requirements.amount;
    if sale.route.finality_at(price) == Finality::Safe {
        return Ok(());
    }
    match gate.0.exposure.admits(&gate.0.ledger, gate.0.config.unsafe_limit, price).await? {
        true => Ok(()),
        false => Err(Refusal::Unsafe),
    }
}

/// The window's end: not further away than what is offered allows, and far enough for all that is still to do.
pub(crate) fn end(gate: &Gate, sale: &Sale, valid_before: u64) -> Result<(), Refusal> {
    let longest = now() + sale.standing().requirements.max_timeout_seconds + WINDOW_SLACK;
    let needed = sale.allowance(&gate.0.config).as_secs();
    if valid_before > longest || valid_before.saturating_sub(now()) < needed {
        return Err(Refusal::Payment(ErrorReason::VALID_BEFORE));
    }
    Ok(())
}

/// The window's beginning, by the chain's clock and ours.
pub(crate) fn beginning(bid: &Bid, head: Head) -> Result<(), Refusal> {
    let begun = head.timestamp.max(now().saturating_sub(HEAD_LAG));
    if bid.incoming.exact.authorization.valid_after > begun {
        return Err(Refusal::Payment(ErrorReason::VALID_AFTER));
    }
    Ok(())
}

/// Whether work that failed may be tried again: as for a new payment, the money must still be there to be had.
pub(crate) async fn again(gate: &Gate, sale: &Sale, record: &Record) -> Result<(), Refusal> {
    end(gate, sale, record.valid_before)?;
    verify(gate, &record.settlement).await.map(drop)
}

/// What the facilitator says of it: the head that it saw, and what the payer has.
pub(crate) async fn verify(gate: &Gate, settlement: &SettleRequest) -> Result<(Head, Usdc), Refusal> {
    let began = Instant::now();
    let verification = gate.0.facilitator.verify(settlement).await;
    metrics::histogram!("x402_verify_seconds").record(began.elapsed());
    match verification {
        Ok(Verification::Valid { head, balance, .. }) => Ok((head, balance)),
        Ok(Verification::Invalid { reason, .. }) => Err(Refusal::Payment(reason)),
        Err(error) => {
            tracing::warn!(%error, "verify");
            Err(Refusal::Unavailable(
                "payments cannot be verified at the moment; nothing was charged".to_owned(),
            ))
        }
    }
}
