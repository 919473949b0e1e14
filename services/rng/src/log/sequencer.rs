//! The sequencer: brings what the ledger committed into the log. Every replica runs one; the log's row lets one at a time.

use std::time::Duration;

use draw::{Leaf, leaf::DrawLeaf};
use service_kit::{Attached, Ledger};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{EpochKeys, LEAF, Log, LogError};
use crate::clock;

/// A checkpoint is at most this far behind the ledger, or one group.
const INTERVAL: Duration = Duration::from_millis(250);
/// Most entries of one change.
const GROUP: u32 = 1000;

/// Follows the ledger, makes the keys of coming epochs, and gives up what was not made, until `stop`.
pub(crate) async fn follow(log: Log, keys: EpochKeys, ledger: Ledger, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let last = stop.is_cancelled();
        if let Err(error) = tend(&log, &keys, &ledger).await {
            tracing::error!(%error, "the log does not grow");
        }
        if last {
            return;
        }
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn tend(log: &Log, keys: &EpochKeys, ledger: &Ledger) -> Result<(), LogError> {
    let now = clock::seconds();
    keys.keep(now).await?;
    while log.sequence(ledger).await? == GROUP as usize {}
    let given_up = log.give_up(now).await?;
    if given_up > 0 {
        tracing::warn!(given_up, "draws by the beacon were not made in time");
    }
    Ok(())
}

impl Log {
    /// Appends the next group of what the ledger committed. Says how many there were.
    pub(crate) async fn sequence(&self, ledger: &Ledger) -> Result<usize, LogError> {
        let known = self.store.head().await?.attached;
        let attached = ledger.attachments(LEAF, known, GROUP).await?;
        let Some(last) = attached.last().map(|attached| attached.seq) else { return Ok(0) };
        let mut append = self.store.append().await?;
        if append.attached != known {
            // Another replica was faster.
            return Ok(0);
        }
        for Attached { payload, .. } in &attached {
            append.push(payload.clone());
            if let Some(Leaf::Draw(DrawLeaf { accept_hash, .. })) = Leaf::decode(payload) {
                let sql = "UPDATE accepts SET closed = 1 WHERE accept_hash = $1";
                let query = sqlx::query(sql).bind(accept_hash.to_vec());
                query.execute(&mut *append.transaction).await?;
            }
        }
        append.attached = last;
        append.commit(&self.signer).await?;
        metrics::counter!("rng_log_entries_total").increment(attached.len() as u64);
        Ok(attached.len())
    }
}
