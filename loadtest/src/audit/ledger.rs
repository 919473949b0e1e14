//! What sellers say of payments: `GET /payments/{id}`.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use x402::{Address, Network, PaymentId, PaymentStatus, Refunds, Signed, Usdc};

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

/// What is wrong with the statements that sellers sign: another payment, another state than the answer around it, or
/// several signers of one seller.
pub(super) fn statements(network: Network, calls: &[Call], entries: &[Option<LedgerEntry>]) -> Vec<String> {
    let mut signers: BTreeMap<usize, BTreeSet<Option<Address>>> = BTreeMap::new();
    let mut wrong = 0;
    for (call, entry) in calls.iter().zip(entries) {
        let (Some(payment), Some(entry)) = (call.payment, entry) else { continue };
        let Some(signed) = &entry.signed_status else { continue };
        wrong += u32::from(!entry.is_stated(payment.id, &signed.payload));
        signers.entry(call.target).or_default().insert(signed.signer(network).ok());
    }
    let mut findings = Vec::new();
    if wrong > 0 {
        findings.push(format!("{wrong} signed statuses say another thing than the answers they came in"));
    }
    if signers.values().any(|signers| signers.len() > 1 || signers.contains(&None)) {
        findings.push("the signed statuses of one seller are not by one signer".to_owned());
    }
    findings
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
