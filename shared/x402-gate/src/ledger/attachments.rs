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
    let sql = "SELECT seq, payment_id, key, payload FROM attachments \
               WHERE kind = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let statement = Statement::read(sql).bind(kind).bind(after).bind(u64::from(limit));
    store.rows(statement).await?.iter().map(read).collect()
}

/// Numbers what was committed since the last reader came by. Of two readers at once one may be refused, by the index that
/// gives each number once: then the other has numbered, and what it did not see waits for the next.
async fn number(store: &impl Store, kind: &str) -> Result<(), LedgerError> {
    let sql = "UPDATE attachments SET seq = numbered.seq FROM ( \
                 SELECT kind, key, ROW_NUMBER() OVER (ORDER BY attached_at, key) \
                   + (SELECT COALESCE(MAX(seq), 0) FROM attachments WHERE kind = $1) AS seq \
                 FROM attachments WHERE kind = $1 AND seq IS NULL) AS numbered \
               WHERE attachments.kind = numbered.kind AND attachments.key = numbered.key AND attachments.seq IS NULL";
    match store.rows(Statement::change(sql).bind(kind)).await {
        Err(error) if !error.is_conflict() => Err(error),
        _ => Ok(()),
    }
}

fn read(row: &impl Columns) -> Result<Attached, LedgerError> {
    let missing = LedgerError::Corrupt("an attachment");
    let id = row.bytes("payment_id")?.and_then(|id| id.try_into().ok()).ok_or(missing.clone())?;
    let seq = row.number("seq")?.and_then(|seq| seq.try_into().ok()).ok_or(missing)?;
    Ok(Attached {
        seq,
        payment: PaymentId(id),
        key: row.bytes("key")?.unwrap_or_default().to_vec(),
        payload: row.bytes("payload")?.unwrap_or_default().to_vec(),
    })
}
