//! The durable record of every payment. The row is also the outbox: no second queue.

mod attachments;
mod channels;
#[cfg(test)]
mod conformance;
mod finality;
mod journal;
mod leases;
mod postgres;
mod record;
mod refunds;
mod sqlite;
mod statements;
mod store;
mod writer;

use std::sync::Arc;

use x402::{Address, B256, Network, PaymentId, Usdc};
use x402_facilitator::BlockRef;

use crate::Attached;

pub(crate) use channels::{CallRecord, ChannelRecord, PaidCall, PendingRefund};
pub use journal::LedgerJournal;
pub use postgres::PostgresLedger;
pub(crate) use record::{Answer, Claim, NewPayment, Record, Refunding, Update};
pub(crate) use refunds::Reservation;
pub use sqlite::SqliteLedger;

/// Where payments are recorded. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Ledger {
    /// One process, one file, durable at every commit.
    Sqlite(Arc<SqliteLedger>),
    /// Several replicas, one database.
    Postgres(Arc<PostgresLedger>),
}

/// Why the ledger did not do what it was asked. Nothing may be sold on any of these.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// The URL names no database this build knows.
    #[error(
        "unsupported database URL `{0}`: expected sqlite://path/to/file.db or postgres://user@host/database"
    )]
    UnsupportedUrl(String),
    /// The ledger belongs to another payee or network; sharing it would let one authorization pay two sellers.
    #[error("this ledger belongs to {0}; give each payTo and network a ledger of its own")]
    OtherOwner(String),
    /// Another process has it open.
    #[error("the ledger {0} is in use by another process")]
    InUse(String),
    /// The database answers before a change is durable, so a crash could sell twice.
    #[error("the database does not keep what it commits: {0}")]
    NotDurable(String),
    /// The database could not be read or written.
    #[error("ledger: {0}")]
    Database(Arc<sqlx::Error>),
    /// Whether the change is durable is not known. The caller must read again before it decides anything.
    #[error("the ledger did not say whether the change is durable")]
    NotKnown,
    /// Somebody else took the payment over.
    #[error("the payment was taken over")]
    Fenced,
    /// The key of an attachment is another answer's.
    #[error("the attachment's key is taken")]
    AttachmentTaken,
    /// What is stored cannot be understood.
    #[error("the ledger holds a record that cannot be read: {0}")]
    Corrupt(&'static str),
}

impl LedgerError {
    /// Whether the database refused a second row of one name.
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error)
            if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation))
    }
}

impl From<sqlx::Error> for LedgerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// The same on whichever database it is.
macro_rules! on {
    ($ledger:expr, $store:ident => $answer:expr) => {
        match $ledger {
            Ledger::Sqlite($store) => $answer,
            Ledger::Postgres($store) => $answer,
        }
    };
}

use on;

impl Ledger {
    /// Opens, and makes where it is missing, the ledger at a URL: `sqlite://data/rng.db`, or
    /// `postgres://user:password@host/database?sslmode=verify-full`, which must exist and is filled.
    ///
    /// # Errors
    /// [`LedgerError`]: an unknown URL, a ledger of another owner, one in use, or a database that fails or forgets.
    pub async fn open(url: &str, network: Network, pay_to: Address) -> Result<Self, LedgerError> {
        match url.split_once(':') {
            Some(("postgres" | "postgresql", _)) => {
                PostgresLedger::open(url, network, pay_to).await.map(Arc::new).map(Self::Postgres)
            }
            _ => SqliteLedger::open(url, network, pay_to).await.map(Arc::new).map(Self::Sqlite),
        }
    }

    /// Whether the database takes and keeps a change.
    ///
    /// # Errors
    /// [`LedgerError`] when it does not.
    pub async fn ping(&self) -> Result<(), LedgerError> {
        on!(self, store => statements::ping(&**store).await)
    }

    pub(crate) async fn claim(&self, payment: NewPayment) -> Result<Claim, LedgerError> {
        on!(self, store => statements::claim(&**store, &payment).await)
    }

    pub(crate) async fn take_over(&self, record: &Record, lease_ms: i64) -> Result<i64, LedgerError> {
        on!(self, store => leases::take_over(&**store, record, lease_ms).await)
    }

    /// Takes over payments that nobody works on and that time or the chain can still move.
    pub(crate) async fn take_unfinished(
        &self,
        limit: i64,
        lease_ms: i64,
    ) -> Result<Vec<Record>, LedgerError> {
        on!(self, store => leases::take_unfinished(&**store, limit, lease_ms).await)
    }

    /// Goes on working on a payment, if it is still ours.
    pub(crate) async fn renew(&self, id: PaymentId, fence: i64, lease_ms: i64) -> Result<(), LedgerError> {
        on!(self, store => leases::renew(&**store, id, fence, lease_ms).await)
    }

    /// Lets go of a payment where it is.
    pub(crate) async fn let_go(&self, id: PaymentId, fence: i64) -> Result<(), LedgerError> {
        on!(self, store => leases::let_go(&**store, id, fence).await)
    }

    pub(crate) async fn update(&self, update: Update) -> Result<(), LedgerError> {
        on!(self, store => statements::update(&**store, &update).await)
    }

    pub(crate) async fn get(&self, id: PaymentId) -> Result<Option<Record>, LedgerError> {
        on!(self, store => statements::get(&**store, id).await)
    }

    /// The attachments of a kind after the number `after`, in their order, `limit` at most: those that are not there yet
    /// come later. For one that follows what handlers recorded ([`Attachment`](crate::Attachment)).
    ///
    /// An attachment gets its number when it is first read, so numbers have no gaps and nothing is ever numbered before what
    /// was read already, however many replicas write.
    ///
    /// # Errors
    /// [`LedgerError`] when the database does not answer.
    pub async fn attachments(
        &self,
        kind: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Attached>, LedgerError> {
        on!(self, store => attachments::after(&**store, kind, after, limit).await)
    }

    pub(crate) async fn identified(
        &self,
        payer: Address,
        route: &str,
        identifier: &str,
    ) -> Result<Option<Record>, LedgerError> {
        on!(self, store => statements::identified(&**store, payer, route, identifier).await)
    }

    /// Whether a payer has to pay before the work.
    pub(crate) async fn must_pay_first(&self, payer: Address, failures: u32) -> Result<bool, LedgerError> {
        on!(self, store => statements::must_pay_first(&**store, payer, failures).await)
    }

    /// Forgets the answers that were kept for so long, `limit` of them at most.
    pub(crate) async fn expire_answers(&self, retention_ms: i64, limit: i64) -> Result<usize, LedgerError> {
        on!(self, store => statements::expire_answers(&**store, retention_ms, limit).await)
    }

    /// Takes over what is owed back and nobody works on.
    pub(crate) async fn take_refunds(&self, limit: i64, lease_ms: i64) -> Result<Vec<Record>, LedgerError> {
        on!(self, store => refunds::take(&**store, limit, lease_ms).await)
    }

    /// Reserves a refund, if the day's budget covers it.
    pub(crate) async fn reserve_refund(
        &self,
        record: &Record,
        reservation: Reservation,
    ) -> Result<bool, LedgerError> {
        on!(self, store => refunds::reserve(&**store, record, reservation).await)
    }

    /// Writes what became of an attempt to give a payment back, and lets go of it.
    pub(crate) async fn note_refund(
        &self,
        record: &Record,
        refunded: bool,
        transaction: Option<B256>,
        again_ms: i64,
    ) -> Result<(), LedgerError> {
        on!(self, store => refunds::note(&**store, record, refunded, transaction, again_ms).await)
    }

    /// Lets what is owed back be looked at now.
    pub(crate) async fn hasten_refund(&self, id: PaymentId) -> Result<(), LedgerError> {
        on!(self, store => refunds::hasten(&**store, id).await)
    }

    /// The payments of a payer in a transaction, two at most.
    pub(crate) async fn payments_in(
        &self,
        transaction: B256,
        payer: Address,
    ) -> Result<Vec<PaymentId>, LedgerError> {
        on!(self, store => refunds::named(&**store, transaction, payer).await)
    }

    /// How many payments are owed back.
    pub(crate) async fn refunds_owed(&self) -> Result<i64, LedgerError> {
        on!(self, store => refunds::owed(&**store).await)
    }

    /// The blocks of what was delivered and is not safe yet, oldest first.
    pub(crate) async fn unsafe_blocks(&self, limit: i64) -> Result<Vec<BlockRef>, LedgerError> {
        on!(self, store => finality::unsafe_blocks(&**store, limit).await)
    }

    /// Writes that a block is safe.
    pub(crate) async fn mark_safe(&self, block: BlockRef) -> Result<(), LedgerError> {
        on!(self, store => finality::mark_safe(&**store, block).await)
    }

    /// Takes over what was paid in a block.
    pub(crate) async fn take_paid_in(
        &self,
        block: BlockRef,
        limit: i64,
        lease_ms: i64,
    ) -> Result<Vec<Record>, LedgerError> {
        on!(self, store => finality::take_paid_in(&**store, block, limit, lease_ms).await)
    }

    /// The value that was delivered and is not safe yet.
    pub(crate) async fn unsafe_value(&self) -> Result<Usdc, LedgerError> {
        on!(self, store => finality::unsafe_value(&**store).await)
    }

    /// Keeps what was signed of an answer, unless something is kept already, and answers what is.
    pub(crate) async fn keep_proof(&self, id: PaymentId, proof: &str) -> Result<Option<String>, LedgerError> {
        on!(self, store => finality::keep_proof(&**store, id, proof).await)
    }

    /// How many payments wait for their money.
    pub(crate) async fn pending(&self) -> Result<i64, LedgerError> {
        on!(self, store => statements::pending(&**store).await)
    }

    /// Ends after everything that was asked before. Nothing can be written afterwards.
    pub async fn close(&self) {
        on!(self, store => store.close().await);
    }
}
