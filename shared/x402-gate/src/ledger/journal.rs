//! The facilitator's journal in the ledger: transactions are durable before they are sent, and signers are leased.

use async_trait::async_trait;
use x402::{Address, B256};
use x402_facilitator::{Journal, JournalError, Outgoing, Written};

use super::{
    Ledger, LedgerError,
    store::{Columns, Statement, Store},
};
use crate::lease::LEASE_MS;

/// A ledger as the facilitator's journal. Made by [`Ledger::journal`].
#[derive(Clone, Debug)]
pub struct LedgerJournal {
    ledger: Ledger,
    /// This process.
    holder: [u8; 16],
    /// How long its hold on a signer lasts, in milliseconds.
    pub(super) lease_ms: i64,
}

impl Ledger {
    /// The journal of a facilitator whose signers belong to this ledger's processes: several processes may be given the same
    /// signer, and one at a time uses it.
    ///
    /// # Errors
    /// [`JournalError`] when the system has no entropy.
    pub fn journal(&self) -> Result<LedgerJournal, JournalError> {
        let mut holder = [0; 16];
        getrandom::fill(&mut holder).map_err(|error| JournalError::new(error.to_string()))?;
        Ok(LedgerJournal { ledger: self.clone(), holder, lease_ms: LEASE_MS })
    }
}

#[async_trait]
impl Journal for LedgerJournal {
    async fn hold(&self, signer: Address) -> Result<bool, JournalError> {
        let answer = match &self.ledger {
            Ledger::Sqlite(store) => hold(&**store, signer, self).await,
            Ledger::Postgres(store) => hold(&**store, signer, self).await,
        };
        answer.map_err(Into::into)
    }

    async fn sending(&self, transaction: &Outgoing<'_>) -> Result<(), JournalError> {
        let answer = match &self.ledger {
            Ledger::Sqlite(store) => sending(&**store, transaction, self).await,
            Ledger::Postgres(store) => sending(&**store, transaction, self).await,
        };
        match answer? {
            true => Ok(()),
            false => Err(JournalError::new(format!("another process has the signer {}", transaction.signer))),
        }
    }

    async fn written(&self, signer: Address) -> Result<Vec<Written>, JournalError> {
        let answer = match &self.ledger {
            Ledger::Sqlite(store) => written(&**store, signer).await,
            Ledger::Postgres(store) => written(&**store, signer).await,
        };
        answer.map_err(Into::into)
    }

    async fn forget(&self, signer: Address, below: u64) -> Result<(), JournalError> {
        let answer = match &self.ledger {
            Ledger::Sqlite(store) => forget(&**store, signer, below).await,
            Ledger::Postgres(store) => forget(&**store, signer, below).await,
        };
        answer.map_err(Into::into)
    }
}

impl From<LedgerError> for JournalError {
    fn from(error: LedgerError) -> Self {
        Self::new(error)
    }
}

async fn hold<S: Store>(store: &S, signer: Address, journal: &LedgerJournal) -> Result<bool, LedgerError> {
    let sql = format!(
        "INSERT INTO signers (address, holder, lease_until) VALUES ($1, $2, {now} + $3) \
         ON CONFLICT (address) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until \
         WHERE signers.holder = excluded.holder OR signers.lease_until <= {now} RETURNING address",
        now = S::NOW,
    );
    let statement =
        Statement::change(sql).bind(signer.as_slice()).bind(journal.holder.as_slice()).bind(journal.lease_ms);
    Ok(!store.rows(statement).await?.is_empty())
}

/// Written down once more where nobody can say whether it is: the hash names it. False where the signer is not the holder's.
async fn sending(
    store: &impl Store,
    transaction: &Outgoing<'_>,
    journal: &LedgerJournal,
) -> Result<bool, LedgerError> {
    let rows = match store.rows(insertion(store, transaction, journal)).await {
        Err(LedgerError::NotKnown) => store.rows(insertion(store, transaction, journal)).await?,
        known => known?,
    };
    Ok(!rows.is_empty())
}

/// In the same statement the signer is still the holder's: a process that slept while another one took it writes nothing down,
/// and so sends nothing.
fn insertion<S: Store>(_: &S, transaction: &Outgoing<'_>, journal: &LedgerJournal) -> Statement {
    let sql = format!(
        "INSERT INTO transactions (hash, signer, nonce, raw, payments, sent_at) \
         SELECT $1, address, $3, $4, $5, {now} FROM signers WHERE address = $2 AND holder = $6 {locked} \
         ON CONFLICT (hash) DO UPDATE SET sent_at = excluded.sent_at RETURNING hash",
        now = S::NOW,
        locked = S::LOCKED,
    );
    let payments = transaction.payments.iter().map(|payment| hex::encode(payment.id().0));
    Statement::change(sql)
        .bind(transaction.hash.as_slice())
        .bind(transaction.signer.as_slice())
        .bind(transaction.nonce)
        .bind(transaction.raw.as_ref())
        .bind(serde_json::Value::from_iter(payments).to_string().as_str())
        .bind(journal.holder.as_slice())
}

async fn written(store: &impl Store, signer: Address) -> Result<Vec<Written>, LedgerError> {
    let sql = "SELECT hash, nonce, raw FROM transactions WHERE signer = $1 ORDER BY nonce, sent_at";
    let rows = store.rows(Statement::read(sql).bind(signer.as_slice())).await?;
    rows.iter().map(read).collect()
}

fn read(row: &impl Columns) -> Result<Written, LedgerError> {
    let missing = LedgerError::Corrupt("a transaction");
    let hash = row.bytes("hash")?.and_then(|hash| B256::try_from(hash).ok()).ok_or(missing.clone())?;
    let nonce = row.number("nonce")?.and_then(|nonce| nonce.try_into().ok()).ok_or(missing)?;
    Ok(Written { hash, nonce, raw: row.bytes("raw")?.unwrap_or_default().to_vec().into() })
}

async fn forget(store: &impl Store, signer: Address, below: u64) -> Result<(), LedgerError> {
    let sql = "DELETE FROM transactions WHERE signer = $1 AND nonce < $2";
    store.rows(Statement::change(sql).bind(signer.as_slice()).bind(below)).await.map(drop)
}
