//! Claims: what channels owe is taken in batches, when enough is owed, or long enough, or when a payer wants its money back.
//!
//! A claim may be sent twice without harm: the contract passes over what was claimed. So nothing about it is recorded before
//! it is sent, and a crash costs at most some gas.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio_util::sync::CancellationToken;
use x402::{ChannelId, Usdc, VoucherClaim};
use x402_facilitator::ChannelOutcome;

use super::{Channels, answer::Refused, refund};
use crate::{Gate, lease::LEASE_MS, ledger::ChannelRecord, refusal::Refusal};

/// How many rows are looked at in one round.
const ROUND: i64 = 1_000;
/// After how long a refund that nobody heard of is sent again.
const RESEND_AFTER: Duration = Duration::from_secs(10);

/// What one round follows up on the last.
#[derive(Default)]
struct Cursor {
    /// Withdrawals up to this block were seen.
    block: Option<u64>,
    /// Channels that are to be claimed whatever they owe.
    urgent: HashSet<ChannelId>,
}

/// Claims until `stop`, then once more everything.
pub(crate) async fn run(gate: Gate, stop: CancellationToken) {
    let Some(channels) = gate.0.channels.clone() else { return };
    let mut cursor = Cursor::default();
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(channels.settings.tick) => {}
        }
        report(round(&gate, &channels, &mut cursor, false).await);
    }
    report(round(&gate, &channels, &mut cursor, true).await);
}

fn report(round: Result<(), Refused>) {
    match round {
        Ok(()) => {}
        Err(Refused::Plain(Refusal::Unavailable(detail))) => tracing::warn!(detail, "claims wait"),
        Err(_) => tracing::warn!("claims wait"),
    }
}

async fn round(gate: &Gate, channels: &Channels, cursor: &mut Cursor, all: bool) -> Result<(), Refused> {
    measure(gate).await?;
    channels.evict();
    watch(gate, channels, cursor).await?;
    // Two that claim lose some gas; none that claims, when a process died, could lose a withdrawal's race.
    if !gate.0.ledger.claimer(&channels.boot, LEASE_MS).await.map_err(Refusal::from)? {
        return Ok(());
    }
    resume_refunds(gate, channels).await?;
    let owing = gate.0.ledger.owing(ROUND).await.map_err(Refusal::from)?;
    let due = due(channels, &owing, &cursor.urgent, all);
    for batch in due.chunks(channels.settings.claim_batch.max(1)) {
        if claim(gate, channels, batch).await? {
            for record in batch {
                cursor.urgent.remove(&record.id);
            }
        }
    }
    pay_out(gate, channels, all).await
}

/// Follows announced withdrawals: from that block on the channel is claimed at once, and trusted less.
async fn watch(gate: &Gate, channels: &Channels, cursor: &mut Cursor) -> Result<(), Refused> {
    let head = gate.0.chain.head().await?.number;
    let Some(after) = cursor.block else {
        // What was announced while nobody watched is found in the channels themselves.
        let owing = gate.0.ledger.owing(ROUND).await.map_err(Refusal::from)?;
        let ids: Vec<_> = owing.iter().map(|record| record.id).collect();
        for ids in ids.chunks(channels.settings.claim_batch.max(1)) {
            let (_, states) = gate.0.chain.channels(ids).await?;
            for (id, _) in ids.iter().zip(states).filter(|(_, state)| state.withdrawal.is_some()) {
                alarm(channels, cursor, *id).await;
            }
        }
        cursor.block = Some(head);
        return Ok(());
    };
    for id in gate.0.chain.withdrawals(after, head).await? {
        if gate.0.ledger.channel(id).await.map_err(Refusal::from)?.is_none() {
            continue;
        }
        alarm(channels, cursor, id).await;
    }
    cursor.block = Some(head.max(after));
    Ok(())
}

/// A payer wants money back: the channel is claimed next, and looked at again before its next call.
async fn alarm(channels: &Channels, cursor: &mut Cursor, id: ChannelId) {
    tracing::warn!(channel = %id, "a payer announced a withdrawal");
    metrics::counter!("x402_channel_withdrawals_total").increment(1);
    cursor.urgent.insert(id);
    if let Some(account) = channels.seen(id) {
        *account.sit().await = None;
    }
}

/// The channels to claim: those for which it is time, and with them, since the transaction is paid for anyway, the others.
fn due(
    channels: &Channels,
    owing: &[ChannelRecord],
    urgent: &HashSet<ChannelId>,
    all: bool,
) -> Vec<ChannelRecord> {
    let settings = &channels.settings;
    let age = i64::try_from(settings.claim_age.as_millis()).unwrap_or(i64::MAX);
    let old = now_ms().saturating_sub(age);
    let total = owing.iter().map(|record| record.owes().atomic()).fold(0, u64::saturating_add);
    let time_for = |record: &ChannelRecord| {
        urgent.contains(&record.id)
            || record.owes() >= settings.claim_value
            || record.owed_since.is_some_and(|since| since <= old)
    };
    let begin = all || total >= settings.total_value.atomic() || owing.iter().any(time_for);
    if begin { owing.to_vec() } else { Vec::new() }
}

/// Claims a batch in one transaction. A row that the contract refuses would take all others with it, so it is found first.
/// Answers whether nothing is left to claim of what the contract takes.
async fn claim(gate: &Gate, channels: &Channels, batch: &[ChannelRecord]) -> Result<bool, Refused> {
    let ids: Vec<_> = batch.iter().map(|record| record.id).collect();
    let (_, states) = gate.0.chain.channels(&ids).await?;
    let mut rows = Vec::with_capacity(batch.len());
    for (record, state) in batch.iter().zip(&states) {
        if state.total_claimed > record.claimed {
            gate.0.ledger.claimed(record.id, state.total_claimed).await.map_err(Refusal::from)?;
        }
        if state.balance < record.charged {
            let lost = record.charged.checked_sub(state.balance).unwrap_or_default();
            tracing::error!(channel = %record.id, %lost, "a channel owes more than it holds");
        }
        let row = record.row(state.balance).filter(|row| row.total_claimed > state.total_claimed);
        rows.extend(row.map(|row| (record.id, row)));
    }
    let good = sound(gate, channels, rows).await?;
    if good.is_empty() {
        return Ok(true);
    }
    let claims: Vec<VoucherClaim> = good.iter().map(|(_, row)| row.clone()).collect();
    match channels.relay.claim(&claims).await {
        Ok(ChannelOutcome::Done(receipt)) => {
            let (count, gas) = (claims.len(), receipt.gas_used);
            tracing::info!(channels = count, gas, transaction = %receipt.transaction, "claimed");
            metrics::counter!("x402_channel_claims_total", "outcome" => "done").increment(1);
            for (id, row) in good {
                gate.0.ledger.claimed(id, row.total_claimed).await.map_err(Refusal::from)?;
            }
            return Ok(true);
        }
        Ok(ChannelOutcome::Failed { reason, detail, .. }) => {
            tracing::warn!(%reason, detail, "a claim failed");
            metrics::counter!("x402_channel_claims_total", "outcome" => "failed").increment(1);
        }
        Ok(ChannelOutcome::Unknown { transaction, detail }) => {
            tracing::warn!(?transaction, detail, "nobody knows of a claim; it is sent again");
            metrics::counter!("x402_channel_claims_total", "outcome" => "unknown").increment(1);
        }
        Err(error) => tracing::warn!(%error, "a claim could not be sent"),
    }
    Ok(false)
}

type Rows = Vec<(ChannelId, VoucherClaim)>;

/// The rows that the contract takes. Those that it does not take are found by halving, and set aside.
async fn sound(gate: &Gate, channels: &Channels, rows: Rows) -> Result<Rows, Refused> {
    let mut good = Vec::with_capacity(rows.len());
    let mut parts = vec![rows];
    while let Some(mut part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        let claims: Vec<_> = part.iter().map(|(_, row)| row.clone()).collect();
        match channels.relay.try_claim(&claims).await? {
            Ok(()) => good.append(&mut part),
            Err(revert) => match part.as_slice() {
                [(id, row)] => {
                    tracing::error!(channel = %id, %revert, lost = %row.total_claimed, "a voucher cannot be claimed");
                    metrics::counter!("x402_channel_rows_set_aside_total").increment(1);
                    gate.0.ledger.set_aside(*id, &revert.to_string()).await.map_err(Refusal::from)?;
                }
                _ => {
                    let other = part.split_off(part.len() / 2);
                    parts.extend([other, part]);
                }
            },
        }
    }
    Ok(good)
}

async fn pay_out(gate: &Gate, channels: &Channels, all: bool) -> Result<(), Refused> {
    let (receiver, token) = (gate.0.config.pay_to, gate.0.config.network.usdc().address);
    let due = gate.0.chain.unsettled(receiver, token).await?;
    let bound = if all { Usdc::from_atomic(1) } else { channels.settings.settle_value };
    if due < bound {
        return Ok(());
    }
    match channels.relay.settle(receiver, token).await {
        Ok(ChannelOutcome::Done(receipt)) => {
            tracing::info!(amount = ?receipt.moved, transaction = %receipt.transaction, "paid out");
        }
        Ok(other) => tracing::warn!(?other, "what was claimed is not paid out yet"),
        Err(error) => tracing::warn!(%error, "what was claimed is not paid out yet"),
    }
    Ok(())
}

async fn resume_refunds(gate: &Gate, channels: &Channels) -> Result<(), Refused> {
    let again = i64::try_from(RESEND_AFTER.as_millis()).unwrap_or(i64::MAX);
    for record in gate.0.ledger.refunding().await.map_err(Refusal::from)? {
        let waited = record.refund.map_or(0, |pending| now_ms().saturating_sub(pending.since));
        let never_sent = record.refund.is_some_and(|pending| pending.transaction.is_none());
        let account = channels.account(record.id);
        refund::resume(gate, channels, &account, &record, never_sent || waited > again).await?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
async fn measure(gate: &Gate) -> Result<(), Refused> {
    let owed = gate.0.ledger.owed().await.map_err(Refusal::from)?;
    let age = owed.since.map_or(0, |since| now_ms().saturating_sub(since));
    metrics::gauge!("x402_channels_owing").set(owed.channels as f64);
    metrics::gauge!("x402_channels_unclaimed_usdc").set(owed.value.atomic() as f64 / 1e6);
    metrics::gauge!("x402_channels_lost_usdc").set(owed.lost.atomic() as f64 / 1e6);
    metrics::gauge!("x402_channels_unclaimed_age_seconds").set(age as f64 / 1e3);
    Ok(())
}

fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}
