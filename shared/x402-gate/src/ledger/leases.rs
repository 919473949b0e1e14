//! Who works on a payment: as everything else, one statement a question. A lease lasts by the database's clock, a fence for ever.

use x402::PaymentId;

use super::{
    LedgerError,
    record::Record,
    statements::{columns, first},
    store::{Columns, Statement, Store},
};

/// Raises the fence and takes the lease, if the last holder let go or ran out, and nobody was quicker.
pub(super) async fn take_over<S: Store>(
    store: &S,
    record: &Record,
    lease_ms: i64,
) -> Result<i64, LedgerError> {
    let sql = format!(
        "UPDATE payments SET fence = fence + 1, lease_until = {now} + $1 \
         WHERE id = $2 AND fence = $3 AND lease_until <= {now} RETURNING fence",
        now = S::NOW,
    );
    let statement = Statement::change(sql).bind(lease_ms).bind(record.id.0.as_slice()).bind(record.fence);
    let row = first(store, statement).await?.ok_or(LedgerError::Fenced)?;
    row.number("fence")?.ok_or(LedgerError::Corrupt("fence"))
}

/// Takes over what nobody works on and time or the chain can still move, what was taken least often first. A payment whose
/// settlement was refused, or whose work failed, waits for its buyer until its window has closed. The first condition is the
/// index's, so that the finished ones, which stay for ever, are not read.
pub(super) async fn take_unfinished<S: Store>(
    store: &S,
    limit: i64,
    lease_ms: i64,
) -> Result<Vec<Record>, LedgerError> {
    let chosen = format!(
        "(money IN ('open', 'settling', 'unknown') \
           OR (money = 'settled' AND work IN ('none', 'running', 'failed'))) \
         AND (money = 'unknown' OR (money = 'settling' AND reason IS NULL) \
           OR (money = 'settled' AND work IN ('none', 'running', 'failed')) \
           OR (money IN ('open', 'settling') AND valid_before < {now} / 1000)) \
         AND look_at <= {now}",
        now = S::NOW,
    );
    taken(store, taking::<S>(&chosen, "fence, changed_at", limit, lease_ms)).await
}

/// Takes over payments that are chosen and that nobody works on, the first by an order. What was taken is nobody else's, so
/// replicas share the work. `chosen` may go on with places from `$3`.
pub(super) fn taking<S: Store>(chosen: &str, order: &str, limit: i64, lease_ms: i64) -> Statement {
    // MATERIALIZED: the limit holds for the statement, however the join is planned.
    let sql = format!(
        "WITH chosen AS MATERIALIZED ( \
           SELECT id FROM payments WHERE {chosen} AND lease_until <= {now} ORDER BY {order} LIMIT $1 {skip_locked}) \
         UPDATE payments SET fence = fence + 1, lease_until = {now} + $2 \
         WHERE id IN (SELECT id FROM chosen) RETURNING {columns}",
        now = S::NOW,
        skip_locked = S::SKIP_LOCKED,
        columns = columns::<S>(),
    );
    Statement::change(sql).bind(limit).bind(lease_ms)
}

/// What a statement of [`taking`] took. One that cannot be read is said and passed over: it must not keep the others from being
/// finished.
pub(super) async fn taken<S: Store>(store: &S, statement: Statement) -> Result<Vec<Record>, LedgerError> {
    let rows = store.rows(statement).await?;
    let read = rows.iter().filter_map(|row| {
        Record::read(row).inspect_err(|error| tracing::error!(%error, "a payment cannot be read")).ok()
    });
    Ok(read.collect())
}

/// Goes on working, unless somebody else took the payment over. What was let go stays so: this may arrive late.
pub(super) async fn renew<S: Store>(
    store: &S,
    id: PaymentId,
    fence: i64,
    lease_ms: i64,
) -> Result<(), LedgerError> {
    let sql = format!(
        "UPDATE payments SET lease_until = CASE WHEN lease_until = 0 THEN 0 ELSE {} + $1 END \
         WHERE id = $2 AND fence = $3 RETURNING id",
        S::NOW
    );
    let statement = Statement::change(sql).bind(lease_ms).bind(id.0.as_slice()).bind(fence);
    first(store, statement).await?.map(drop).ok_or(LedgerError::Fenced)
}

/// Lets go of a payment where it is, unless somebody else took it over.
pub(super) async fn let_go<S: Store>(store: &S, id: PaymentId, fence: i64) -> Result<(), LedgerError> {
    let sql = format!(
        "UPDATE payments SET lease_until = 0, look_at = {} WHERE id = $1 AND fence = $2",
        later::<S>()
    );
    store.rows(Statement::change(sql).bind(id.0.as_slice()).bind(fence)).await.map(drop)
}

/// When what did not move is looked at again: ever less often.
pub(super) fn later<S: Store>() -> String {
    format!("{now} + CASE WHEN fence < 60 THEN 1000 * (fence - 1) ELSE 60000 END", now = S::NOW)
}
