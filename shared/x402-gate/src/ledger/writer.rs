//! The one writer of a SQLite ledger. Changes that wait together are committed together, so that many durable claims
//! share one fsync; nobody is answered before COMMIT returned.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteArguments, SqliteConnectOptions},
};
use tokio::sync::{mpsc, oneshot};
use x402::PaymentId;

use super::{
    LedgerError,
    record::{Claim, NewPayment, Record, Update},
};
use crate::Flow;

const QUEUE: usize = 4096;
const GROUP: usize = 256;
const NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

type Reply<T> = oneshot::Sender<Result<T, LedgerError>>;

enum Command {
    Claim(Box<NewPayment>, Reply<Claim>),
    TakeOver { id: PaymentId, fence: i64, lease_ms: i64, reply: Reply<i64> },
    Update(Box<Update>, Reply<()>),
    Close(oneshot::Sender<()>),
}

/// What a command will be answered once its group is durable.
enum Answered {
    Claim(Result<Claim, LedgerError>, Reply<Claim>),
    TakeOver(Result<i64, LedgerError>, Reply<i64>),
    Update(Result<(), LedgerError>, Reply<()>),
}

/// The way to the writer's task.
#[derive(Debug)]
pub(super) struct Writer {
    commands: mpsc::Sender<Command>,
}

impl Writer {
    pub(super) async fn start(options: SqliteConnectOptions) -> Result<Self, LedgerError> {
        let connection = options.connect().await?;
        let (commands, queue) = mpsc::channel(QUEUE);
        tokio::spawn(serve(options, Some(connection), queue));
        Ok(Self { commands })
    }

    pub(super) async fn claim(&self, payment: NewPayment) -> Result<Claim, LedgerError> {
        self.ask(|reply| Command::Claim(Box::new(payment), reply)).await
    }

    pub(super) async fn take_over(
        &self,
        id: PaymentId,
        fence: i64,
        lease_ms: i64,
    ) -> Result<i64, LedgerError> {
        self.ask(|reply| Command::TakeOver { id, fence, lease_ms, reply }).await
    }

    pub(super) async fn update(&self, update: Update) -> Result<(), LedgerError> {
        self.ask(|reply| Command::Update(Box::new(update), reply)).await
    }

    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.commands.send(Command::Close(reply)).await.is_ok() {
            let _ = closed.await;
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, LedgerError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| LedgerError::NotKnown)?;
        answer.await.map_err(|_| LedgerError::NotKnown)?
    }
}

async fn serve(
    options: SqliteConnectOptions,
    mut connection: Option<SqliteConnection>,
    mut queue: mpsc::Receiver<Command>,
) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut group, GROUP).await > 0 {
        let closing = group.iter().position(|command| matches!(command, Command::Close(_)));
        let closing = closing.map(|at| group.split_off(at));
        connection = match usable(&options, connection).await {
            Ok(open) => commit(open, &mut group).await,
            Err(error) => {
                group.drain(..).for_each(|command| refuse(command, &error));
                None
            }
        };
        if let Some(Command::Close(reply)) = closing.and_then(|rest| rest.into_iter().next()) {
            if let Some(open) = connection {
                let _ = open.close().await;
            }
            let _ = reply.send(());
            return;
        }
    }
}

async fn usable(
    options: &SqliteConnectOptions,
    connection: Option<SqliteConnection>,
) -> Result<SqliteConnection, LedgerError> {
    match connection {
        Some(open) => Ok(open),
        None => Ok(options.connect().await?),
    }
}

/// Runs a group in one transaction. Returns the connection while it can be trusted: after a failed COMMIT nobody can say
/// what is durable, so everybody is told so and the next group starts on a new connection.
async fn commit(mut connection: SqliteConnection, group: &mut Vec<Command>) -> Option<SqliteConnection> {
    if let Err(error) = sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await {
        let error = error.into();
        group.drain(..).for_each(|command| refuse(command, &error));
        return None;
    }
    let mut answers = Vec::with_capacity(group.len());
    for command in group.drain(..) {
        answers.extend(execute(&mut connection, command).await);
    }
    let committed = sqlx::query("COMMIT").execute(&mut connection).await.is_ok();
    for answer in answers {
        answer.send(committed);
    }
    committed.then_some(connection)
}

async fn execute(connection: &mut SqliteConnection, command: Command) -> Option<Answered> {
    Some(match command {
        Command::Claim(payment, reply) => Answered::Claim(claim(connection, &payment).await, reply),
        Command::TakeOver { id, fence, lease_ms, reply } => {
            Answered::TakeOver(take_over(connection, id, fence, lease_ms).await, reply)
        }
        Command::Update(change, reply) => Answered::Update(update(connection, &change).await, reply),
        Command::Close(_) => return None,
    })
}

impl Answered {
    fn send(self, committed: bool) {
        fn send<T>(result: Result<T, LedgerError>, reply: Reply<T>, committed: bool) {
            let _ = reply.send(if committed { result } else { Err(LedgerError::NotKnown) });
        }
        match self {
            Self::Claim(result, reply) => send(result, reply, committed),
            Self::TakeOver(result, reply) => send(result, reply, committed),
            Self::Update(result, reply) => send(result, reply, committed),
        }
    }
}

fn refuse(command: Command, error: &LedgerError) {
    match command {
        Command::Claim(_, reply) => drop(reply.send(Err(error.clone()))),
        Command::TakeOver { reply, .. } => drop(reply.send(Err(error.clone()))),
        Command::Update(_, reply) => drop(reply.send(Err(error.clone()))),
        Command::Close(_) => {}
    }
}

/// One statement that claims, unless the payment exists or the payer has promised more than it holds.
async fn claim(connection: &mut SqliteConnection, payment: &NewPayment) -> Result<Claim, LedgerError> {
    let id = payment.key.id();
    insert(connection, id, payment).await?;
    let sql = format!("SELECT {}, attempt FROM payments WHERE id = ?", Record::COLUMNS);
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.0.as_slice()).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(Claim::Overcommitted) };
    let record = Box::new(Record::from_row(&row)?);
    let attempt: &[u8] = sqlx::Row::try_get(&row, "attempt")?;
    Ok(if attempt == payment.attempt { Claim::Won(record) } else { Claim::Lost(record) })
}

async fn insert(
    connection: &mut SqliteConnection,
    id: PaymentId,
    payment: &NewPayment,
) -> Result<(), LedgerError> {
    let (flow, money, work, runs) = match payment.flow {
        Flow::Authorize => ("authorize", "open", "running", 1),
        Flow::Upfront => ("upfront", "settling", "none", 0),
    };
    let sql = format!(
        "INSERT INTO payments (id, chain_id, asset, payer, nonce, amount, route, flow, request_hash, request, settlement, \
         bound, valid_before, claimed_block, attempt, money, work, runs, fence, lease_until, claimed_at, changed_at) \
         SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, {NOW} + ?, {NOW}, {NOW} \
         WHERE ? >= (SELECT COALESCE(SUM(amount), 0) FROM payments \
           WHERE payer = ? AND money IN ('open', 'settling', 'unknown')) \
         ON CONFLICT DO NOTHING"
    );
    let key = &payment.key;
    let settlement =
        serde_json::to_string(&payment.settlement).map_err(|_| LedgerError::Corrupt("settlement"))?;
    let spare = payment.balance.atomic().saturating_sub(payment.amount.atomic());
    // Without the price itself the payer would be let in at a balance of zero.
    let spare = if payment.balance < payment.amount { -1 } else { signed(spare) };
    sqlx::query(AssertSqlSafe(sql))
        .bind(id.0.as_slice())
        .bind(signed(key.chain_id))
        .bind(key.asset.as_slice())
        .bind(key.payer.as_slice())
        .bind(key.nonce.0.as_slice())
        .bind(signed(payment.amount.atomic()))
        .bind(&payment.route)
        .bind(flow)
        .bind(payment.request_hash.0.as_slice())
        .bind(payment.request.as_deref())
        .bind(settlement)
        .bind(payment.bound)
        .bind(signed(payment.valid_before))
        .bind(signed(payment.claimed_block))
        .bind(payment.attempt.as_slice())
        .bind(money)
        .bind(work)
        .bind(runs)
        .bind(payment.lease_ms)
        .bind(spare)
        .bind(key.payer.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Raises the fence and takes the lease, if the last holder let go or ran out, and nobody was quicker.
async fn take_over(
    connection: &mut SqliteConnection,
    id: PaymentId,
    fence: i64,
    lease_ms: i64,
) -> Result<i64, LedgerError> {
    let sql = format!(
        "UPDATE payments SET fence = fence + 1, lease_until = {NOW} + ? \
         WHERE id = ? AND fence = ? AND lease_until <= {NOW} RETURNING fence"
    );
    let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(lease_ms).bind(id.0.as_slice()).bind(fence);
    query.fetch_optional(connection).await?.ok_or(LedgerError::Fenced)
}

async fn update(connection: &mut SqliteConnection, update: &Update) -> Result<(), LedgerError> {
    let sql = format!(
        "UPDATE payments SET money = ?, work = ?, runs = ?, \
         lease_until = CASE WHEN ? > 0 THEN {NOW} + ? ELSE 0 END, \
         changed_at = CASE WHEN ? THEN {NOW} ELSE changed_at END, \
         reason = COALESCE(?, reason), status = COALESCE(?, status), headers = COALESCE(?, headers), \
         body = COALESCE(?, body), tx_hash = COALESCE(?, tx_hash), block_number = COALESCE(?, block_number), \
         block_hash = COALESCE(?, block_hash), log_index = COALESCE(?, log_index), \
         gas_used = COALESCE(?, gas_used) \
         WHERE id = ? AND fence = ? AND money = ? AND work = ?"
    );
    let query = sqlx::query(AssertSqlSafe(sql))
        .bind(update.to.0.as_str())
        .bind(update.to.1.as_str())
        .bind(update.runs)
        .bind(update.lease_ms)
        .bind(update.lease_ms)
        .bind(update.from != update.to);
    let query = bind_facts(query, update)
        .bind(update.id.0.as_slice())
        .bind(update.fence)
        .bind(update.from.0.as_str())
        .bind(update.from.1.as_str());
    match query.execute(connection).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(LedgerError::Fenced),
    }
}

type SqliteQuery<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

fn bind_facts<'q>(query: SqliteQuery<'q>, update: &'q Update) -> SqliteQuery<'q> {
    let answer = update.answer.as_ref();
    let settled = update.settled.as_ref();
    let transaction = settled.map(|settled| settled.transaction).or(update.transaction);
    query
        .bind(update.reason.as_deref())
        .bind(answer.map(|answer| answer.status.as_u16()))
        .bind(answer.map(super::Answer::headers_json))
        .bind(answer.map(|answer| answer.body.as_ref()))
        .bind(transaction.map(|hash| hash.to_vec()))
        .bind(settled.map(|settled| signed(settled.block_number)))
        .bind(settled.map(|settled| settled.block_hash.to_vec()))
        .bind(settled.map(|settled| signed(settled.log_index)))
        .bind(settled.map(|settled| signed(settled.gas_used)))
}

/// Amounts, chain ids, blocks and seconds all fit: what is larger is stored as the largest and fits no real value.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
