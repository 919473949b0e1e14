//! The durable record of every payment. The row is also the outbox: no second queue.

mod record;
mod sqlite;
mod writer;

use std::sync::Arc;

use x402::{Address, Network, PaymentId};

pub(crate) use record::{Answer, Claim, NewPayment, Record, Update};
pub use sqlite::SqliteLedger;

/// Where payments are recorded. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Ledger {
    /// One process, one file, durable at every commit.
    Sqlite(Arc<SqliteLedger>),
}

/// Why the ledger did not do what it was asked. Nothing may be sold on any of these.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// The URL names no database this build knows.
    #[error("unsupported database URL `{0}`: expected sqlite://path/to/file.db")]
    UnsupportedUrl(String),
    /// The file belongs to another payee or network; sharing it would let one authorization pay two sellers.
    #[error("this ledger belongs to {0}; give each payTo and network a ledger of its own")]
    OtherOwner(String),
    /// Another process has it open.
    #[error("the ledger {0} is in use by another process")]
    InUse(String),
    /// The database could not be read or written.
    #[error("ledger: {0}")]
    Database(Arc<sqlx::Error>),
    /// Whether the change is durable is not known. The caller must read again before it decides anything.
    #[error("the ledger did not say whether the change is durable")]
    NotKnown,
    /// Somebody else took the payment over.
    #[error("the payment was taken over")]
    Fenced,
    /// What is stored cannot be understood.
    #[error("the ledger holds a record that cannot be read: {0}")]
    Corrupt(&'static str),
}

impl From<sqlx::Error> for LedgerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl Ledger {
    /// Opens, and creates where it is missing, the ledger at a URL (`sqlite://data/rng.db`).
    ///
    /// # Errors
    /// [`LedgerError`]: an unknown URL, a ledger of another owner, one in use, or a database that fails.
    pub async fn open(url: &str, network: Network, pay_to: Address) -> Result<Self, LedgerError> {
        SqliteLedger::open(url, network, pay_to).await.map(Arc::new).map(Self::Sqlite)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`LedgerError`] when it does not.
    pub async fn ping(&self) -> Result<(), LedgerError> {
        let Self::Sqlite(ledger) = self;
        ledger.ping().await
    }

    pub(crate) async fn claim(&self, payment: NewPayment) -> Result<Claim, LedgerError> {
        let Self::Sqlite(ledger) = self;
        ledger.claim(payment).await
    }

    pub(crate) async fn take_over(&self, record: &Record, lease_ms: i64) -> Result<i64, LedgerError> {
        let Self::Sqlite(ledger) = self;
        ledger.take_over(record.id, record.fence, lease_ms).await
    }

    pub(crate) async fn update(&self, update: Update) -> Result<(), LedgerError> {
        let Self::Sqlite(ledger) = self;
        ledger.update(update).await
    }

    pub(crate) async fn get(&self, id: PaymentId) -> Result<Option<Record>, LedgerError> {
        let Self::Sqlite(ledger) = self;
        ledger.get(id).await
    }

    /// Payments that nobody works on and that time or the chain can still move, those looked at least often first. One whose
    /// settlement was refused, or whose work failed, waits for its buyer until its window has closed.
    pub(crate) async fn unfinished(&self, limit: i64) -> Result<Vec<Record>, LedgerError> {
        let Self::Sqlite(ledger) = self;
        ledger.unfinished(limit).await
    }

    /// How many payments wait for their money.
    pub(crate) async fn pending(&self) -> Result<i64, LedgerError> {
        let Self::Sqlite(ledger) = self;
        ledger.pending().await
    }

    /// Ends the writer after everything that was asked before. Nothing can be written afterwards.
    pub async fn close(&self) {
        let Self::Sqlite(ledger) = self;
        ledger.close().await;
    }
}
