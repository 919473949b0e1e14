use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};
use x402::{Address, Network, Usdc};

use super::{Intent, LedgerError, SpendLedger, State};
use crate::{
    BudgetExceeded, Offer, Request, SignedPayment, UnixMillis,
    budget::{Counted, DAY, Limit, Scope, TOTAL},
};

/// A payment that is about to be signed, as budgets see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// The chain; budgets count each chain apart, since test money is no money.
    pub network: Network,
    /// Host and port of the seller.
    pub host: String,
    /// Who is paid.
    pub payee: Address,
    /// How much.
    pub price: Usdc,
    /// The budget it is for, besides the total one.
    pub budget: Option<String>,
}

/// Room in the budgets, held against every other process until it is used or dropped. Hold it for as long as signing takes.
#[derive(Debug)]
pub struct Reservation {
    transaction: Transaction<'static, Sqlite>,
    spend: Spend,
    now: UnixMillis,
}

/// Why a payment is not reserved, and so not signed.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// A budget has no room.
    #[error(transparent)]
    Budget(#[from] Box<BudgetExceeded>),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<sqlx::Error> for ReserveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Ledger(error.into())
    }
}

impl SpendLedger {
    /// Checks every limit and holds the ledger's write lock, so that nobody else spends the same room meanwhile.
    ///
    /// # Errors
    /// [`ReserveError::Budget`] for the first limit that the payment does not fit under.
    pub async fn reserve(&self, spend: Spend, limits: &[Limit]) -> Result<Reservation, ReserveError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let now = UnixMillis::now();
        for limit in limits {
            let counted = counted(&mut transaction, &spend, limit, now).await?;
            limit.check(spend.price, &counted).map_err(Box::new)?;
        }
        Ok(Reservation { transaction, spend, now })
    }
}

impl Reservation {
    /// When the payment is signed, by the ledger's record.
    #[must_use]
    pub const fn now(&self) -> UnixMillis {
        self.now
    }

    pub(crate) const fn spend(&self) -> &Spend {
        &self.spend
    }

    pub(crate) const fn transaction(&mut self) -> &mut Transaction<'static, Sqlite> {
        &mut self.transaction
    }

    pub(crate) async fn finish(self) -> Result<(), LedgerError> {
        Ok(self.transaction.commit().await?)
    }

    /// Makes the signed payment durable: when this returns it survives a power cut, and only then may it be sent.
    ///
    /// # Errors
    /// [`LedgerError`]; the payment must not be sent.
    pub async fn commit(
        mut self,
        request: Request,
        offer: Offer,
        payment: SignedPayment,
    ) -> Result<Intent, LedgerError> {
        let intent = Intent {
            state: State::Signed,
            signed_at: self.now,
            network: self.spend.network,
            budget: self.spend.budget,
            request,
            offer,
            payment,
            transaction: None,
            receipt: None,
        };
        intent.insert(&mut self.transaction).await?;
        self.transaction.commit().await?;
        Ok(intent)
    }
}

/// What counts against a limit, in the order of signing.
async fn counted(
    transaction: &mut Transaction<'static, Sqlite>,
    spend: &Spend,
    limit: &Limit,
    now: UnixMillis,
) -> Result<Vec<Counted>, LedgerError> {
    if limit.scope == Scope::Call {
        return Ok(Vec::new());
    }
    let select = "SELECT amount, signed_at, state FROM spends \
                  WHERE network = ?1 AND (signed_at > ?2 AND state = 'paid' OR state IN ('signed', 'sent', 'unknown')) \
                  AND (?3 IS NULL OR budget = ?3) AND (?4 IS NULL OR host = ?4) AND (?5 IS NULL OR payee = ?5) \
                  ORDER BY signed_at";
    let rows = sqlx::query(select)
        .bind(spend.network.caip2())
        .bind(now.before(DAY).as_millis())
        .bind((limit.budget != TOTAL).then_some(&limit.budget))
        .bind((limit.scope == Scope::HostDay).then_some(&spend.host))
        .bind((limit.scope == Scope::PayeeDay).then(|| spend.payee.to_string()))
        .fetch_all(&mut **transaction)
        .await?;
    Ok(rows.iter().map(counted_row).collect::<Result<_, _>>()?)
}

fn counted_row(row: &SqliteRow) -> Result<Counted, sqlx::Error> {
    let amount: i64 = row.try_get("amount")?;
    let state: &str = row.try_get("state")?;
    Ok(Counted {
        amount: Usdc::from_atomic(amount.unsigned_abs()),
        signed_at: UnixMillis::from_millis(row.try_get("signed_at")?),
        ages: state == State::Paid.as_str(),
    })
}
