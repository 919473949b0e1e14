use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use x402::{Address, Network};

use super::{
    LedgerError, statements,
    store::{Statement, Store},
    writer::Writer,
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A ledger in one SQLite file: WAL, `synchronous = FULL`, one writer that groups commits, a few readers.
#[derive(Debug)]
pub struct SqliteLedger {
    readers: SqlitePool,
    writer: Writer,
    /// Held as long as the ledger is open: two processes would each believe the other's leases void.
    _lock: File,
}

impl SqliteLedger {
    pub(super) async fn open(url: &str, network: Network, pay_to: Address) -> Result<Self, LedgerError> {
        let path = path(url)?;
        let lock = lock(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        // A file does not hang up: asking a connection whether it lives would take as long as the question.
        let readers = SqlitePoolOptions::new().max_connections(READERS).test_before_acquire(false);
        let readers = readers.connect_with(options.clone()).await?;
        MIGRATIONS.run(&readers).await.map_err(sqlx::Error::from)?;
        let ledger = Self { readers, writer: Writer::start(options).await?, _lock: lock };
        statements::own(&ledger, network, pay_to).await?;
        ledger.end_leases().await?;
        Ok(ledger)
    }

    /// Whoever held a lease was a process that ended, since this one holds the lock.
    async fn end_leases(&self) -> Result<(), LedgerError> {
        let sql = "UPDATE payments SET lease_until = 0 WHERE lease_until > 0";
        self.rows(Statement::change(sql)).await?;
        self.rows(Statement::change("UPDATE channel_claimer SET lease_until = 0")).await?;
        self.rows(Statement::change("UPDATE signers SET lease_until = 0")).await.map(drop)
    }

    pub(super) async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

impl Store for SqliteLedger {
    type Row = SqliteRow;
    const NOW: &'static str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
    /// There is one writer.
    const SKIP_LOCKED: &'static str = "";
    const LOCKED: &'static str = "";

    async fn rows(&self, statement: Statement) -> Result<Vec<SqliteRow>, LedgerError> {
        if statement.changes() {
            return self.writer.commit(statement).await;
        }
        Ok(statement.query().fetch_all(&self.readers).await?)
    }
}

fn path(url: &str) -> Result<PathBuf, LedgerError> {
    let unsupported = || LedgerError::UnsupportedUrl(url.to_owned());
    let path = url
        .strip_prefix("sqlite:")
        .map(|rest| rest.strip_prefix("//").unwrap_or(rest))
        .ok_or_else(unsupported)?;
    if path.is_empty() || path.contains([':', '?']) {
        return Err(unsupported());
    }
    Ok(PathBuf::from(path))
}

fn lock(path: &Path) -> Result<File, LedgerError> {
    let io = |error| LedgerError::from(sqlx::Error::Io(error));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let name = PathBuf::from(format!("{}.lock", path.display()));
    let file = File::create(name).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}
