use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use x402::{Address, Network, PaymentId};

use super::{
    LedgerError,
    record::{Claim, NewPayment, Record, Update},
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
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(options.clone()).await?;
        MIGRATIONS.run(&readers).await.map_err(sqlx::Error::from)?;
        own(&readers, network, pay_to).await?;
        end_leases(&readers).await?;
        Ok(Self { readers, writer: Writer::start(options).await?, _lock: lock })
    }

    pub(super) async fn ping(&self) -> Result<(), LedgerError> {
        sqlx::query("SELECT 1 FROM owner").execute(&self.readers).await?;
        Ok(())
    }

    pub(super) async fn claim(&self, payment: NewPayment) -> Result<Claim, LedgerError> {
        self.writer.claim(payment).await
    }

    pub(super) async fn take_over(
        &self,
        id: PaymentId,
        fence: i64,
        lease_ms: i64,
    ) -> Result<i64, LedgerError> {
        self.writer.take_over(id, fence, lease_ms).await
    }

    pub(super) async fn update(&self, update: Update) -> Result<(), LedgerError> {
        self.writer.update(update).await
    }

    pub(super) async fn get(&self, id: PaymentId) -> Result<Option<Record>, LedgerError> {
        let sql = format!("SELECT {} FROM payments WHERE id = ?", Record::COLUMNS);
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id.0.as_slice()).fetch_optional(&self.readers).await?;
        row.as_ref().map(Record::from_row).transpose()
    }

    pub(super) async fn unfinished(&self, limit: i64) -> Result<Vec<Record>, LedgerError> {
        let sql = format!(
            "SELECT {} FROM payments WHERE lease_until <= CAST(unixepoch('subsec') * 1000 AS INTEGER) \
             AND (money = 'unknown' OR (money = 'settling' AND reason IS NULL) \
               OR (money = 'settled' AND work IN ('none', 'running')) \
               OR (money IN ('open', 'settling') AND valid_before < unixepoch())) \
             ORDER BY fence, changed_at LIMIT ?",
            Record::COLUMNS
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(limit).fetch_all(&self.readers).await?;
        rows.iter().map(Record::from_row).collect()
    }

    pub(super) async fn pending(&self) -> Result<i64, LedgerError> {
        let sql = "SELECT COUNT(*) FROM payments WHERE money IN ('settling', 'unknown')";
        Ok(sqlx::query_scalar(sql).fetch_one(&self.readers).await?)
    }

    pub(super) async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
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

/// Records whose ledger this is, or refuses to be another's.
async fn own(pool: &SqlitePool, network: Network, pay_to: Address) -> Result<(), LedgerError> {
    sqlx::query("INSERT INTO owner (id, network, pay_to) VALUES (1, ?, ?) ON CONFLICT DO NOTHING")
        .bind(network.caip2())
        .bind(pay_to.as_slice())
        .execute(pool)
        .await?;
    let (stored, owner): (String, Vec<u8>) =
        sqlx::query_as("SELECT network, pay_to FROM owner").fetch_one(pool).await?;
    if stored == network.caip2() && owner == pay_to.as_slice() {
        return Ok(());
    }
    let owner = Address::try_from(owner.as_slice()).map_err(|_| LedgerError::Corrupt("pay_to"))?;
    Err(LedgerError::OtherOwner(format!("{owner} on {stored}")))
}

/// Whoever held a lease was a process that ended, since this one holds the lock.
async fn end_leases(pool: &SqlitePool) -> Result<(), LedgerError> {
    sqlx::query("UPDATE payments SET lease_until = 0 WHERE lease_until > 0").execute(pool).await?;
    Ok(())
}
