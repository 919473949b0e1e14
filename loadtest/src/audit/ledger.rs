//! What sellers say of payments: `GET /payments/{id}`.

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use x402::{Network, PaymentId, PaymentStatus, ReceiptKey, Refunds, Signed, Usdc, may_sign};

use crate::{
    generator::{Goal, http::Http},
    sample::{Call, Payment},
};

/// How many statuses are asked for at once.
const AT_ONCE: usize = 16;
/// The reason in a 404 of a seller that has the page and not the payment.
const UNKNOWN_PAYMENT: &str = "unknown_payment";

/// A seller's record of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// Where the money is.
    pub money: Money,
    /// The price.
    #[serde(default)]
    pub amount: Usdc,
    /// What it gives back, where it does.
    pub refunds: Option<Refunds>,
    /// What it signs of this.
    pub signed_status: Option<Signed<PaymentStatus>>,
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
    fn is_stated(&self, id: PaymentId, stated: &PaymentStatus) -> bool {
        let money = serde_json::from_value(stated.money.clone().into());
        stated.payment_id == id && money.is_ok_and(|money: Money| money == self.money)
    }

    /// What the seller took by its own account.
    #[must_use]
    pub fn taken(&self) -> Usdc {
        if self.money == Money::Settled || self.money.is_owed() { self.amount } else { Usdc::ZERO }
    }
}

/// Who may sign for a seller: the payee, and whom the payee named in the offer, before anything was paid.
#[derive(Clone, Debug)]
pub(crate) struct Signers {
    pub(crate) network: Network,
    /// The seller's public origin.
    pub(crate) origin: String,
    /// The statement that names a key; none from a seller that signs nothing.
    pub(crate) key: Option<Signed<ReceiptKey>>,
}

impl Signers {
    /// Whether a seller answers for what it shows of a payment. One that names no key need not sign; what somebody else
    /// signed proves nothing in any case. Of a payment that it never claimed there is nothing to sign.
    fn answer_for(&self, payment: &Payment, entry: &LedgerEntry) -> bool {
        let Some(signed) = &entry.signed_status else {
            return self.key.is_none() || entry.money == Money::None;
        };
        let (payee, at) = (payment.authorization.to, signed.payload.issued_at);
        let named = |by| may_sign(by, self.key.as_ref(), self.network, payee, &self.origin, at).is_ok();
        signed.signer(self.network).is_ok_and(named)
    }
}

/// Takes out what nobody answers for who may sign for the seller, and tells how much that is.
pub(super) fn take_unproven(signers: &[Signers], calls: &[Call], entries: &mut [Option<LedgerEntry>]) -> u64 {
    let mut unproven = 0;
    for (call, entry) in calls.iter().zip(entries) {
        let (Some(payment), Some(signers)) = (&call.payment, signers.get(call.target)) else { continue };
        unproven += u64::from(entry.take_if(|entry| !signers.answer_for(payment, entry)).is_some());
    }
    unproven
}

/// How many signed statuses are of another payment, or of another state than the answer around them.
pub(super) fn contradictions(calls: &[Call], entries: &[Option<LedgerEntry>]) -> usize {
    let contradicts = |(call, entry): &(&Call, &Option<LedgerEntry>)| {
        let (Some(payment), Some(entry)) = (call.payment, entry) else { return false };
        let signed = entry.signed_status.as_ref();
        signed.is_some_and(|signed| !entry.is_stated(payment.id, &signed.payload))
    };
    calls.iter().zip(entries).filter(contradicts).count()
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
            unknown.then_some(LedgerEntry {
                money: Money::None,
                amount: Usdc::ZERO,
                refunds: None,
                signed_status: None,
            })
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
