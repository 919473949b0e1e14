//! What handlers recorded with their answers, in one order for all readers.

use x402::PaymentId;

use super::{
    LedgerError,
    store::{Columns, Statement, Store},
};
use crate::Attached;

pub(super) async fn after(
    store: &impl Store,
    kind: &str,
    after: u64,
    limit: u32,
) -> Result<Vec<Attached>, LedgerError> {
    number(store, kind).await?;
    let sql = "SELECT attached_seq, id, attached_key, attachment FROM payments \
               WHERE attached_kind = $1 AND attached_seq > $2 ORDER BY attached_seq LIMIT $3";
    let statement = Statement::read(sql).bind(kind).bind(after).bind(u64::from(limit));
    store.rows(statement).await?.iter().map(read).collect()
}

/// Numbers what was committed since the last reader came by. Of two readers at once one may be refused, by the index that
/// gives each number once: then the other has numbered, and what it did not see waits for the next.
async fn number(store: &impl Store, kind: &str) -> Result<(), LedgerError> {
    let sql = "UPDATE payments SET attached_seq = numbered.seq FROM ( \
                 SELECT id, ROW_NUMBER() OVER (ORDER BY claimed_at, id) \
                   + (SELECT COALESCE(MAX(attached_seq), 0) FROM payments WHERE attached_kind = $1) AS seq \
                 FROM payments WHERE attached_kind = $1 AND attached_seq IS NULL) AS numbered \
               WHERE payments.id = numbered.id AND payments.attached_seq IS NULL";
    match store.rows(Statement::change(sql).bind(kind)).await {
        Err(error) if !error.is_conflict() => Err(error),
        _ => Ok(()),
    }
}

fn read(row: &impl Columns) -> Result<Attached, LedgerError> {
    let missing = LedgerError::Corrupt("an attachment");
    let id = row.bytes("id")?.and_then(|id| id.try_into().ok()).ok_or(missing.clone())?;
    let seq = row.number("attached_seq")?.and_then(|seq| seq.try_into().ok()).ok_or(missing)?;
    Ok(Attached {
        seq,
        payment: PaymentId(id),
        key: row.bytes("attached_key")?.unwrap_or_default().to_vec(),
        payload: row.bytes("attachment")?.unwrap_or_default().to_vec(),
    })
}
