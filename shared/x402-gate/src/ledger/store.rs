//! The seam between the statements and the two databases.

use sqlx::{AssertSqlSafe, ColumnIndex, Database, Decode, Encode, Row, Type, query::Query};

use super::LedgerError;

/// A database that holds a ledger.
pub(super) trait Store {
    /// What it answers with.
    type Row: Columns;
    /// Its clock, in epoch milliseconds: leases of different machines are compared by one clock.
    const NOW: &'static str;
    /// How a query passes over the rows that somebody else is about to take.
    const SKIP_LOCKED: &'static str;

    /// How a query keeps the rows it reads from changing before its statement ends.
    const LOCKED: &'static str;

    /// Runs one statement in a transaction of its own. What it changed is durable before this returns.
    fn rows(&self, statement: Statement) -> impl Future<Output = Result<Vec<Self::Row>, LedgerError>> + Send;
}

/// SQL with numbered places, which both databases understand, and what goes there.
pub(super) struct Statement {
    sql: String,
    values: Vec<Value>,
    changes: bool,
}

/// What a place can take.
pub(super) enum Value {
    Flag(bool),
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

impl Statement {
    /// A statement that only reads.
    pub(super) fn read(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new(), changes: false }
    }

    /// A statement that writes.
    pub(super) fn change(sql: impl Into<String>) -> Self {
        Self { changes: true, ..Self::read(sql) }
    }

    /// Fills the next place.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(super) fn changes(&self) -> bool {
        self.changes
    }

    /// The statement as a query of either database.
    pub(super) fn query<'q, DB: Database>(self) -> Query<'q, DB, DB::Arguments>
    where
        for<'t> bool: Encode<'t, DB> + Type<DB>,
        for<'t> Option<i64>: Encode<'t, DB> + Type<DB>,
        for<'t> Option<String>: Encode<'t, DB> + Type<DB>,
        for<'t> Option<Vec<u8>>: Encode<'t, DB> + Type<DB>,
    {
        // The text comes from this crate; whatever comes from outside is bound.
        self.values.into_iter().fold(sqlx::query(AssertSqlSafe(self.sql)), |query, value| match value {
            Value::Flag(flag) => query.bind(flag),
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        })
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Some(number).into()
    }
}

impl From<Option<u64>> for Value {
    /// Amounts, chain ids, blocks and seconds all fit: what is larger is stored as the largest and fits no real value.
    fn from(number: Option<u64>) -> Self {
        Self::Number(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Some(bytes).into()
    }
}

impl From<Option<&[u8]>> for Value {
    fn from(bytes: Option<&[u8]>) -> Self {
        Self::Bytes(bytes.map(<[u8]>::to_vec))
    }
}

/// A row of either database.
pub(super) trait Columns {
    fn flag(&self, column: &str) -> Result<bool, LedgerError>;
    fn number(&self, column: &str) -> Result<Option<i64>, LedgerError>;
    fn text(&self, column: &str) -> Result<Option<&str>, LedgerError>;
    fn bytes(&self, column: &str) -> Result<Option<&[u8]>, LedgerError>;
}

impl<R: Row> Columns for R
where
    for<'i> &'i str: ColumnIndex<R>,
    for<'r> bool: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> &'r str: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    fn flag(&self, column: &str) -> Result<bool, LedgerError> {
        Ok(self.try_get(column)?)
    }

    fn number(&self, column: &str) -> Result<Option<i64>, LedgerError> {
        Ok(self.try_get(column)?)
    }

    fn text(&self, column: &str) -> Result<Option<&str>, LedgerError> {
        Ok(self.try_get(column)?)
    }

    fn bytes(&self, column: &str) -> Result<Option<&[u8]>, LedgerError> {
        Ok(self.try_get(column)?)
    }
}
