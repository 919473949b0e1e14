use std::fmt;

use x402::{Address, PaymentNonce};

use super::{
    Settled,
    ledger::{LedgerEntry, Money},
    refunds::Returns,
};
use crate::{
    chain::Settlement,
    sample::{Answer, Call, Claimed, Payment},
};

/// What became of a call that was signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Answered, and paid exactly once, exactly what was signed.
    ServedPaid,
    /// Not answered, and not paid.
    Refused,
    /// Paid, not answered, and paid back.
    Refunded,
    /// Answered, and not paid.
    ServedUnpaid,
    /// Paid, and not answered.
    PaidUnserved,
    /// Paid more than once, or another amount, or to another payee.
    DoublePaid,
    /// Nobody knows yet.
    Pending,
}

/// A call's class, and the transfers that it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The class.
    pub class: Class,
    /// What the chain shows for this payer and nonce.
    pub settlements: Vec<Settlement>,
}

impl Class {
    /// All, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::ServedPaid,
        Self::Refused,
        Self::Refunded,
        Self::ServedUnpaid,
        Self::PaidUnserved,
        Self::DoublePaid,
        Self::Pending,
    ];
    /// Those that fail a run.
    pub const LEAKS: [Self; 4] = [Self::ServedUnpaid, Self::PaidUnserved, Self::DoublePaid, Self::Pending];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServedPaid => "served_paid",
            Self::Refused => "refused",
            Self::Refunded => "refunded",
            Self::ServedUnpaid => "served_unpaid",
            Self::PaidUnserved => "paid_unserved",
            Self::DoublePaid => "double_paid",
            Self::Pending => "pending",
        }
    }

    /// What it means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::ServedPaid => "answered, and paid once",
            Self::Refused => "neither answered nor paid",
            Self::Refunded => "paid, not answered, and the chain shows that it came back",
            Self::ServedUnpaid => "answered, and the chain shows no payment",
            Self::PaidUnserved => "the chain shows the payment, and no answer came",
            Self::DoublePaid => "paid more than once, or not what was signed",
            Self::Pending => "not clear when the wait was over",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Judges one call. `None` where nothing was signed. What an answer from a channel cost is claimed with that of other calls:
/// the books of the channel tell whether it was.
pub(super) fn judge(
    call: &Call,
    settled: &Settled,
    ledger: Option<&LedgerEntry>,
    returns: &mut Returns,
) -> Option<Judged> {
    if call.drawn.is_some() {
        return Some(Judged { class: Class::ServedPaid, settlements: Vec::new() });
    }
    let payment = call.payment?;
    let key: (Address, PaymentNonce) = (payment.authorization.from, payment.authorization.nonce);
    let settlements = settled.get(&key).cloned().unwrap_or_default();
    // Of a payment that was answered, a part may come back.
    let returned = ledger.is_some_and(|entry| returns.shows(entry));
    let class = match (call.is_served(), &settlements[..]) {
        (true, [one]) if fits(one, &payment) => Class::ServedPaid,
        (false, [one]) if fits(one, &payment) => unserved(ledger, returned),
        (true, []) if payment.claimed == Claimed::Pending => Class::Pending,
        (true, []) => Class::ServedUnpaid,
        (false, []) if may_still_settle(call, &payment, ledger) => Class::Pending,
        (false, []) => Class::Refused,
        (_, _) => Class::DoublePaid,
    };
    Some(Judged { class, settlements })
}

fn fits(settlement: &Settlement, payment: &Payment) -> bool {
    let (debit, signed) = (&settlement.debit, &payment.authorization);
    debit.to == signed.to && debit.value == signed.value
}

fn unserved(ledger: Option<&LedgerEntry>, returned: bool) -> Class {
    match ledger.map(|entry| entry.money) {
        _ if returned => Class::Refunded,
        Some(money) if money.is_owed() => Class::Pending,
        _ => Class::PaidUnserved,
    }
}

/// Whether a payment that the chain does not show may be on its way. The seller's own ledger knows best; a seller without
/// one has had its chance once it refused.
fn may_still_settle(call: &Call, payment: &Payment, ledger: Option<&LedgerEntry>) -> bool {
    match ledger.map(|entry| &entry.money) {
        Some(Money::Settled | Money::Settling | Money::Unknown) => true,
        Some(_) => false,
        None => payment.claimed == Claimed::Pending || matches!(call.answer, Answer::Unclear(_)),
    }
}
