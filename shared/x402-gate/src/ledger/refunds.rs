//! What is owed back, all of a payment or a part: reserved, sent, done. As everything else, one statement a question.

use x402::{Address, B256, PaymentId, Usdc};

use super::{
    LedgerError, leases,
    record::Record,
    statements::first,
    store::{Columns, Statement, Store},
};

/// What is owed back and was not given back yet. What is owed by the work's cost is owed while the payment is settled; the
/// first two conditions are the index's.
const OWED: &str =
    "owed IS NOT NULL AND refunded_at IS NULL AND money IN ('settled', 'refund_due', 'refunding')";

/// A refund about to be reserved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reservation {
    /// The payment id of the refund's own transfer.
    pub(crate) id: PaymentId,
    /// How much: no more than is owed.
    pub(crate) amount: Usdc,
    /// What may be given back in any 24 hours.
    pub(crate) daily_budget: Usdc,
}

/// Takes over what is owed back and nobody works on, oldest first.
pub(super) async fn take<S: Store>(store: &S, limit: i64, lease_ms: i64) -> Result<Vec<Record>, LedgerError> {
    let chosen = format!("{OWED} AND look_at <= {}", S::NOW);
    leases::taken(store, leases::taking::<S>(&chosen, "changed_at", limit, lease_ms)).await
}

/// Reserves a refund. False when the day's budget does not cover it, or somebody else took the payment over.
pub(super) async fn reserve<S: Store>(
    store: &S,
    record: &Record,
    reservation: Reservation,
) -> Result<bool, LedgerError> {
    let sql = format!(
        "UPDATE payments SET money = CASE money WHEN 'refund_due' THEN 'refunding' ELSE money END, \
         refund_amount = $1, refund_at = {now}, refund_budget = $2, refund_id = $3, changed_at = {now} \
         WHERE id = $4 AND fence = $5 AND refund_at IS NULL AND {OWED} RETURNING id",
        now = S::NOW,
    );
    let statement = Statement::change(sql)
        .bind(reservation.amount.atomic())
        .bind(reservation.daily_budget.atomic())
        .bind(reservation.id.0.as_slice())
        .bind(record.id.0.as_slice())
        .bind(record.fence);
    Ok(first(store, statement).await?.is_some())
}

/// Writes what became of an attempt and lets go: done, or to be looked at again after a while.
pub(super) async fn note<S: Store>(
    store: &S,
    record: &Record,
    refunded: bool,
    transaction: Option<B256>,
    again_ms: i64,
) -> Result<(), LedgerError> {
    let sql = format!(
        "UPDATE payments SET money = CASE WHEN $1 AND money = 'refunding' THEN 'refunded' ELSE money END, \
         refunded_at = CASE WHEN $1 THEN {now} ELSE refunded_at END, refund_tx = COALESCE($2, refund_tx), \
         lease_until = 0, look_at = {now} + $3, \
         changed_at = CASE WHEN $1 THEN {now} ELSE changed_at END \
         WHERE id = $4 AND fence = $5 RETURNING id",
        now = S::NOW,
    );
    let statement = Statement::change(sql)
        .bind(refunded)
        .bind(transaction.as_ref().map(B256::as_slice))
        .bind(again_ms)
        .bind(record.id.0.as_slice())
        .bind(record.fence);
    first(store, statement).await?.map(drop).ok_or(LedgerError::Fenced)
}

/// Lets what is owed back be looked at now.
pub(super) async fn hasten(store: &impl Store, id: PaymentId) -> Result<(), LedgerError> {
    let sql = format!("UPDATE payments SET look_at = 0 WHERE id = $1 AND {OWED}");
    store.rows(Statement::change(sql).bind(id.0.as_slice())).await.map(drop)
}

/// The payments of a payer in a transaction, two at most: more than one name nothing.
pub(super) async fn named(
    store: &impl Store,
    transaction: B256,
    payer: Address,
) -> Result<Vec<PaymentId>, LedgerError> {
    let sql = "SELECT id FROM payments WHERE tx_hash = $1 AND payer = $2 LIMIT 2";
    let statement = Statement::read(sql).bind(transaction.as_slice()).bind(payer.as_slice());
    let id = |row: &_| id(row).ok_or(LedgerError::Corrupt("id"));
    store.rows(statement).await?.iter().map(id).collect()
}

fn id(row: &impl Columns) -> Option<PaymentId> {
    row.bytes("id").ok()??.try_into().ok().map(PaymentId)
}

/// How many payments are owed back.
pub(super) async fn owed(store: &impl Store) -> Result<i64, LedgerError> {
    let sql = format!("SELECT COUNT(*) AS owed FROM payments WHERE {OWED}");
    let row = first(store, Statement::read(sql)).await?;
    row.and_then(|row| row.number("owed").transpose()).unwrap_or(Ok(0))
}
