use std::{path::Path, time::Duration};

use sqlx::{
    Executor,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};

use super::{LedgerError, SpendLedger};
use crate::files;

const SCHEMA: &str = include_str!("schema.sql");
const SCHEMA_VERSION: i64 = 3;

/// What the tables of version 2 lack.
const SINCE_2: &str = "
    ALTER TABLE channels ADD COLUMN withdrawing INTEGER;
    ALTER TABLE channels ADD COLUMN withdraw_at INTEGER;
    ALTER TABLE channel_deposits ADD COLUMN state TEXT NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'paid'));
    ALTER TABLE channel_deposits ADD COLUMN transaction_hash TEXT;";

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(30);

impl SpendLedger {
    /// Opens the ledger, making file and folder where they are missing, readable by their owner alone: the salts in it are
    /// as good as the answers they pay for.
    ///
    /// # Errors
    /// [`LedgerError`] when the file cannot be made, opened, or is of a later schema.
    pub async fn open(path: &Path) -> Result<Self, LedgerError> {
        // SQLite gives its side files the mode of the main one.
        files::create(path).map_err(|source| LedgerError::Io { path: path.display().to_string(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY);
        // One connection: writers of this process queue here, in order, and not in SQLite's polling.
        let pool =
            SqlitePoolOptions::new().max_connections(1).acquire_timeout(BUSY).connect_with(options).await?;
        migrate(&pool).await?;
        Ok(Self { pool })
    }
}

/// The statements are idempotent and run under the write lock, so that two first starts at once do no harm.
async fn migrate(pool: &SqlitePool) -> Result<(), LedgerError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    if found > SCHEMA_VERSION {
        return Err(LedgerError::Newer { found, known: SCHEMA_VERSION });
    }
    if found == 2 {
        transaction.execute(SINCE_2).await?;
    }
    transaction.execute(SCHEMA).await?;
    transaction.execute("PRAGMA user_version = 3").await?;
    Ok(transaction.commit().await?)
}
