//! What a ledger is asked, the same on both databases: each question one statement, and the statement is the safety argument.

use x402::{Address, B256, ErrorReason, Network, PaymentId, Usdc};

use super::{
    LedgerError, leases,
    record::{Claim, NewPayment, Record, Update},
    store::{Columns, Statement, Store},
};
use crate::{Flow, Money};

/// The fence of whoever made the claim.
const FIRST_FENCE: i64 = 1;

/// Claims a payment, unless it was claimed before or its payer has promised more than it holds (`payments_promise`).
///
/// A claim that is not known to be durable is made once more: the attempt's number recognises one's own.
pub(super) async fn claim(store: &impl Store, payment: &NewPayment) -> Result<Claim, LedgerError> {
    match claim_once(store, payment).await {
        Err(LedgerError::NotKnown) => claim_once(store, payment).await.map_err(|_| LedgerError::NotKnown),
        known => known,
    }
}

async fn claim_once<S: Store>(store: &S, payment: &NewPayment) -> Result<Claim, LedgerError> {
    let id = payment.key.id();
    if let Some(row) = first(store, insertion::<S>(id, payment)?).await? {
        return Ok(Claim::Won(Box::new(Record::read(&row)?)));
    }
    let sql = format!("SELECT {}, attempt FROM payments WHERE id = $1", columns::<S>());
    let Some(row) = first(store, Statement::read(sql).bind(id.0.as_slice())).await? else {
        let purchase = purchase(store, payment).await?;
        return Ok(purchase.map_or(Claim::Overcommitted, |first| Claim::Lost(Box::new(first))));
    };
    let record = Box::new(Record::read(&row)?);
    let ours = row.bytes("attempt")? == Some(&payment.attempt) && record.fence == FIRST_FENCE;
    Ok(if ours { Claim::Won(record) } else { Claim::Lost(record) })
}

/// The payment that was claimed before for the purchase that the client means.
async fn purchase(store: &impl Store, payment: &NewPayment) -> Result<Option<Record>, LedgerError> {
    match &payment.identifier {
        Some(identifier) => identified(store, payment.key.payer, &payment.route, identifier).await,
        None => Ok(None),
    }
}

fn insertion<S: Store>(id: PaymentId, payment: &NewPayment) -> Result<Statement, LedgerError> {
    let (flow, money, work, runs) = match payment.flow {
        Flow::Authorize => ("authorize", "open", "running", 1_i64),
        Flow::Upfront => ("upfront", "settling", "none", 0),
    };
    let settlement =
        serde_json::to_string(&payment.settlement).map_err(|_| LedgerError::Corrupt("settlement"))?;
    let key = &payment.key;
    let sql = format!(
        "INSERT INTO payments (id, chain_id, asset, payer, nonce, amount, balance, route, flow, request_hash, \
           request, settlement, bound, valid_before, claimed_block, attempt, money, work, runs, fence, \
           identifier, lease_until, claimed_at, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
           $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
           $21, {now} + $22, {now}, {now}) \
         ON CONFLICT DO NOTHING RETURNING {columns}",
        now = S::NOW,
        columns = columns::<S>(),
    );
    Ok(Statement::change(sql)
        .bind(id.0.as_slice())
        .bind(key.chain_id)
        .bind(key.asset.as_slice())
        .bind(key.payer.as_slice())
        .bind(key.nonce.0.as_slice())
        .bind(payment.amount.atomic())
        .bind(payment.balance.atomic())
        .bind(payment.route.as_str())
        .bind(flow)
        .bind(payment.request_hash.0.as_slice())
        .bind(payment.request.as_deref())
        .bind(settlement.as_str())
        .bind(payment.bound)
        .bind(payment.valid_before)
        .bind(payment.claimed_block)
        .bind(payment.attempt.as_slice())
        .bind(money)
        .bind(work)
        .bind(runs)
        .bind(FIRST_FENCE)
        .bind(payment.identifier.clone())
        .bind(payment.lease_ms))
}

/// Moves a payment, if it is still where the caller left it.
pub(super) async fn update<S: Store>(store: &S, update: &Update) -> Result<(), LedgerError> {
    let sql = format!(
        "UPDATE payments SET money = $1, work = $2, runs = $3, \
         lease_until = CASE WHEN $4 > 0 THEN {now} + $4 ELSE 0 END, \
         changed_at = CASE WHEN $5 THEN {now} ELSE changed_at END, \
         look_at = CASE WHEN $5 THEN 0 ELSE {later} END, \
         reason = CASE WHEN $5 THEN $6 ELSE COALESCE($6, reason) END, \
         status = COALESCE($7, status), headers = COALESCE($8, headers), body = COALESCE($9, body), \
         tx_hash = COALESCE($10, tx_hash), \
         {settlement}, \
         attached_kind = COALESCE($16, attached_kind), attached_key = COALESCE($17, attached_key), \
         attachment = COALESCE($18, attachment), proof = COALESCE($19, proof), owed = COALESCE($20, owed) \
         WHERE id = $21 AND fence = $22 AND money = $23 AND work = $24 RETURNING id",
        now = S::NOW,
        later = leases::later::<S>(),
        settlement = settlement::<S>(update),
    );
    let statement = Statement::change(sql)
        .bind(update.to.0.as_str())
        .bind(update.to.1.as_str())
        .bind(u64::from(update.runs))
        .bind(update.lease_ms)
        .bind(update.from != update.to);
    let statement = bind_facts(statement, update)
        .bind(update.id.0.as_slice())
        .bind(update.fence)
        .bind(update.from.0.as_str())
        .bind(update.from.1.as_str());
    match first(store, statement).await {
        // The one unique thing that such a change brings along.
        Err(error) if update.attachment.is_some() && error.is_conflict() => Err(LedgerError::AttachmentTaken),
        row => row?.map(drop).ok_or(LedgerError::Fenced),
    }
}

/// Where the chain shows the payment. What a reorganisation took back is shown nowhere.
fn settlement<S: Store>(update: &Update) -> String {
    let reorged = (update.from.0, update.to.0) == (Money::Settled, Money::Settling);
    let facts = ["block_number", "block_hash", "log_index", "gas_used", "finality"].into_iter().zip(11..);
    let mut set: Vec<String> = facts
        .map(|(fact, place)| match reorged {
            true => format!("{fact} = ${place}"),
            false => format!("{fact} = COALESCE(${place}, {fact})"),
        })
        .collect();
    if reorged {
        set.push(format!("reorged_at = {}", S::NOW));
    }
    set.join(", ")
}

fn bind_facts(statement: Statement, update: &Update) -> Statement {
    let answer = update.answer.as_ref();
    let (settled, attachment) = (update.settled.as_ref(), update.attachment.as_ref());
    let transaction = settled.map(|settled| settled.transaction).or(update.transaction);
    // A reason may be a stranger's text, and Postgres has no zero in a text.
    let reason = update.reason.as_ref().map(|reason| reason.replace('\0', "\u{fffd}"));
    statement
        .bind(reason)
        .bind(answer.map(|answer| u64::from(answer.status.as_u16())))
        .bind(answer.map(super::Answer::headers_json))
        .bind(answer.map(|answer| answer.body.as_ref()))
        .bind(transaction.as_ref().map(B256::as_slice))
        .bind(settled.map(|settled| settled.block_number))
        .bind(settled.map(|settled| settled.block_hash.as_slice()))
        .bind(settled.map(|settled| settled.log_index))
        .bind(settled.map(|settled| settled.gas_used))
        .bind(settled.map(|settled| settled.finality.as_str().to_owned()))
        .bind(attachment.map(|attachment| attachment.kind.clone()))
        .bind(attachment.map(|attachment| attachment.key.as_slice()))
        .bind(attachment.map(|attachment| attachment.payload.as_slice()))
        .bind(update.proof.clone())
        .bind(update.owed.map(Usdc::atomic))
}

/// What is known of a payment.
pub(super) async fn get<S: Store>(store: &S, id: PaymentId) -> Result<Option<Record>, LedgerError> {
    let sql = format!("SELECT {} FROM payments WHERE id = $1", columns::<S>());
    let row = first(store, Statement::read(sql).bind(id.0.as_slice())).await?;
    row.as_ref().map(Record::read).transpose()
}

/// Forgets answers that were kept long enough: the body and its headers alone, and never before the money is where it
/// stays. Answers how many.
pub(super) async fn expire_answers<S: Store>(
    store: &S,
    retention_ms: i64,
    limit: i64,
) -> Result<usize, LedgerError> {
    let sql = format!(
        "UPDATE payments SET body = NULL, headers = NULL, request = NULL WHERE id IN ( \
           SELECT id FROM payments WHERE body IS NOT NULL AND money = 'settled' AND work = 'served' \
           AND changed_at <= {now} - $1 ORDER BY changed_at LIMIT $2) RETURNING id",
        now = S::NOW,
    );
    Ok(store.rows(Statement::change(sql).bind(retention_ms).bind(limit)).await?.len())
}

/// The payment of a purchase, by the client's name for it, unless it is dead: then another may be made.
pub(super) async fn identified<S: Store>(
    store: &S,
    payer: Address,
    route: &str,
    identifier: &str,
) -> Result<Option<Record>, LedgerError> {
    let sql = format!(
        "SELECT {} FROM payments WHERE payer = $1 AND route = $2 AND identifier = $3 AND money <> 'dead'",
        columns::<S>()
    );
    let row = first(store, Statement::read(sql).bind(payer.as_slice()).bind(route).bind(identifier)).await?;
    row.as_ref().map(Record::read).transpose()
}

/// How many payments wait for their money.
pub(super) async fn pending(store: &impl Store) -> Result<i64, LedgerError> {
    let sql = "SELECT COUNT(*) AS pending FROM payments \
               WHERE money IN ('open', 'settling', 'unknown') AND money <> 'open'";
    let row = first(store, Statement::read(sql)).await?;
    row.and_then(|row| row.number("pending").transpose()).unwrap_or(Ok(0))
}

/// Whether the database takes and keeps a change.
pub(super) async fn ping(store: &impl Store) -> Result<(), LedgerError> {
    first(store, Statement::change("UPDATE owner SET checks = checks + 1 RETURNING id")).await.map(drop)
}

/// Whether a payer has to pay first: it made a settlement impossible after the work was done, or the work for it failed
/// `failures` times within the hour and cost it nothing.
pub(super) async fn must_pay_first<S: Store>(
    store: &S,
    payer: Address,
    failures: u32,
) -> Result<bool, LedgerError> {
    let sql = format!(
        "SELECT COUNT(*) AS failures, (SELECT COUNT(*) FROM payments WHERE payer = $1 AND money = 'dead' \
           AND work = 'served' AND reason IN ('{burned}', '{spent}')) AS broken \
         FROM payments WHERE payer = $1 AND work = 'failed' AND flow = 'authorize' \
         AND money IN ('open', 'dead') AND changed_at > {now} - 3600000",
        burned = ErrorReason::AUTHORIZATION_BURNED,
        spent = ErrorReason::INSUFFICIENT_FUNDS,
        now = S::NOW,
    );
    let row = first(store, Statement::read(sql).bind(payer.as_slice())).await?;
    let number = |column| row.as_ref().map_or(Ok(None), |row| row.number(column));
    let (failed, broken) = (number("failures")?.unwrap_or(0), number("broken")?.unwrap_or(0));
    Ok(broken > 0 || failed >= i64::from(failures))
}

/// Records whose ledger this is, or refuses to be another's.
pub(super) async fn own(store: &impl Store, network: Network, pay_to: Address) -> Result<(), LedgerError> {
    let sql = "INSERT INTO owner (id, network, pay_to) VALUES (1, $1, $2) ON CONFLICT DO NOTHING";
    store.rows(Statement::change(sql).bind(network.caip2()).bind(pay_to.as_slice())).await?;
    let row = first(store, Statement::read("SELECT network, pay_to FROM owner")).await?;
    let row = row.ok_or(LedgerError::Corrupt("owner"))?;
    let (stored, owner) =
        (row.text("network")?.unwrap_or_default(), row.bytes("pay_to")?.unwrap_or_default());
    if stored == network.caip2() && owner == pay_to.as_slice() {
        return Ok(());
    }
    let owner = Address::try_from(owner).map_err(|_| LedgerError::Corrupt("pay_to"))?;
    Err(LedgerError::OtherOwner(format!("{owner} on {stored}")))
}

/// What [`Record::read`] reads.
pub(super) fn columns<S: Store>() -> String {
    format!(
        "id, chain_id, asset, payer, nonce, amount, route, flow, request_hash, request, settlement, bound, identifier, \
         valid_before, claimed_block, money, work, runs, fence, reason, status, headers, body, proof, tx_hash, \
         block_number, block_hash, log_index, gas_used, finality, reorged_at, owed, refund_at, refunded_at, refund_tx, \
         claimed_at, changed_at, lease_until > {} AS leased",
        S::NOW
    )
}

pub(super) async fn first<S: Store>(store: &S, statement: Statement) -> Result<Option<S::Row>, LedgerError> {
    Ok(store.rows(statement).await?.into_iter().next())
}
