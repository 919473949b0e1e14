use bytes::Bytes;
use reqwest::{StatusCode, header::HeaderMap};
use x402::{PaymentId, SettlementResponse, Usdc};

use super::exchange::ExchangeError;
use crate::{BudgetExceeded, ChallengeError, LedgerError, NoOffer, ReserveError, SignError, UnknownBudget};

/// Why a call has no answer. [`SendError::payment_id`] says whether money is involved.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No answer to the unpaid request.
    #[error("the seller is unreachable, nothing was paid: {0}")]
    Unreachable(#[source] ExchangeError),
    /// The unpaid request was redirected. A payment never follows a redirect.
    #[error("redirected to {location}, nothing was paid: ask there if you trust it")]
    Redirected {
        /// Where to.
        location: String,
    },
    /// The 402 cannot be understood.
    #[error("{0}; nothing was paid")]
    Challenge(#[from] ChallengeError),
    /// No offer fits the policy.
    #[error("{0}; nothing was paid")]
    NoOffer(#[from] NoOffer),
    /// No such budget.
    #[error(transparent)]
    UnknownBudget(#[from] UnknownBudget),
    /// A budget has no room.
    #[error("{0}; nothing was signed")]
    Budget(Box<BudgetExceeded>),
    /// The payment could not be signed.
    #[error("the payment was not signed: {0}")]
    Sign(#[from] SignError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The seller refused the payment, or failed at its work.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// Nobody knows yet.
    #[error(transparent)]
    Unresolved(#[from] Box<Unresolved>),
    /// The ledger has no such payment.
    #[error("there is no payment {0} in the ledger")]
    NoSuchPayment(PaymentId),
    /// The payment can never move money any more, and bought nothing.
    #[error("payment {0} is dead: it expired unused, and nothing was bought; call again to pay anew")]
    Dead(PaymentId),
}

/// A payment that was sent and got no answer that it pays for. Unless `paid`, the amount stays reserved until the chain says that the
/// authorization is dead.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.text())]
pub struct Refused {
    /// The payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Usdc,
    /// The answer's status.
    pub status: StatusCode,
    /// Why, as far as the seller said.
    pub reason: Option<String>,
    /// What the seller said of the settlement.
    pub settlement: Option<SettlementResponse>,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The answer's body.
    pub body: Bytes,
}

/// A payment that was sent, with an outcome that is open. It stays reserved, and the same payment can be sent again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "payment {payment_id} of {amount} is unresolved after {attempts} attempts ({last}); it stays reserved and was not paid \
     twice: run `buyer resume {payment_id}`"
)]
pub struct Unresolved {
    /// The payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Usdc,
    /// How often it was sent this time.
    pub attempts: u32,
    /// What was heard last.
    pub last: String,
}

impl SendError {
    /// The payment that was sent, if one was. Without one the call cost nothing and can cost nothing later.
    #[must_use]
    pub fn payment_id(&self) -> Option<PaymentId> {
        match self {
            Self::Refused(refused) => Some(refused.payment_id),
            Self::Unresolved(unresolved) => Some(unresolved.payment_id),
            _ => None,
        }
    }
}

impl Refused {
    /// Whether the seller says that the money moved all the same.
    #[must_use]
    pub fn paid(&self) -> bool {
        self.settlement.as_ref().is_some_and(|settlement| settlement.success)
    }

    fn text(&self) -> String {
        let Self { payment_id, amount, status, .. } = self;
        let reason = self.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let money = match self.paid() {
            true => format!("{amount} was paid"),
            false => format!("{amount} stays reserved until the chain says that it cannot move"),
        };
        format!("the seller answered {status}{reason} to payment {payment_id}; {money}")
    }
}

impl From<ReserveError> for SendError {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::Budget(exceeded) => Self::Budget(exceeded),
            ReserveError::Ledger(error) => Self::Ledger(error),
        }
    }
}
