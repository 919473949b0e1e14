//! The record of what was signed, in SQLite. A payment is here before it is anywhere else.

mod history;
mod intent;
mod open;
mod payees;
mod record;
mod reserve;
pub(crate) mod returns;
mod state;

use sqlx::SqlitePool;
use x402::Usdc;

pub use history::{Entry, Kind};
pub use intent::Intent;
pub use reserve::{Reservation, ReserveError, Spend};
pub use state::{State, UnknownState};

/// The ledger of one buyer. Several processes may use one file at a time.
#[derive(Clone, Debug)]
pub struct SpendLedger {
    pool: SqlitePool,
}

impl SpendLedger {
    pub(crate) const fn pool(&self) -> &SqlitePool {
        &self.pool
    }
}

/// An amount as a column has it. What fits no column is more than all USDC.
pub(crate) fn units(amount: Usdc) -> i64 {
    i64::try_from(amount.atomic()).unwrap_or(i64::MAX)
}

/// The ledger cannot be used. Without it nothing is paid.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The folder or file cannot be made.
    #[error("ledger {path}: {source}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The database failed.
    #[error("ledger: {0}")]
    Database(#[from] sqlx::Error),
    /// A later version of this program wrote the file.
    #[error("the ledger is of schema {found}, this program knows {known}")]
    Newer {
        /// The file's.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A row is not what was written.
    #[error("ledger row {id}: {reason}")]
    Corrupt {
        /// The payment it is of.
        id: String,
        /// What is wrong.
        reason: String,
    },
}
