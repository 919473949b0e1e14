//! The same payment again: a copy in flight, a retry after a lost answer, or a stranger who read it on the chain.

use std::{sync::Arc, time::Duration};

use axum::response::Response;
use tokio::time::{Instant, sleep};

use crate::{
    Gate, LedgerError, MAX_RUNS, Money, Work,
    admit::{Bid, now, work},
    checks,
    deliver::{self, Caller},
    incoming::is_bound,
    lease::LEASE_MS,
    ledger::Record,
    refusal::Refusal,
    run::Handler,
    sale::Sale,
    state::{Step, next_step},
};

/// How often a waiting copy looks at the ledger, besides when it is woken.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Answers a payment that was claimed before.
pub(crate) async fn answer(
    gate: &Gate,
    sale: &Arc<Sale>,
    bid: Bid,
    handler: Handler,
    mut record: Record,
) -> Result<Response, Refusal> {
    if record.request_hash != bid.request_hash || record.route != sale.name {
        return Err(Refusal::OtherRequest);
    }
    if !may_have_the_answer(&record, &bid) {
        return Ok(deliver::status_only(record.id));
    }
    let patience = Instant::now() + gate.0.config.copy_wait;
    // A refund under way changes no answer.
    while record.leased && unfinished(&record) {
        if Instant::now() >= patience {
            return Err(Refusal::InProgress);
        }
        wait(gate, &record, patience).await;
        record = gate.0.ledger.get(record.id).await?.ok_or(LedgerError::Corrupt("a claim that is gone"))?;
    }
    if !unfinished(&record) {
        let record = prove(gate, sale, record).await?;
        return Ok(deliver::stored(gate, sale, &bid.offer, Caller::paying(&bid.incoming), record));
    }
    if record.money == Money::Open
        && let Err(refusal) = checks::again(gate, sale, &record).await
    {
        // Refusing the first payment of a purchase would ask for a second one, which is not taken while the first is alive.
        let first = record.id == bid.key.id();
        return if first {
            Err(refusal)
        } else {
            Ok(deliver::pending(gate, Caller::paying(&bid.incoming), record.key, None))
        };
    }
    match gate.0.ledger.take_over(&record, LEASE_MS).await {
        Ok(fence) => work(gate, sale, bid, handler, Record { fence, ..record }, false).await,
        Err(LedgerError::Fenced) => Err(Refusal::InProgress),
        Err(error) => Err(error.into()),
    }
}

/// What became certain enough while nobody worked on it is signed when it is asked for, once.
async fn prove(gate: &Gate, sale: &Sale, mut record: Record) -> Result<Record, LedgerError> {
    let unproven = (record.money, record.work) == (Money::Settled, Work::Served) && record.proof.is_none();
    if unproven
        && let (Some(answer), Some(settled)) = (&record.answer, &record.settled)
        && let Some(proof) = sale.prove(&gate.0.config, &record, answer, settled)
    {
        record.proof = gate.0.ledger.keep_proof(record.id, &proof).await?;
    }
    Ok(record)
}

async fn wait(gate: &Gate, record: &Record, patience: Instant) {
    let look = sleep(LOOK_AGAIN.min(patience.saturating_duration_since(Instant::now())));
    tokio::select! {
        () = gate.0.waiters.ended(record.id) => {}
        () = look => {}
    }
}

/// Whether there is something that this caller's payment still makes happen.
fn unfinished(record: &Record) -> bool {
    let runs_again = record.money == Money::Open && record.work == Work::Failed && record.runs < MAX_RUNS;
    runs_again || next_step(record.flow, record.money, record.work) != Step::Answer
}

/// An answer goes to whoever shows what was never on chain: the salt, or the identifier of the first use. Where the first use
/// had neither, the payment itself must do, and only while its window is open: afterwards it has stood on the chain for
/// anybody to copy. That nothing was bought may be known to all.
fn may_have_the_answer(record: &Record, bid: &Bid) -> bool {
    let same_payment = record.id == bid.key.id();
    let salt = same_payment && record.bound && is_bound(&bid.binding);
    let identifier = record.identifier.is_some() && record.identifier == bid.identifier;
    let neither = same_payment && !record.bound && record.identifier.is_none();
    salt || identifier || record.money == Money::Dead || (neither && now() < record.valid_before)
}
