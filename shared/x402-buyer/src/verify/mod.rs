//! Checking a receipt: everything in it is recomputed, and nothing is taken on its word.

mod answer;
mod channel;
mod onchain;
mod payment;
mod proof;

use std::fmt;

use serde::Serialize;

use crate::{Chain, Receipt};

/// What came of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It could not be checked, or does not apply.
    NotChecked,
}

/// One named check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was checked; a stable name.
    pub name: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// Details, for a person.
    pub detail: String,
}

/// Every check of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether nothing failed.
    pub verified: bool,
    /// The checks, in order.
    pub checks: Vec<Check>,
}

/// Checks a receipt, and with a connection also that the payment is on the chain.
pub async fn verify(receipt: &Receipt, chain: Option<&Chain>) -> Report {
    let mut checks = own_checks(receipt);
    checks.push(onchain::check(receipt, chain).await);
    let verified = checks.iter().all(|check| check.outcome != Outcome::Failed);
    Report { verified, checks }
}

/// What the seller signed, or should have: the checks of it, as the answer comes in.
#[must_use]
pub fn proofs(receipt: &Receipt) -> Vec<Check> {
    proof::checks(receipt)
}

/// Everything that the receipt shows by itself.
fn own_checks(receipt: &Receipt) -> Vec<Check> {
    let mut checks = payment::checks(receipt);
    checks.extend(answer::checks(receipt));
    checks.extend(proofs(receipt));
    checks
}

impl Check {
    fn passed(name: &'static str, detail: impl fmt::Display) -> Self {
        Self { name, outcome: Outcome::Passed, detail: detail.to_string() }
    }

    fn failed(name: &'static str, detail: impl fmt::Display) -> Self {
        Self { name, outcome: Outcome::Failed, detail: detail.to_string() }
    }

    fn not_checked(name: &'static str, detail: impl fmt::Display) -> Self {
        Self { name, outcome: Outcome::NotChecked, detail: detail.to_string() }
    }

    /// A check whose two ends say why.
    fn of(name: &'static str, result: Result<impl fmt::Display, impl fmt::Display>) -> Self {
        match result {
            Ok(detail) => Self::passed(name, detail),
            Err(detail) => Self::failed(name, detail),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotChecked => "not checked",
        })
    }
}
