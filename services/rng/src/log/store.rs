//! Where the log is kept: SQLite in a file of its own, or a schema of its own in Postgres. The same statements do for both.

use draw::tree::{Hash, Node};
use sqlx::{
    AnyPool, Executor, Row,
    any::{AnyPoolOptions, AnyRow, install_default_drivers},
};

use super::LogError;

const SCHEMA: &str = include_str!("schema.sql");

/// How far the log has grown.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Leaves.
    pub(crate) size: u64,
    /// The ledger's last attachment among them.
    pub(crate) attached: u64,
    /// The signed checkpoint of that size; none before the first leaf.
    pub(crate) checkpoint: Option<String>,
}

/// The database of a log.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pool: AnyPool,
}

impl Store {
    /// Opens the database, and makes the tables that are missing.
    pub(crate) async fn open(url: &str) -> Result<Self, LogError> {
        install_default_drivers();
        let postgres = url.starts_with("postgres");
        let url = if postgres { url.to_owned() } else { sqlite_url(url)? };
        let options = AnyPoolOptions::new().max_connections(if postgres { 8 } else { 4 });
        let options = options.after_connect(move |connection, _| {
            Box::pin(async move {
                let setting =
                    if postgres { "SET search_path TO rng_log" } else { "PRAGMA synchronous = FULL" };
                connection.execute(setting).await.map(|_| ())
            })
        });
        let store = Self { pool: options.connect(&url).await? };
        store.make_tables(postgres).await?;
        Ok(store)
    }

    async fn make_tables(&self, postgres: bool) -> Result<(), LogError> {
        if !postgres {
            self.pool.execute("PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON").await?;
            self.pool.execute(SCHEMA).await?;
            return Ok(());
        }
        let mut transaction = self.pool.begin().await?;
        // Replicas that start together make the tables one after the other.
        transaction.execute("SELECT pg_advisory_xact_lock(7821093)").await?;
        transaction.execute("CREATE SCHEMA IF NOT EXISTS rng_log").await?;
        let schema = sqlx::AssertSqlSafe(SCHEMA.replace("BLOB", "BYTEA"));
        transaction.execute(sqlx::raw_sql(schema)).await?;
        Ok(transaction.commit().await?)
    }

    /// Refuses another name or key than the log began with: readers would take it for a fork.
    pub(crate) async fn belongs_to(&self, log_key: &str) -> Result<(), LogError> {
        let sql = "UPDATE log_state SET log_key = COALESCE(log_key, $1) WHERE id = 1 RETURNING log_key";
        let row = sqlx::query(sql).bind(log_key.to_owned()).fetch_one(&self.pool).await?;
        let stated: String = row.try_get("log_key")?;
        let configured = log_key.to_owned();
        if stated == configured { Ok(()) } else { Err(LogError::OtherLog { stated, configured }) }
    }

    pub(crate) const fn pool(&self) -> &AnyPool {
        &self.pool
    }

    pub(crate) async fn head(&self) -> Result<Head, LogError> {
        let row = sqlx::query("SELECT size, attached, checkpoint FROM log_state WHERE id = 1")
            .fetch_one(&self.pool)
            .await?;
        Ok(Head {
            size: number(&row, "size")?,
            attached: number(&row, "attached")?,
            checkpoint: row.try_get("checkpoint")?,
        })
    }

    pub(crate) async fn entry(&self, position: u64) -> Result<Option<Vec<u8>>, LogError> {
        let row = sqlx::query("SELECT entry FROM log_entries WHERE position = $1")
            .bind(signed(position)?)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok(row.try_get("entry")?)).transpose()
    }

    /// The entries from `start` on, `count` of them.
    pub(crate) async fn entries(&self, start: u64, count: u64) -> Result<Vec<Vec<u8>>, LogError> {
        let sql = "SELECT entry FROM log_entries WHERE position >= $1 AND position < $2 ORDER BY position";
        let query = sqlx::query(sql).bind(signed(start)?).bind(signed(start + count)?);
        let rows = query.fetch_all(&self.pool).await?;
        whole(rows.len(), count)?;
        rows.iter().map(|row| Ok(row.try_get("entry")?)).collect()
    }

    /// The hashes of `count` subtrees of a level from `start` on.
    pub(crate) async fn nodes(&self, level: u32, start: u64, count: u64) -> Result<Vec<Hash>, LogError> {
        let sql = "SELECT hash FROM log_nodes WHERE level = $1 AND position >= $2 AND position < $3 ORDER BY position";
        let query = sqlx::query(sql).bind(i64::from(level)).bind(signed(start)?).bind(signed(start + count)?);
        let rows = query.fetch_all(&self.pool).await?;
        whole(rows.len(), count)?;
        rows.iter().map(|row| hash(row, "hash")).collect()
    }

    pub(crate) async fn node(&self, node: Node) -> Result<Hash, LogError> {
        self.nodes(node.level, node.index, 1).await?.pop().ok_or(LogError::Corrupt)
    }

    /// Where the entry with this hash stands.
    pub(crate) async fn position_of(&self, leaf: &Hash) -> Result<Option<u64>, LogError> {
        self.position("SELECT position FROM log_entries WHERE hash = $1", leaf.to_vec()).await
    }

    /// Where the acceptance of a draw stands.
    pub(crate) async fn position_of_accept(&self, accept: &Hash) -> Result<Option<u64>, LogError> {
        self.position("SELECT position FROM accepts WHERE accept_hash = $1", accept.to_vec()).await
    }

    /// Where the key of an epoch stands.
    pub(crate) async fn position_of_key(&self, epoch: u32) -> Result<Option<u64>, LogError> {
        let sql = "SELECT position FROM epoch_keys WHERE epoch = $1";
        let row = sqlx::query(sql).bind(i64::from(epoch)).fetch_optional(&self.pool).await?;
        row.map(|row| number(&row, "position")).transpose()
    }

    async fn position(&self, sql: &'static str, key: Vec<u8>) -> Result<Option<u64>, LogError> {
        let row = sqlx::query(sql).bind(key).fetch_optional(&self.pool).await?;
        row.map(|row| number(&row, "position")).transpose()
    }
}

/// The file is made if it is missing, and so is its folder.
fn sqlite_url(url: &str) -> Result<String, LogError> {
    let path = url.trim_start_matches("sqlite://").trim_start_matches("sqlite:");
    if let Some(folder) = std::path::Path::new(path).parent() {
        std::fs::create_dir_all(folder).map_err(LogError::Folder)?;
    }
    Ok(format!("sqlite://{path}?mode=rwc"))
}

fn whole(found: usize, wanted: u64) -> Result<(), LogError> {
    if u64::try_from(found).is_ok_and(|found| found == wanted) { Ok(()) } else { Err(LogError::Corrupt) }
}

pub(super) fn number(row: &AnyRow, column: &str) -> Result<u64, LogError> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| LogError::Corrupt)
}

pub(super) fn hash(row: &AnyRow, column: &str) -> Result<Hash, LogError> {
    row.try_get::<Vec<u8>, _>(column)?.try_into().map_err(|_| LogError::Corrupt)
}

pub(super) fn signed(number: u64) -> Result<i64, LogError> {
    i64::try_from(number).map_err(|_| LogError::Corrupt)
}
