use serde::Serialize;
use sqlx::{Row, sqlite::SqliteRow};
use x402::{PaymentId, Usdc};

use super::{LedgerError, SpendLedger, State};
use crate::{
    UnixMillis,
    budget::{DAY, TOTAL},
};

/// One payment in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The payment's name.
    pub payment_id: PaymentId,
    /// What is known of it.
    pub state: State,
    /// When it was signed, in milliseconds since the Unix epoch.
    pub signed_at: UnixMillis,
    /// The chain.
    pub network: String,
    /// Who was paid.
    pub payee: String,
    /// How much.
    pub amount: Usdc,
    /// The budget it was for.
    pub budget: Option<String>,
    /// The request's method.
    pub method: String,
    /// What was bought.
    pub url: String,
    /// The transaction that moved the money, where it is known.
    pub transaction: Option<String>,
    /// What was heard last.
    pub note: Option<String>,
    /// Whether the answer is at hand.
    pub answered: bool,
}

impl SpendLedger {
    /// The latest payments, newest first.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn history(&self, most: u32) -> Result<Vec<Entry>, LedgerError> {
        let select = "SELECT payment_id, state, signed_at, network, payee, amount, budget, method, url, \
                      transaction_hash, note, receipt IS NOT NULL AS answered \
                      FROM intents ORDER BY signed_at DESC, rowid DESC LIMIT ?";
        let rows = sqlx::query(select).bind(most).fetch_all(&self.pool).await?;
        rows.iter().map(entry).collect()
    }

    /// The payments whose outcome is open, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn open_payments(&self) -> Result<Vec<PaymentId>, LedgerError> {
        let select =
            "SELECT payment_id FROM intents WHERE state IN ('signed', 'sent', 'unknown') ORDER BY signed_at";
        let ids: Vec<String> = sqlx::query_scalar(select).fetch_all(&self.pool).await?;
        ids.iter().map(|id| parse_id(id)).collect()
    }

    /// What counts against a budget on a network now: paid in the last 24 hours, or open.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn spent(&self, network: x402::Network, budget: &str) -> Result<Usdc, LedgerError> {
        let select = "SELECT coalesce(sum(amount), 0) FROM intents \
                      WHERE network = ?1 AND (signed_at > ?2 AND state = 'paid' OR state IN ('signed', 'sent', 'unknown')) \
                      AND (?3 IS NULL OR budget = ?3)";
        let sum: i64 = sqlx::query_scalar(select)
            .bind(network.caip2())
            .bind(UnixMillis::now().before(DAY).as_millis())
            .bind((budget != TOTAL).then_some(budget))
            .fetch_one(&self.pool)
            .await?;
        Ok(Usdc::from_atomic(sum.unsigned_abs()))
    }
}

fn entry(row: &SqliteRow) -> Result<Entry, LedgerError> {
    let id: String = row.try_get("payment_id")?;
    let state: String = row.try_get("state")?;
    let amount: i64 = row.try_get("amount")?;
    let corrupt = |reason: String| LedgerError::Corrupt { id: id.clone(), reason };
    Ok(Entry {
        payment_id: parse_id(&id)?,
        state: state.parse().map_err(|error: super::UnknownState| corrupt(error.to_string()))?,
        signed_at: UnixMillis::from_millis(row.try_get("signed_at")?),
        network: row.try_get("network")?,
        payee: row.try_get("payee")?,
        amount: Usdc::from_atomic(amount.unsigned_abs()),
        budget: row.try_get("budget")?,
        method: row.try_get("method")?,
        url: row.try_get("url")?,
        transaction: row.try_get("transaction_hash")?,
        note: row.try_get("note")?,
        answered: row.try_get("answered")?,
    })
}

fn parse_id(id: &str) -> Result<PaymentId, LedgerError> {
    let parsed = id.parse().map(PaymentId);
    parsed.map_err(|_| LedgerError::Corrupt { id: id.to_owned(), reason: "not a payment id".to_owned() })
}
