//! Money into channels, out of them for calls, and back. A deposit counts against budgets until it is given back.

use serde_json::Value;
use sqlx::{Row, Sqlite, Transaction};
use x402::{B256, Usdc};

use super::{
    ChannelRow,
    store::{corrupt, write},
};
use crate::{
    Kind, LedgerError, Receipt, SpendLedger,
    ledger::{Reservation, returns, units},
};

impl SpendLedger {
    /// Writes down what a call made of its channel: the deposit that came with it, by its salt, and the receipt where it is kept.
    pub(crate) async fn keep_call(
        &self,
        row: &ChannelRow,
        deposit: Option<(B256, Option<B256>)>,
        receipt: Option<&Receipt>,
    ) -> Result<(), LedgerError> {
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        write(&mut transaction, row).await?;
        if let Some((salt, hash)) = deposit {
            sqlx::query("UPDATE channel_deposits SET state = 'paid', transaction_hash = coalesce(?, transaction_hash) WHERE salt = ?")
                .bind(hash.map(|hash| hash.to_string()))
                .bind(salt.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        if let Some(receipt) = receipt {
            write_call(&mut transaction, row, receipt).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Writes down what came back of a channel, and takes it off the deposits that budgets count, the latest first.
    pub(crate) async fn came_back(
        &self,
        row: &ChannelRow,
        kind: Kind,
        amount: Usdc,
        hash: Option<B256>,
    ) -> Result<(), LedgerError> {
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        write(&mut transaction, row).await?;
        returns::came_back(&mut transaction, row.id, kind, amount, hash).await?;
        let deposits = sqlx::query(
            "SELECT salt, amount - returned AS held FROM channel_deposits WHERE channel = ? ORDER BY signed_at DESC",
        )
        .bind(row.id.to_string())
        .fetch_all(&mut *transaction)
        .await?;
        let mut left = units(amount);
        for deposit in deposits {
            let (salt, held): (String, i64) = (deposit.try_get("salt")?, deposit.try_get("held")?);
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
        .bind(units(spend.price))
        .bind(now.as_millis())
        .bind(payload.to_string())
        .execute(&mut **self.transaction())
        .await?;
        self.finish().await
    }
}

/// A call is named by its base: one line, however often its answer comes, and one that cost nothing gives way to the next.
async fn write_call(
    transaction: &mut Transaction<'static, Sqlite>,
    row: &ChannelRow,
    receipt: &Receipt,
) -> Result<(), LedgerError> {
    let insert = "INSERT OR REPLACE INTO channel_calls \
                  (payment_id, channel, signed_at, method, url, charged, receipt) VALUES (?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(insert)
        .bind(receipt.payment_id.to_string())
        .bind(row.id.to_string())
        .bind(receipt.signed_at.as_millis())
        .bind(&receipt.request.method)
        .bind(format!("{}{}", receipt.request.origin, receipt.request.target))
        .bind(units(receipt.amount()))
        .bind(serde_json::to_string(receipt).map_err(|error| corrupt(row.id, &error))?)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
