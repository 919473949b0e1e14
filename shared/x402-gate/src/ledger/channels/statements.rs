//! What the ledger is asked about channels: each question one statement.

use x402::{B256, ChannelConfig, ChannelId, Usdc};

use super::record::{CALL, CHANNEL, ChannelRecord, Owed, PaidCall, StoredCall, usdc};
use crate::ledger::{
    LedgerError,
    store::{Columns, Statement, Store},
};

pub(super) async fn open<S: Store>(
    store: &S,
    id: ChannelId,
    config: &ChannelConfig,
    claimed: Usdc,
) -> Result<ChannelRecord, LedgerError> {
    let config = serde_json::to_string(config).map_err(|_| LedgerError::Corrupt("a configuration"))?;
    let sql = format!(
        "INSERT INTO channels (id, config, charged, ceiling, claimed, opened_at, changed_at) \
         VALUES ($1, $2, $3, $3, $3, {now}, {now}) \
         ON CONFLICT (id) DO UPDATE SET \
           charged = CASE WHEN channels.charged < $3 THEN $3 ELSE channels.charged END, \
           ceiling = CASE WHEN channels.ceiling < $3 THEN $3 ELSE channels.ceiling END, \
           claimed = CASE WHEN channels.claimed < $3 THEN $3 ELSE channels.claimed END, \
           signature = CASE WHEN channels.ceiling < $3 THEN NULL ELSE channels.signature END \
         RETURNING {CHANNEL}",
        now = S::NOW,
    );
    let statement = Statement::change(sql).bind(id.0.as_slice()).bind(config.as_str()).bind(claimed.atomic());
    let row = first(store, statement).await?.ok_or(LedgerError::Corrupt("a channel that is gone"))?;
    ChannelRecord::read(&row)
}

pub(super) async fn get(store: &impl Store, id: ChannelId) -> Result<Option<ChannelRecord>, LedgerError> {
    let sql = format!("SELECT {CHANNEL} FROM channels WHERE id = $1");
    let row = first(store, Statement::read(sql).bind(id.0.as_slice())).await?;
    row.as_ref().map(ChannelRecord::read).transpose()
}

/// What is not known to be durable is read again: the attempt's number recognises one's own.
pub(super) async fn commit(store: &impl Store, call: &PaidCall) -> Result<bool, LedgerError> {
    match commit_once(store, call).await {
        Err(LedgerError::NotKnown) => {
            let known = self::call(store, call.channel, call.base).await;
            match known.map_err(|_| LedgerError::NotKnown)? {
                Some(known) => Ok(known.call.attempt == call.attempt),
                None => commit_once(store, call).await,
            }
        }
        known => known,
    }
}

async fn commit_once<S: Store>(store: &S, call: &PaidCall) -> Result<bool, LedgerError> {
    let sql = format!(
        "INSERT INTO channel_calls (channel_id, base, charge, ceiling, signature, request_hash, route, attempt, \
           deposit_tx, deposit_amount, status, headers, body, payment_id, attached_kind, attached_key, attachment, \
           proof, identifier, committed_at) \
         SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, {now} FROM channels \
         WHERE id = $1 AND charged = $2 AND refund_amount IS NULL {lock} \
         ON CONFLICT DO NOTHING RETURNING base",
        now = S::NOW,
        lock = S::LOCKED,
    );
    let (transaction, amount) = call.deposit.map_or((None, None), |(hash, amount)| (hash, Some(amount)));
    let (answer, attachment) = (&call.answer, call.attachment.as_ref());
    let statement = Statement::change(sql)
        .bind(call.channel.0.as_slice())
        .bind(call.base.atomic())
        .bind(call.charge.atomic())
        .bind(call.ceiling.atomic())
        .bind(call.signature.as_ref())
        .bind(call.request_hash.0.as_slice())
        .bind(call.route.as_str())
        .bind(call.attempt.as_slice())
        .bind(transaction.as_ref().map(B256::as_slice))
        .bind(amount.map(Usdc::atomic))
        .bind(i64::from(answer.status.as_u16()))
        .bind(answer.headers_json().as_str())
        .bind(answer.body.as_ref())
        .bind(call.payment.0.as_slice())
        .bind(attachment.map(|attachment| attachment.kind.clone()))
        .bind(attachment.map(|attachment| attachment.key.as_slice()))
        .bind(attachment.map(|attachment| attachment.payload.as_slice()))
        .bind(call.proof.clone())
        .bind(call.identifier.clone());
    match first(store, statement).await {
        // A second call of one base is passed over; a second attachment of one key is not.
        Err(error) if attachment.is_some() && error.is_conflict() => Err(LedgerError::AttachmentTaken),
        row => Ok(row?.is_some()),
    }
}

pub(super) async fn call(
    store: &impl Store,
    id: ChannelId,
    base: Usdc,
) -> Result<Option<StoredCall>, LedgerError> {
    let sql = format!("SELECT {CALL} FROM channel_calls WHERE channel_id = $1 AND base = $2");
    let statement = Statement::read(sql).bind(id.0.as_slice()).bind(base.atomic());
    first(store, statement).await?.as_ref().map(StoredCall::read).transpose()
}

pub(super) async fn begin_refund<S: Store>(
    store: &S,
    id: ChannelId,
    charged: Usdc,
    amount: Usdc,
    nonce: u64,
) -> Result<bool, LedgerError> {
    let sql = format!(
        "UPDATE channels SET refund_amount = $3, refund_nonce = $4, refund_tx = NULL, changed_at = {} \
         WHERE id = $1 AND charged = $2 AND refund_amount IS NULL RETURNING id",
        S::NOW
    );
    let statement =
        Statement::change(sql).bind(id.0.as_slice()).bind(charged.atomic()).bind(amount.atomic()).bind(nonce);
    Ok(first(store, statement).await?.is_some())
}

pub(super) async fn refund_sent(
    store: &impl Store,
    id: ChannelId,
    transaction: B256,
) -> Result<(), LedgerError> {
    let sql = "UPDATE channels SET refund_tx = $2 WHERE id = $1 AND refund_amount IS NOT NULL RETURNING id";
    let statement = Statement::change(sql).bind(id.0.as_slice()).bind(transaction.as_slice());
    first(store, statement).await?.map(drop).ok_or(LedgerError::Fenced)
}

pub(super) async fn end_refund<S: Store>(store: &S, id: ChannelId, nonce: u64) -> Result<(), LedgerError> {
    let sql = format!(
        "UPDATE channels SET refund_amount = NULL, refund_nonce = NULL, refund_tx = NULL, changed_at = {} \
         WHERE id = $1 AND refund_nonce = $2",
        S::NOW
    );
    store.rows(Statement::change(sql).bind(id.0.as_slice()).bind(nonce)).await.map(drop)
}

pub(super) async fn refunding(store: &impl Store) -> Result<Vec<ChannelRecord>, LedgerError> {
    let sql = format!("SELECT {CHANNEL} FROM channels WHERE refund_amount IS NOT NULL");
    store.rows(Statement::read(sql)).await?.iter().map(ChannelRecord::read).collect()
}

pub(super) async fn claimed(store: &impl Store, id: ChannelId, total: Usdc) -> Result<(), LedgerError> {
    let sql = "UPDATE channels SET claimed = $2, \
                 owed_since = CASE WHEN charged <= $2 THEN NULL ELSE owed_since END \
               WHERE id = $1 AND claimed <= $2";
    let statement = Statement::change(sql).bind(id.0.as_slice()).bind(total.atomic());
    store.rows(statement).await.map(drop)
}

pub(super) async fn set_aside(store: &impl Store, id: ChannelId, why: &str) -> Result<(), LedgerError> {
    let sql = "UPDATE channels SET set_aside = $2 WHERE id = $1";
    store.rows(Statement::change(sql).bind(id.0.as_slice()).bind(why)).await.map(drop)
}

pub(super) async fn owing(store: &impl Store, limit: i64) -> Result<Vec<ChannelRecord>, LedgerError> {
    let sql = format!(
        "SELECT {CHANNEL} FROM channels WHERE owed_since IS NOT NULL AND set_aside IS NULL \
         ORDER BY owed_since LIMIT $1"
    );
    store.rows(Statement::read(sql).bind(limit)).await?.iter().map(ChannelRecord::read).collect()
}

pub(super) async fn owed(store: &impl Store) -> Result<Owed, LedgerError> {
    let sql = "SELECT COUNT(*) AS channels, MIN(owed_since) AS since, \
                 CAST(COALESCE(SUM(CASE WHEN set_aside IS NULL THEN charged - claimed END), 0) AS BIGINT) AS value, \
                 CAST(COALESCE(SUM(CASE WHEN set_aside IS NOT NULL THEN charged - claimed END), 0) AS BIGINT) AS lost \
               FROM channels WHERE owed_since IS NOT NULL";
    let Some(row) = first(store, Statement::read(sql)).await? else { return Ok(Owed::default()) };
    Ok(Owed {
        channels: row.number("channels")?.unwrap_or_default(),
        value: usdc(&row, "value")?.unwrap_or_default(),
        since: row.number("since")?,
        lost: usdc(&row, "lost")?.unwrap_or_default(),
    })
}

pub(super) async fn claimer<S: Store>(
    store: &S,
    boot: &[u8; 16],
    lease_ms: i64,
) -> Result<bool, LedgerError> {
    let sql = format!(
        "INSERT INTO channel_claimer (id, boot, lease_until) VALUES (1, $1, {now} + $2) \
         ON CONFLICT (id) DO UPDATE SET boot = $1, lease_until = {now} + $2 \
         WHERE channel_claimer.boot = $1 OR channel_claimer.lease_until < {now} RETURNING id",
        now = S::NOW,
    );
    let statement = Statement::change(sql).bind(boot.as_slice()).bind(lease_ms);
    Ok(first(store, statement).await?.is_some())
}

async fn first<S: Store>(store: &S, statement: Statement) -> Result<Option<S::Row>, LedgerError> {
    Ok(store.rows(statement).await?.into_iter().next())
}
