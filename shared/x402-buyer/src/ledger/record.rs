//! What becomes of a payment, row by row. What the chain has decided stays decided: a late report from another process
//! changes nothing.

use sqlx::SqliteConnection;
use x402::{Address, B256, PaymentId, SettlementResponse};

use super::{Intent, LedgerError, SpendLedger, State, payees, returns};
use crate::{Receipt, UnixMillis};

impl SpendLedger {
    /// Moves a payment on, with a note for a person. Answers whether it was in a state that may become `next`.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn advance(&self, id: PaymentId, next: State, note: &str) -> Result<bool, LedgerError> {
        advance(&mut *self.pool.acquire().await?, id, next, note).await
    }

    /// Notes the transaction that is said to have moved the money.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn note_transaction(&self, id: PaymentId, transaction: B256) -> Result<(), LedgerError> {
        note_transaction(&mut *self.pool.acquire().await?, id, transaction).await
    }

    /// Notes what a seller says of a payment that it gives no answer for: the transaction, and what it gives back.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn note_settlement(
        &self,
        id: PaymentId,
        settlement: &SettlementResponse,
    ) -> Result<(), LedgerError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(hash) = settlement.transaction {
            note_transaction(&mut transaction, id, hash).await?;
        }
        returns::promised(&mut transaction, id, Some(settlement)).await?;
        Ok(transaction.commit().await?)
    }

    /// Keeps the answer that was paid for; the first one stays. Answers who was paid at the host before, where that was somebody
    /// else.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn keep_answer(
        &self,
        intent: &Intent,
        receipt: &Receipt,
        next: State,
    ) -> Result<Option<Address>, LedgerError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        keep_receipt(&mut transaction, receipt).await?;
        if let Some(hash) = receipt.transaction() {
            note_transaction(&mut transaction, intent.id(), hash).await?;
        }
        returns::promised(&mut transaction, intent.id(), receipt.settlement.as_ref()).await?;
        advance(&mut transaction, intent.id(), next, "answered").await?;
        let former = payees::remember(&mut transaction, intent).await?;
        transaction.commit().await?;
        Ok(former)
    }
}

async fn advance(
    connection: &mut SqliteConnection,
    id: PaymentId,
    next: State,
    note: &str,
) -> Result<bool, LedgerError> {
    let from: Vec<_> =
        State::ALL.into_iter().filter(|state| state.may_become(next)).map(State::as_str).collect();
    let update = "UPDATE intents SET state = ?, updated_at = ?, note = ? \
                  WHERE payment_id = ? AND state IN (SELECT value FROM json_each(?))";
    let done = sqlx::query(update)
        .bind(next.as_str())
        .bind(UnixMillis::now().as_millis())
        .bind(note)
        .bind(id.to_string())
        .bind(serde_json::json!(from).to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn note_transaction(
    connection: &mut SqliteConnection,
    id: PaymentId,
    transaction: B256,
) -> Result<(), LedgerError> {
    sqlx::query("UPDATE intents SET transaction_hash = ? WHERE payment_id = ?")
        .bind(transaction.to_string())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

async fn keep_receipt(connection: &mut SqliteConnection, receipt: &Receipt) -> Result<(), LedgerError> {
    let id = receipt.payment_id.to_string();
    let json = serde_json::to_string(receipt)
        .map_err(|error| LedgerError::Corrupt { id: id.clone(), reason: error.to_string() })?;
    sqlx::query("UPDATE intents SET receipt = ? WHERE payment_id = ? AND receipt IS NULL")
        .bind(json)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}
