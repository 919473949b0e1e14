//! Channels on disk, in the spend ledger.

use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};
use x402::{ChannelConfig, ChannelId, Network, Usdc};

use crate::{LedgerError, SpendLedger, UnixMillis, ledger::units};

/// A channel of this buyer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRow {
    /// The channel.
    pub id: ChannelId,
    /// Its configuration.
    pub config: ChannelConfig,
    /// The chain.
    pub network: Network,
    /// The seller's host.
    pub host: String,
    /// What was bought last, `METHOD URL`: where a refund is asked for.
    pub target: String,
    /// Deposits less refunds.
    pub balance: Usdc,
    /// What the seller charged, as far as it was proven.
    pub charged: Usdc,
    /// The highest voucher that was signed.
    pub signed: Usdc,
    /// Whether the seller's books were found wrong.
    pub suspect: bool,
    /// A withdrawal under way: nothing is signed any more.
    pub withdrawal: Option<Withdrawal>,
}

/// A withdrawal that is announced, or about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// At most so much comes back.
    pub amount: Usdc,
    /// From when on it can be made; `None` until the chain has the announcement.
    pub ready_at: Option<UnixMillis>,
}

impl ChannelRow {
    /// What it holds for further calls.
    #[must_use]
    pub fn left(&self) -> Usdc {
        let left = self.balance.checked_sub(self.charged).unwrap_or_default();
        if self.suspect || self.withdrawal.is_some() { Usdc::ZERO } else { left }
    }
}

impl SpendLedger {
    /// Every channel, the latest first.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn channels(&self) -> Result<Vec<ChannelRow>, LedgerError> {
        let select = sqlx::query("SELECT * FROM channels ORDER BY updated_at DESC");
        select.fetch_all(self.pool()).await?.iter().map(read).collect()
    }

    /// One channel.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails.
    pub async fn channel(&self, id: ChannelId) -> Result<Option<ChannelRow>, LedgerError> {
        let select = sqlx::query("SELECT * FROM channels WHERE id = ?").bind(id.to_string());
        select.fetch_optional(self.pool()).await?.as_ref().map(read).transpose()
    }

    /// Writes a channel down as it is now. Durable when this returns.
    pub(crate) async fn keep_channel(&self, row: &ChannelRow) -> Result<(), LedgerError> {
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        write(&mut transaction, row).await?;
        Ok(transaction.commit().await?)
    }
}

pub(super) async fn write(
    transaction: &mut Transaction<'static, Sqlite>,
    row: &ChannelRow,
) -> Result<(), LedgerError> {
    let withdrawal = row.withdrawal;
    sqlx::query(
        "INSERT INTO channels (id, config, network, host, target, balance, charged, signed, suspect, updated_at, \
           withdrawing, withdraw_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
         ON CONFLICT (id) DO UPDATE SET target = ?5, balance = ?6, charged = ?7, signed = ?8, suspect = ?9, updated_at = ?10, \
           withdrawing = ?11, withdraw_at = ?12",
    )
    .bind(row.id.to_string())
    .bind(serde_json::to_string(&row.config).map_err(|error| corrupt(row.id, &error))?)
    .bind(row.network.caip2())
    .bind(&row.host)
    .bind(&row.target)
    .bind(units(row.balance))
    .bind(units(row.charged))
    .bind(units(row.signed))
    .bind(row.suspect)
    .bind(UnixMillis::now().as_millis())
    .bind(withdrawal.map(|withdrawal| units(withdrawal.amount)))
    .bind(withdrawal.and_then(|withdrawal| withdrawal.ready_at).map(UnixMillis::as_millis))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<ChannelRow, LedgerError> {
    let id: String = row.try_get("id")?;
    let corrupt = |reason: String| LedgerError::Corrupt { id: id.clone(), reason };
    let units = |column: &str| -> Result<Usdc, LedgerError> {
        let units: i64 = row.try_get(column)?;
        Ok(Usdc::from_atomic(units.unsigned_abs()))
    };
    let network: &str = row.try_get("network")?;
    let (withdrawing, ready_at): (Option<i64>, Option<i64>) =
        (row.try_get("withdrawing")?, row.try_get("withdraw_at")?);
    Ok(ChannelRow {
        id: id.parse().map(ChannelId).map_err(|_| corrupt("not a channel's name".to_owned()))?,
        config: serde_json::from_str(row.try_get("config")?).map_err(|error| corrupt(error.to_string()))?,
        network: network.parse().map_err(|error: x402::NetworkError| corrupt(error.to_string()))?,
        host: row.try_get("host")?,
        target: row.try_get("target")?,
        balance: units("balance")?,
        charged: units("charged")?,
        signed: units("signed")?,
        suspect: row.try_get("suspect")?,
        withdrawal: withdrawing.map(|amount| Withdrawal {
            amount: Usdc::from_atomic(amount.unsigned_abs()),
            ready_at: ready_at.map(UnixMillis::from_millis),
        }),
    })
}

pub(super) fn corrupt(id: ChannelId, error: &serde_json::Error) -> LedgerError {
    LedgerError::Corrupt { id: id.to_string(), reason: error.to_string() }
}
