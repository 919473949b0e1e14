//! The one writer of a SQLite ledger. Changes that wait together are committed together, so that many durable claims
//! share one fsync; nobody is answered before COMMIT returned.

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::sync::{mpsc, oneshot};

use super::{LedgerError, store::Statement};

const QUEUE: usize = 4096;
const GROUP: usize = 256;
/// Primary codes, which the extended ones have in their low byte (<https://sqlite.org/rescode.html>).
const SQLITE_BUSY: u32 = 5;
const SQLITE_CONSTRAINT: u32 = 19;

type Rows = Result<Vec<SqliteRow>, LedgerError>;

enum Command {
    Change(Change),
    Close(oneshot::Sender<()>),
}

struct Change {
    statement: Statement,
    reply: oneshot::Sender<Rows>,
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

    /// Runs a statement in the next group, and answers once the group is durable.
    pub(super) async fn commit(&self, statement: Statement) -> Rows {
        let (reply, rows) = oneshot::channel();
        let change = Command::Change(Change { statement, reply });
        self.commands.send(change).await.map_err(|_| LedgerError::NotKnown)?;
        rows.await.map_err(|_| LedgerError::NotKnown)?
    }

    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.commands.send(Command::Close(reply)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

async fn serve(
    options: SqliteConnectOptions,
    mut connection: Option<SqliteConnection>,
    mut queue: mpsc::Receiver<Command>,
) {
    let mut commands = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut commands, GROUP).await > 0 {
        let mut group = Vec::with_capacity(commands.len());
        let mut closing = None;
        for command in commands.drain(..) {
            match command {
                Command::Change(change) => group.push(change),
                Command::Close(reply) => closing = Some(reply),
            }
        }
        connection = match usable(&options, connection).await {
            Ok(open) => commit(open, group).await,
            Err(error) => {
                refuse(group, &error);
                None
            }
        };
        if let Some(reply) = closing {
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

/// Runs a group in one transaction. Returns the connection while it can be trusted: after a failed commit nobody can say
/// what is durable, so everybody is told so and the next group starts on a new connection.
async fn commit(connection: SqliteConnection, group: Vec<Change>) -> Option<SqliteConnection> {
    match <[Change; 1]>::try_from(group) {
        Ok([alone]) => commit_one(connection, alone).await,
        Err(group) => commit_all(connection, group).await,
    }
}

/// A statement by itself is a transaction: two turns of the connection's thread less.
async fn commit_one(mut connection: SqliteConnection, change: Change) -> Option<SqliteConnection> {
    let rows = change.statement.query().fetch_all(&mut connection).await;
    let known = rows.as_ref().map_or_else(is_refusal, |_| true);
    let answer = if known { rows.map_err(LedgerError::from) } else { Err(LedgerError::NotKnown) };
    let _ = change.reply.send(answer);
    known.then_some(connection)
}

/// Whether it never came to a commit: a constraint or a trigger said no, or another process has the file.
fn is_refusal(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, SQLITE_BUSY | SQLITE_CONSTRAINT))
}

async fn commit_all(mut connection: SqliteConnection, group: Vec<Change>) -> Option<SqliteConnection> {
    if let Err(error) = sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await {
        refuse(group, &error.into());
        return None;
    }
    let mut answers = Vec::with_capacity(group.len());
    for Change { statement, reply } in group {
        // A statement that fails takes back its own changes, not the group's.
        let rows = statement.query().fetch_all(&mut connection).await;
        answers.push((rows.map_err(LedgerError::from), reply));
    }
    let committed = sqlx::query("COMMIT").execute(&mut connection).await.is_ok();
    for (rows, reply) in answers {
        let _ = reply.send(if committed { rows } else { Err(LedgerError::NotKnown) });
    }
    committed.then_some(connection)
}

fn refuse(group: Vec<Change>, error: &LedgerError) {
    for change in group {
        let _ = change.reply.send(Err(error.clone()));
    }
}
