//! What a payment can be, and what may follow what. Two columns: where the money is, and where the work is.

use serde::Serialize;
use x402::PaymentId;

use crate::Flow;

/// Where the money of a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Money {
    /// Authorized and not asked for yet.
    Open,
    /// Being settled, or waiting to be tried again.
    Settling,
    /// Moved, proven by the chain's logs.
    Settled,
    /// Something was sent and nobody knows yet what became of it.
    Unknown,
    /// This authorization can never pay for this sale.
    Dead,
    /// Moved, and owed back because the work failed.
    RefundDue,
    /// The refund was sent and is not final.
    Refunding,
    /// Given back.
    Refunded,
}

/// Where the work of a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Not begun.
    None,
    /// A handler runs, or ran when the process ended.
    Running,
    /// An answer is committed. There is never another.
    Served,
    /// The handler failed, panicked or ran out of time.
    Failed,
}

/// How often the work of one payment may begin. A run that ends with the process counts.
pub const MAX_RUNS: u32 = 3;

impl Money {
    /// Every value, as the ledger stores it.
    pub const ALL: [Self; 8] = [
        Self::Open,
        Self::Settling,
        Self::Settled,
        Self::Unknown,
        Self::Dead,
        Self::RefundDue,
        Self::Refunding,
        Self::Refunded,
    ];

    /// The word in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settling => "settling",
            Self::Settled => "settled",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
            Self::RefundDue => "refund_due",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
        }
    }

    /// Whether the money may go from here to `next`. Staying is allowed: a new attempt changes no state.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use Money::{Dead, Open, RefundDue, Refunded, Refunding, Settled, Settling, Unknown};
        self == next
            || matches!(
                (self, next),
                (Open, Settling)
                    | (Settling, Settled | Unknown)
                    | (Unknown, Settling | Settled)
                    | (Open | Settling | Unknown, Dead)
                    | (Settled, Settling | RefundDue)
                    | (RefundDue, Refunding)
                    | (Refunding, Refunded)
            )
    }
}

impl Work {
    /// Every value, as the ledger stores it.
    pub const ALL: [Self; 4] = [Self::None, Self::Running, Self::Served, Self::Failed];

    /// The word in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Running => "running",
            Self::Served => "served",
            Self::Failed => "failed",
        }
    }

    /// Whether the work may go from here to `next`. `Served` is for ever.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use Work::{Failed, None, Running, Served};
        self == next || matches!((self, next), (None | Failed, Running) | (Running, Served | Failed))
    }
}

/// A move of one payment, told just before and just after it is durable. Whoever wants to see every state a payment goes
/// through, or to end the process there, listens for this.
pub(crate) struct Told {
    id: PaymentId,
    step: String,
}

/// Tells that a move is about to be written.
pub(crate) fn tell(id: PaymentId, from: (Money, Work), to: (Money, Work)) -> Told {
    let state = |(money, work): (Money, Work)| format!("{}/{}", money.as_str(), work.as_str());
    tell_step(id, format!("{} {}", state(from), state(to)))
}

/// The same of a step that leaves the payment where it is.
pub(crate) fn tell_step(id: PaymentId, step: String) -> Told {
    tracing::debug!(payment = %id, when = "before", step = step.as_str(), "move");
    Told { id, step }
}

impl Told {
    /// Tells that it is durable.
    pub(crate) fn done(self) {
        tracing::debug!(payment = %self.id, when = "after", step = self.step.as_str(), "move");
    }
}

/// What is to be done next for a payment that nobody is working on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Run the handler.
    Run,
    /// Ask for the money.
    Settle,
    /// Ask the chain what became of the money.
    Ask,
    /// Record that what was paid is owed back.
    Owe,
    /// Answer the buyer with what is known. Nothing is left to do in this call.
    Answer,
}

/// The next step of a payment, from its state alone: the same for a first use, a retry and a restart.
pub(crate) const fn next_step(flow: Flow, money: Money, work: Work) -> Step {
    match (flow, money, work) {
        (Flow::Authorize, Money::Open, Work::None | Work::Running)
        | (Flow::Upfront, Money::Settled, Work::None | Work::Running) => Step::Run,
        (Flow::Authorize, Money::Settling, Work::Served)
        | (Flow::Upfront, Money::Open | Money::Settling, _) => Step::Settle,
        // Settling without an answer: somebody charged for work that had failed.
        (_, Money::Unknown, _) | (Flow::Authorize, Money::Settling, _) => Step::Ask,
        (_, Money::Settled, Work::Failed) | (Flow::Authorize, Money::Settled, Work::None | Work::Running) => {
            Step::Owe
        }
        (_, Money::Open | Money::Settled, _)
        | (_, Money::Dead | Money::RefundDue | Money::Refunding | Money::Refunded, _) => Step::Answer,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    proptest! {
        /// Whatever happens, in whatever order: a handler is not asked to run once an answer is committed or a refund
        /// is owed, and money is not asked for before the work where the flow promises that.
        #[test]
        fn steps_respect_the_promises(
            flow in select(vec![Flow::Authorize, Flow::Upfront]),
            money in select(&Money::ALL), work in select(&Work::ALL),
        ) {
            let step = next_step(flow, money, work);
            if work == Work::Served || matches!(money, Money::RefundDue | Money::Refunding | Money::Refunded | Money::Dead) {
                prop_assert_ne!(step, Step::Run);
            }
            if step == Step::Settle && flow == Flow::Authorize {
                prop_assert_eq!(work, Work::Served);
            }
            if step == Step::Run && flow == Flow::Upfront {
                prop_assert_eq!(money, Money::Settled);
            }
            if step == Step::Answer && money == Money::Settled {
                prop_assert_eq!(work, Work::Served, "what was paid is served or owed back");
            }
            if step == Step::Answer {
                prop_assert!(!matches!(money, Money::Settling | Money::Unknown), "nothing in flight is left alone");
            }
        }

        /// No walk over the allowed pairs leaves `served`, or comes back from a final state of the money.
        #[test]
        fn final_states_stay_final(walk in proptest::collection::vec((select(&Money::ALL), select(&Work::ALL)), 1..40)) {
            let (mut money, mut work) = (Money::Open, Work::None);
            for (next_money, next_work) in walk {
                let (before_money, before_work) = (money, work);
                if money.may_become(next_money) { money = next_money; }
                if work.may_become(next_work) { work = next_work; }
                prop_assert!(before_work != Work::Served || work == Work::Served);
                prop_assert!(before_money != Money::Dead || money == Money::Dead);
                prop_assert!(before_money != Money::Refunded || money == Money::Refunded);
            }
        }
    }
}
