//! Finishes what a caller, a process or an RPC left unfinished.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{Flow, Gate, LedgerError, admit::lease_ms, job::Job, ledger::Record};

const INTERVAL: Duration = Duration::from_secs(2);
const AT_ONCE: i64 = 64;

/// Looks for unfinished payments until told to stop.
pub(crate) async fn run(gate: Gate, stop: CancellationToken) {
    loop {
        if let Err(error) = sweep(&gate).await {
            tracing::error!(%error, "reconciler");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

async fn sweep(gate: &Gate) -> Result<(), LedgerError> {
    for record in gate.0.ledger.unfinished(AT_ONCE).await? {
        match finish(gate, record).await {
            Ok(()) | Err(LedgerError::Fenced) => {}
            Err(error) => return Err(error),
        }
    }
    let pending = u32::try_from(gate.0.ledger.pending().await?).unwrap_or(u32::MAX);
    metrics::gauge!("x402_pending_settlements").set(f64::from(pending));
    Ok(())
}

async fn finish(gate: &Gate, record: Record) -> Result<(), LedgerError> {
    let Some((sale, handler)) = gate.sold(&record.route) else {
        tracing::warn!(payment = %record.id, route = record.route, "a payment of a route that is not sold any more");
        return Ok(());
    };
    let fence = gate.0.ledger.take_over(&record, lease_ms(gate, &sale)).await?;
    let record = Record { fence, ..record };
    let (id, work) = (record.id, record.work);
    let job = Job::new(gate, &sale, handler, record, false);
    let finished = match sale.route.flow {
        // A buyer who was never answered sends the request again. Until then there is only the money to follow.
        Flow::Authorize => gate.0.tasks.track_future(job.follow_money()).await?,
        Flow::Upfront => gate.0.tasks.track_future(job.drive()).await?,
    };
    let (before, after, money) =
        (work.as_str(), finished.record.work.as_str(), finished.record.money.as_str());
    tracing::info!(payment = %id, before, after, money, "reconciled");
    Ok(())
}
