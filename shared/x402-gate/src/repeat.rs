//! The same payment again: a copy in flight, a retry after a lost answer, or a stranger who read it on the chain.

use std::{sync::Arc, time::Duration};

use axum::response::Response;
use tokio::time::{Instant, sleep};
use x402::{Binding, ErrorReason};

use crate::{
    Gate, LedgerError, MAX_RUNS, Money, Work,
    admit::{Bid, lease_ms, now, work},
    deliver::{self, Caller},
    incoming::is_bound,
    job::Handler,
    ledger::Record,
    refusal::Refusal,
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
    let patience = Instant::now() + gate.0.config.copy_wait;
    while record.leased {
        if Instant::now() >= patience {
            return Err(Refusal::InProgress);
        }
        wait(gate, &record, patience).await;
        record = gate.0.ledger.get(record.id).await?.ok_or(LedgerError::Corrupt("a claim that is gone"))?;
    }
    if unfinished(&record) {
        return match gate.0.ledger.take_over(&record, lease_ms(gate, sale)).await {
            Ok(fence) => work(gate, sale, bid, handler, Record { fence, ..record }, false).await,
            Err(LedgerError::Fenced) => Err(Refusal::InProgress),
            Err(error) => Err(error.into()),
        };
    }
    deliver_again(gate, sale, &bid, record)
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

/// Sends a stored answer to whoever shows what was never on chain: the salt. Without one, the payment itself must do, and
/// only while it could not have been copied from an expired authorization.
fn deliver_again(gate: &Gate, sale: &Sale, bid: &Bid, record: Record) -> Result<Response, Refusal> {
    let shown = if record.bound { is_bound(&bid.binding) } else { now() < record.valid_before };
    if !shown {
        return Ok(deliver::status_only(record.id));
    }
    debug_assert!(!record.bound || matches!(bid.binding, Binding::Bound(_)), "a bound nonce was checked");
    if record.money == Money::Open && record.work == Work::Failed {
        return Err(Refusal::Payment(ErrorReason::from("work_failed".to_owned())));
    }
    Ok(deliver::stored(gate, sale, Caller::of(bid), record))
}
