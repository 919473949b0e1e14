//! Channels on disk, in the spend ledger. A deposit counts against budgets until it is given back.

use serde_json::Value;
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};
use x402::{ChannelConfig, ChannelId, Network, Usdc};

use crate::{LedgerError, SpendLedger, UnixMillis, ledger::Reservation};

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

    /// Takes what came back off the deposits that budgets count, the latest first.
    pub(crate) async fn returned(&self, id: ChannelId, amount: Usdc) -> Result<(), LedgerError> {
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        let rows = sqlx::query(
            "SELECT salt, amount - returned AS held FROM channel_deposits WHERE channel = ? ORDER BY signed_at DESC",
        )
        .bind(id.to_string())
        .fetch_all(&mut *transaction)
        .await?;
        let mut left = i64::try_from(amount.atomic()).unwrap_or(i64::MAX);
        for row in rows {
            let (salt, held): (String, i64) = (row.try_get("salt")?, row.try_get("held")?);
            let taken = held.min(left);
            sqlx::query("UPDATE channel_deposits SET returned = returned + ? WHERE salt = ?")
                .bind(taken)
                .bind(salt)
                .execute(&mut *transaction)
                .await?;
            left -= taken;
        }
        Ok(transaction.commit().await?)
    }
}

impl Reservation {
    /// Makes a deposit durable, with its channel; only then may it be sent.
    pub(crate) async fn commit_deposit(
        mut self,
        row: &ChannelRow,
        salt: &str,
        payload: &Value,
    ) -> Result<(), LedgerError> {
        let (spend, now) = (self.spend().clone(), self.now());
        write(self.transaction(), row).await?;
        sqlx::query(
            "INSERT INTO channel_deposits (salt, channel, network, host, payee, budget, amount, signed_at, payload) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(salt)
        .bind(row.id.to_string())
        .bind(spend.network.caip2())
        .bind(spend.host)
        .bind(spend.payee.to_string())
        .bind(spend.budget)
        .bind(i64::try_from(spend.price.atomic()).unwrap_or(i64::MAX))
        .bind(now.as_millis())
        .bind(payload.to_string())
        .execute(&mut **self.transaction())
        .await?;
        self.finish().await
    }
}

async fn write(transaction: &mut Transaction<'static, Sqlite>, row: &ChannelRow) -> Result<(), LedgerError> {
    let corrupt =
        |error: serde_json::Error| LedgerError::Corrupt { id: row.id.to_string(), reason: error.to_string() };
    let units = |amount: Usdc| i64::try_from(amount.atomic()).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO channels (id, config, network, host, target, balance, charged, signed, suspect, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
         ON CONFLICT (id) DO UPDATE SET target = ?5, balance = ?6, charged = ?7, signed = ?8, suspect = ?9, updated_at = ?10",
    )
    .bind(row.id.to_string())
    .bind(serde_json::to_string(&row.config).map_err(corrupt)?)
    .bind(row.network.caip2())
    .bind(&row.host)
    .bind(&row.target)
    .bind(units(row.balance))
    .bind(units(row.charged))
    .bind(units(row.signed))
    .bind(row.suspect)
    .bind(UnixMillis::now().as_millis())
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
    })
}
