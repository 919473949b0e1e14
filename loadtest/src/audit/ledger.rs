//! What sellers say of payments: `GET /payments/{id}`.

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use x402::Usdc;

use crate::{
    generator::{Goal, http::Http},
    sample::Call,
};

/// How many statuses are asked for at once.
const AT_ONCE: usize = 16;
/// The reason in a 404 of a seller that has the page and not the payment.
const UNKNOWN_PAYMENT: &str = "unknown_payment";

/// A seller's record of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LedgerEntry {
    /// Where the money is.
    pub money: Money,
    /// The price.
    #[serde(default)]
    pub amount: Usdc,
}

/// The states of money in a seller's ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Money {
    /// Never claimed here.
    None,
    /// Shown, and not asked for.
    Open,
    /// On its way.
    Settling,
    /// Nobody knows.
    Unknown,
    /// Taken.
    Settled,
    /// Never to be taken.
    Dead,
    /// Taken, and to be paid back.
    RefundDue,
    /// Taken, and being paid back.
    Refunding,
    /// Taken, and paid back.
    Refunded,
    /// A state that is not known here.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Problem {
    reason: Option<String>,
}

impl Money {
    /// Whether the seller owes it, or gave it back.
    #[must_use]
    pub const fn is_owed(self) -> bool {
        matches!(self, Self::RefundDue | Self::Refunding | Self::Refunded)
    }
}

impl LedgerEntry {
    /// What the seller took by its own account.
    #[must_use]
    pub fn taken(&self) -> Usdc {
        if self.money == Money::Settled || self.money.is_owed() { self.amount } else { Usdc::ZERO }
    }
}

/// Asks every seller about its payments, in the order of the calls. `None` where nothing was signed, or the seller shows none.
pub(super) async fn ask(http: &Http, goals: &[Goal], calls: &[Call]) -> Vec<Option<LedgerEntry>> {
    let entries = stream::iter(calls).map(|call| async move {
        let payment = call.payment?;
        let origin = goals.get(call.target)?.prepared.origin();
        let (status, body) = http.get(&format!("{origin}/payments/{}", payment.id)).await.ok()?;
        read(status.as_u16(), &body)
    });
    entries.buffered(AT_ONCE).collect().await
}

fn read(status: u16, body: &[u8]) -> Option<LedgerEntry> {
    match status {
        200 => serde_json::from_slice(body).ok(),
        404 => {
            let problem: Problem = serde_json::from_slice(body).ok()?;
            let unknown = problem.reason.as_deref() == Some(UNKNOWN_PAYMENT);
            unknown.then_some(LedgerEntry { money: Money::None, amount: Usdc::ZERO })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_not_there_is_no_ledger() {
        assert_eq!(read(404, b"not found"), None);
        assert_eq!(read(404, br#"{"reason":"unknown_payment"}"#).map(|entry| entry.money), Some(Money::None));
    }

    #[test]
    fn what_is_owed_was_taken() {
        let entry =
            read(200, br#"{"money":"refund_due","amount":"1000","work":"failed"}"#).expect("an entry");
        assert_eq!((entry.money.is_owed(), entry.taken()), (true, Usdc::from_atomic(1000)));
        let dead = read(200, br#"{"money":"dead","amount":"1000"}"#).expect("an entry");
        assert_eq!(dead.taken(), Usdc::ZERO);
    }
}
