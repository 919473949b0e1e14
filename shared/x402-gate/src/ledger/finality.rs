//! What was delivered and is not safe yet. As everything else, one statement a question.

use x402::{PaymentId, Usdc};
use x402_facilitator::BlockRef;

use super::{
    LedgerError, leases,
    record::Record,
    statements::first,
    store::{Columns, Statement, Store},
};

/// The index's condition.
const UNSAFE: &str = "money = 'settled' AND work = 'served' AND finality <> 'safe'";

/// The blocks of payments that were delivered and are not safe yet, oldest first.
pub(super) async fn unsafe_blocks(store: &impl Store, limit: i64) -> Result<Vec<BlockRef>, LedgerError> {
    let sql = format!(
        "SELECT DISTINCT block_number, block_hash FROM payments WHERE {UNSAFE} ORDER BY block_number LIMIT $1"
    );
    store.rows(Statement::read(sql).bind(limit)).await?.iter().map(block).collect()
}

fn block(row: &impl Columns) -> Result<BlockRef, LedgerError> {
    let number = row.number("block_number")?.and_then(|number| number.try_into().ok());
    let hash = row.bytes("block_hash")?.and_then(|hash| hash.try_into().ok());
    number.zip(hash).ok_or(LedgerError::Corrupt("a block"))
}

/// Writes that a block is safe, and with it what was paid in it.
pub(super) async fn mark_safe(store: &impl Store, (number, hash): BlockRef) -> Result<(), LedgerError> {
    let sql = format!(
        "UPDATE payments SET finality = 'safe' WHERE block_number = $1 AND block_hash = $2 AND {UNSAFE}"
    );
    store.rows(Statement::change(sql).bind(number).bind(hash.as_slice())).await.map(drop)
}

/// Takes over what was paid in a block, where nobody works on it.
pub(super) async fn take_paid_in<S: Store>(
    store: &S,
    (number, hash): BlockRef,
    limit: i64,
    lease_ms: i64,
) -> Result<Vec<Record>, LedgerError> {
    let chosen = format!("{UNSAFE} AND block_number = $3 AND block_hash = $4");
    let taking = leases::taking::<S>(&chosen, "id", limit, lease_ms);
    leases::taken(store, taking.bind(number).bind(hash.as_slice())).await
}

/// The value that was delivered and is not safe yet.
pub(super) async fn unsafe_value(store: &impl Store) -> Result<Usdc, LedgerError> {
    let sql =
        format!("SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS value FROM payments WHERE {UNSAFE}");
    let row = first(store, Statement::read(sql)).await?;
    let value = row.map_or(Ok(None), |row| row.number("value"))?.unwrap_or_default();
    Ok(Usdc::from_atomic(value.unsigned_abs()))
}

/// Keeps what was signed of an answer, unless something is kept already, and answers what is.
pub(super) async fn keep_proof(
    store: &impl Store,
    id: PaymentId,
    proof: &str,
) -> Result<Option<String>, LedgerError> {
    let sql = "UPDATE payments SET proof = COALESCE(proof, $1) WHERE id = $2 RETURNING proof";
    let row = first(store, Statement::change(sql).bind(proof).bind(id.0.as_slice())).await?;
    row.map_or(Ok(None), |row| row.text("proof").map(|proof| proof.map(ToOwned::to_owned)))
}
