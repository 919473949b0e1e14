//! Finishes what a caller, a process or an RPC left unfinished.

use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::{Flow, Gate, LedgerError, job::Job, lease::LEASE_MS, ledger::Record, refund, watch};

const INTERVAL: Duration = Duration::from_secs(2);
/// How many are worked on at once.
const AT_ONCE: i64 = 16;
/// How many answers are forgotten at once.
const EXPIRE_AT_ONCE: i64 = 256;

/// Looks for unfinished payments, and for those that are not safe yet, until told to stop. What is being worked on then is [`Gate::drain`]'s to wait for.
pub(crate) async fn run(gate: Gate, stop: CancellationToken) {
    let unfinished = again_and_again(&stop, || sweep(&gate));
    let unsafe_yet = again_and_again(&stop, || watch::sweep(&gate));
    tokio::join!(unfinished, unsafe_yet);
}

async fn again_and_again<S>(stop: &CancellationToken, sweep: impl Fn() -> S)
where
    S: Future<Output = Result<(), LedgerError>>,
{
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            swept = sweep() => if let Err(error) = swept {
                tracing::error!(%error, "reconciler");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

async fn sweep(gate: &Gate) -> Result<(), LedgerError> {
    let taken = gate.0.ledger.take_unfinished(AT_ONCE, LEASE_MS).await?;
    let tasks = taken.into_iter().map(|record| gate.0.tasks.spawn(finish_one(gate.clone(), record)));
    join_all(tasks.collect::<Vec<_>>()).await;
    let pending = u32::try_from(gate.0.ledger.pending().await?).unwrap_or(u32::MAX);
    metrics::gauge!("x402_pending_settlements").set(f64::from(pending));
    refund::sweep(gate).await?;
    let retention = i64::try_from(gate.0.config.answer_retention.as_millis()).unwrap_or(i64::MAX);
    gate.0.ledger.expire_answers(retention, EXPIRE_AT_ONCE).await?;
    Ok(())
}

/// One payment's trouble is not another's.
async fn finish_one(gate: Gate, record: Record) {
    let id = record.id;
    match finish(&gate, record).await {
        Ok(()) | Err(LedgerError::Fenced) => {}
        Err(error) => tracing::error!(payment = %id, %error, "reconciler"),
    }
}

async fn finish(gate: &Gate, record: Record) -> Result<(), LedgerError> {
    let Some((sale, handler)) = gate.sold(&record.route) else {
        tracing::warn!(payment = %record.id, route = record.route, "a payment of a route that is not sold any more");
        return gate.0.ledger.let_go(record.id, record.fence).await;
    };
    let (id, work, flow) = (record.id, record.work, record.flow);
    let job = Job::new(gate, &sale, handler, record, false);
    let finished = match flow {
        // A buyer who was never answered sends the request again. Until then there is only the money to follow.
        Flow::Authorize => job.follow_money().await?,
        Flow::Upfront => job.drive().await?,
    };
    let (before, after, money) =
        (work.as_str(), finished.record.work.as_str(), finished.record.money.as_str());
    tracing::info!(payment = %id, before, after, money, "reconciled");
    Ok(())
}
