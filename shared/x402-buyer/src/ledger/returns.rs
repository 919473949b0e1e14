//! What comes back: promised by a seller, and then seen.

use sqlx::SqliteConnection;
use x402::{B256, ChannelId, ExtensionInfo, PaymentId, Refund, Refunds, SettlementResponse, Usdc};

use super::{Kind, LedgerError, SpendLedger, State, units};
use crate::UnixMillis;

impl SpendLedger {
    /// Writes down what a seller says that it gives back of a payment: `State::Paid` once the chain shows it, and never less
    /// afterwards.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn keep_refund(&self, id: PaymentId, refund: &Refund, seen: bool) -> Result<(), LedgerError> {
        keep(&mut *self.pool.acquire().await?, id, refund, seen).await
    }
}

/// Writes down the refunds that an answer to a payment promises. What cannot be read promises nothing.
pub(super) async fn promised(
    connection: &mut SqliteConnection,
    id: PaymentId,
    settlement: Option<&SettlementResponse>,
) -> Result<(), LedgerError> {
    let extensions = settlement.and_then(|settlement| settlement.extensions.as_ref());
    let refunds = Refunds::read(extensions).ok().flatten().unwrap_or_default();
    for refund in &refunds.0 {
        keep(&mut *connection, id, refund, false).await?;
    }
    Ok(())
}

async fn keep(
    connection: &mut SqliteConnection,
    id: PaymentId,
    refund: &Refund,
    seen: bool,
) -> Result<(), LedgerError> {
    let state = if seen { State::Paid } else { State::Unknown };
    let upsert = "INSERT INTO returns (source, nth, kind, state, amount, noted_at, transaction_hash) \
                  VALUES (?1, ?2, 'refund', ?3, ?4, ?5, ?6) \
                  ON CONFLICT (source, nth) DO UPDATE SET state = ?3, amount = ?4, noted_at = ?5, transaction_hash = ?6 \
                  WHERE returns.state = 'unknown'";
    sqlx::query(upsert)
        .bind(id.to_string())
        .bind(refund.index)
        .bind(state.as_str())
        .bind(units(refund.amount))
        .bind(UnixMillis::now().as_millis())
        .bind(refund.transaction.map(|hash| hash.to_string()))
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes down what came back of a channel.
pub(crate) async fn came_back(
    connection: &mut SqliteConnection,
    channel: ChannelId,
    kind: Kind,
    amount: Usdc,
    transaction: Option<B256>,
) -> Result<(), LedgerError> {
    let insert = "INSERT INTO returns (source, nth, kind, state, amount, noted_at, transaction_hash) \
                  SELECT ?1, count(*), ?2, 'paid', ?3, ?4, ?5 FROM returns WHERE source = ?1";
    sqlx::query(insert)
        .bind(channel.to_string())
        .bind(kind.as_str())
        .bind(units(amount))
        .bind(UnixMillis::now().as_millis())
        .bind(transaction.map(|hash| hash.to_string()))
        .execute(connection)
        .await?;
    Ok(())
}
