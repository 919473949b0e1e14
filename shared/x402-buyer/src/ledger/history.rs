use serde::Serialize;
use sqlx::{Row, sqlite::SqliteRow};
use x402::{ChannelId, PaymentId, Usdc};

use super::{LedgerError, SpendLedger, State};
use crate::{
    UnixMillis,
    budget::{DAY, TOTAL},
};

/// One movement of money in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// The payment's name; of a refund, the payment's that it is of. Deposits, and what channels give back, have none.
    pub payment_id: Option<PaymentId>,
    /// The channel, where one is concerned.
    pub channel: Option<ChannelId>,
    /// What is known of it.
    pub state: State,
    /// When it was signed, in milliseconds since the Unix epoch; of what came back, when that was noted.
    pub signed_at: UnixMillis,
    /// The chain.
    pub network: String,
    /// The seller's host.
    pub host: String,
    /// Who was paid, at first.
    pub payee: String,
    /// How much.
    pub amount: Usdc,
    /// The budget it was for.
    pub budget: Option<String>,
    /// The request's method.
    pub method: Option<String>,
    /// What was bought.
    pub url: Option<String>,
    /// The transaction that moved the money, where it is known.
    pub transaction: Option<String>,
    /// What was heard last.
    pub note: Option<String>,
    /// Whether the answer is at hand.
    pub answered: bool,
}

/// A kind of movement. Payments and deposits leave the wallet, refunds and withdrawals come back to it; a call spends what was
/// deposited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// One purchase, paid exactly.
    Payment,
    /// Money into a channel.
    Deposit,
    /// One purchase from a channel.
    Call,
    /// What a seller gives back of a payment or a channel.
    Refund,
    /// What the payer took out of a channel by itself.
    Withdrawal,
}

const HISTORY: &str = "
    SELECT 'payment' AS kind, payment_id, NULL AS channel, state, signed_at, network, host, payee, amount, budget, method, url,
           transaction_hash, note, receipt IS NOT NULL AS answered, rowid AS nth
    FROM intents
    UNION ALL
    SELECT 'deposit', NULL, channel, state, signed_at, network, host, payee, amount, budget, NULL, NULL,
           transaction_hash, NULL, FALSE, -1
    FROM channel_deposits
    UNION ALL
    SELECT 'call', payment_id, id, 'paid', signed_at, network, host, config ->> 'receiver', channel_calls.charged, NULL, method, url,
           NULL, NULL, TRUE, channel_calls.rowid
    FROM channel_calls JOIN channels ON id = channel
    UNION ALL
    SELECT kind, payment_id, NULL, returns.state, noted_at, network, host, payee, returns.amount, budget, method, url,
           returns.transaction_hash, NULL, FALSE, nth
    FROM returns JOIN intents ON payment_id = source
    UNION ALL
    SELECT kind, NULL, id, state, noted_at, network, host, config ->> 'receiver', amount, NULL, NULL, NULL,
           transaction_hash, NULL, FALSE, nth
    FROM returns JOIN channels ON id = source
    ORDER BY signed_at DESC, nth DESC LIMIT ?";

impl SpendLedger {
    /// The latest movements of money, newest first.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn history(&self, most: u32) -> Result<Vec<Entry>, LedgerError> {
        let rows = sqlx::query(HISTORY).bind(most).fetch_all(&self.pool).await?;
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

    /// What counts against a budget on a network now: paid in the last 24 hours and not given back, or open.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn spent(&self, network: x402::Network, budget: &str) -> Result<Usdc, LedgerError> {
        let select = "SELECT coalesce(sum(amount), 0) FROM spends \
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
    let (id, channel): (Option<String>, Option<String>) =
        (row.try_get("payment_id")?, row.try_get("channel")?);
    let corrupt = |reason: String| LedgerError::Corrupt {
        id: id.clone().or_else(|| channel.clone()).unwrap_or_default(),
        reason,
    };
    let (kind, state): (&str, &str) = (row.try_get("kind")?, row.try_get("state")?);
    let amount: i64 = row.try_get("amount")?;
    let channel_id = channel.as_ref().map(|id| id.parse().map(ChannelId)).transpose();
    Ok(Entry {
        kind: Kind::read(kind).ok_or_else(|| corrupt(format!("`{kind}` is no movement of money")))?,
        payment_id: id.as_deref().map(parse_id).transpose()?,
        channel: channel_id.map_err(|_| corrupt("not a channel's name".to_owned()))?,
        state: state.parse().map_err(|error: super::UnknownState| corrupt(error.to_string()))?,
        signed_at: UnixMillis::from_millis(row.try_get("signed_at")?),
        network: row.try_get("network")?,
        host: row.try_get("host")?,
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

impl Kind {
    /// The name in listings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Deposit => "deposit",
            Self::Call => "call",
            Self::Refund => "refund",
            Self::Withdrawal => "withdrawal",
        }
    }

    fn read(name: &str) -> Option<Self> {
        let all = [Self::Payment, Self::Deposit, Self::Call, Self::Refund, Self::Withdrawal];
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

fn parse_id(id: &str) -> Result<PaymentId, LedgerError> {
    let parsed = id.parse().map(PaymentId);
    parsed.map_err(|_| LedgerError::Corrupt { id: id.to_owned(), reason: "not a payment id".to_owned() })
}
