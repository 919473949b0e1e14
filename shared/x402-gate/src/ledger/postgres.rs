use std::time::Duration;

use sqlx::{
    Connection, PgConnection, PgPool, Postgres,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};
use tokio::time::timeout;
use x402::{Address, Network};

use super::{
    LedgerError, statements,
    store::{Statement, Store},
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Each commits on its own, and those that commit together share an fsync.
const CONNECTIONS: u32 = 16;
/// How long one waits for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a statement may take, and wait for others. It does not cut a COMMIT short.
const STATEMENT_WITHIN: Duration = Duration::from_secs(5);
/// How long an answer may take. Later than this nobody is there, or COMMIT waits for a standby that is gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A ledger in a Postgres database that several replicas share. Every statement is a transaction of its own: none is held
/// open across the network. Leases run out by the database's clock.
///
/// Sessions must stay with their connection (a pooler in session mode). Who fails over must do so to a synchronous standby.
#[derive(Debug)]
pub struct PostgresLedger {
    pool: PgPool,
}

impl PostgresLedger {
    pub(super) async fn open(url: &str, network: Network, pay_to: Address) -> Result<Self, LedgerError> {
        let options: PgConnectOptions = url.parse()?;
        let settings = session_settings(&prepare(&options).await?);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT_WITHIN)
            .after_connect(move |connection, _| {
                let settings = settings.clone();
                Box::pin(async move {
                    sqlx::raw_sql(sqlx::AssertSqlSafe(settings)).execute(connection).await.map(drop)
                })
            })
            .connect_with(options)
            .await?;
        let ledger = Self { pool };
        statements::own(&ledger, network, pay_to).await?;
        Ok(ledger)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

impl Store for PostgresLedger {
    type Row = PgRow;
    const NOW: &'static str = "epoch_ms()";
    const SKIP_LOCKED: &'static str = "FOR UPDATE SKIP LOCKED";
    const LOCKED: &'static str = "FOR UPDATE";

    async fn rows(&self, statement: Statement) -> Result<Vec<PgRow>, LedgerError> {
        // Without a connection nothing was asked.
        let mut connection = Box::pin(self.pool.acquire()).await?;
        let changes = statement.changes();
        let query = statement.query::<Postgres>();
        // The answer is complete only after COMMIT: sqlx reads until the server is ready for the next query.
        match timeout(ANSWER_WITHIN, query.fetch_all(&mut *connection)).await {
            Ok(Err(error)) if changes && is_unclear(&error) => Err(LedgerError::NotKnown),
            Ok(answer) => Ok(answer?),
            Err(_) => {
                drop(connection.detach());
                Err(LedgerError::NotKnown)
            }
        }
    }
}

/// Makes the tables, and answers how this database commits. On a connection of its own, where nothing is cut short.
async fn prepare(options: &PgConnectOptions) -> Result<String, LedgerError> {
    let mut connection = PgConnection::connect_with(options).await?;
    let commit = durable_commit(&mut connection).await?;
    MIGRATIONS.run(&mut connection).await.map_err(sqlx::Error::from)?;
    connection.close().await?;
    Ok(commit)
}

/// The value of `synchronous_commit`, if what was committed survives a crash, of the machine or with its standby.
async fn durable_commit(connection: &mut PgConnection) -> Result<String, LedgerError> {
    let sql = "SELECT current_setting('synchronous_commit'), current_setting('fsync')";
    let (commit, fsync): (String, String) = sqlx::query_as(sql).fetch_one(connection).await?;
    if !matches!(commit.as_str(), "on" | "remote_apply") {
        return Err(LedgerError::NotDurable(format!("synchronous_commit is {commit}")));
    }
    if fsync != "on" {
        return Err(LedgerError::NotDurable(format!("fsync is {fsync}")));
    }
    Ok(commit)
}

/// What every session keeps, whatever the server's configuration becomes. A claim counts on seeing what was committed while
/// it waited for its payer's lock, which is what READ COMMITTED means.
fn session_settings(commit: &str) -> String {
    format!(
        "SET synchronous_commit = {commit}; SET default_transaction_isolation = 'read committed'; \
         SET statement_timeout = {}",
        STATEMENT_WITHIN.as_millis()
    )
}

/// Whether a change may be durable although it failed: the connection was lost, or the server ended the session (class 57P),
/// or cannot say itself (class 08, 40003).
fn is_unclear(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            code.starts_with("57P") || code.starts_with("08") || code == "40003"
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}
