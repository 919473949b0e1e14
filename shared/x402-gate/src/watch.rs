//! Follows what was delivered until its block is safe. What a reorganisation takes back is settled again while its
//! authorization lives, and lost afterwards.

use x402::Usdc;
use x402_facilitator::{BlockRef, Standing};

use crate::{Gate, LedgerError, job::Job, lease::LEASE_MS, ledger::Record};

/// How many blocks are followed at once: half an hour of Base's, were there a payment in every one.
const BLOCKS: i64 = 1024;
/// How many payments of one block are taken up at once.
const AT_ONCE: i64 = 64;

/// Asks the chain once what became of every block that is not safe yet.
pub(crate) async fn sweep(gate: &Gate) -> Result<(), LedgerError> {
    let ledger = &gate.0.ledger;
    let blocks = ledger.unsafe_blocks(BLOCKS).await?;
    if !blocks.is_empty() {
        match gate.0.chain.standing(&blocks).await {
            Ok(standings) => {
                for (block, standing) in blocks.into_iter().zip(standings) {
                    follow(gate, block, standing).await?;
                }
            }
            Err(error) => tracing::warn!(%error, "the chain does not tell which blocks are safe"),
        }
    }
    metrics::gauge!("x402_unsafe_value_dollars").set(dollars(ledger.unsafe_value().await?));
    Ok(())
}

async fn follow(gate: &Gate, block: BlockRef, standing: Standing) -> Result<(), LedgerError> {
    match standing {
        Standing::Included | Standing::Untold => Ok(()),
        Standing::Safe => gate.0.ledger.mark_safe(block).await,
        Standing::Replaced => {
            let taken = gate.0.ledger.take_paid_in(block, AT_ONCE, LEASE_MS).await?;
            let (number, hash) = block;
            tracing::warn!(number, %hash, payments = taken.len(), "a block with payments was taken back");
            // Nobody else takes them while they are leased, and whoever stops the process waits for its tasks.
            for record in taken {
                gate.0.tasks.spawn(settle_again(gate.clone(), record));
            }
            Ok(())
        }
    }
}

async fn settle_again(gate: Gate, record: Record) {
    let id = record.id;
    let Some((sale, handler)) = gate.sold(&record.route) else {
        tracing::warn!(payment = %id, route = record.route, "a payment of a route that is not sold any more");
        return;
    };
    let job = Job::new(&gate, &sale, handler, record, false);
    match job.settle_again().await {
        Ok(finished) => {
            let money = finished.record.money.as_str();
            metrics::counter!("x402_reorganised_total", "money" => money).increment(1);
            tracing::warn!(payment = %id, money, "a settlement was taken back");
        }
        Err(LedgerError::Fenced) => {}
        Err(error) => tracing::error!(payment = %id, %error, "a settlement was taken back"),
    }
}

/// Whole cents, which a float holds exactly.
fn dollars(value: Usdc) -> f64 {
    f64::from(u32::try_from(value.atomic() / 10_000).unwrap_or(u32::MAX)) / 100.0
}
