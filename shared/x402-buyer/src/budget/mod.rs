//! What may be spent. Limits are checked when a payment is reserved in the ledger, before it is signed.

mod exceeded;
mod file;

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};
use x402::Usdc;

pub(crate) use exceeded::Counted;
pub use exceeded::{BudgetExceeded, Frees};
pub use file::BudgetFileError;

/// The budget that every payment counts against.
pub const TOTAL: &str = "total";

/// What "per day" means: any 24 hours, so that midnight frees nothing at once.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Limits under one name. A limit that is absent does not limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Budget {
    /// The highest price of one call.
    #[serde(default, with = "file::dollars", skip_serializing_if = "Option::is_none")]
    pub per_call: Option<Usdc>,
    /// The sum in any 24 hours.
    #[serde(default, with = "file::dollars", skip_serializing_if = "Option::is_none")]
    pub per_day: Option<Usdc>,
    /// The sum in any 24 hours at one host.
    #[serde(default, with = "file::dollars", skip_serializing_if = "Option::is_none")]
    pub per_host_day: Option<Usdc>,
    /// The sum in any 24 hours to one payee.
    #[serde(default, with = "file::dollars", skip_serializing_if = "Option::is_none")]
    pub per_payee_day: Option<Usdc>,
}

/// All budgets of a buyer by name, [`TOTAL`] among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Budgets(BTreeMap<String, Budget>);

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// One call.
    Call,
    /// Everything in 24 hours.
    Day,
    /// Everything at the call's host in 24 hours.
    HostDay,
    /// Everything to the call's payee in 24 hours.
    PayeeDay,
}

/// One limit that a payment must fit under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The budget it is of.
    pub budget: String,
    /// What it counts.
    pub scope: Scope,
    /// The most.
    pub most: Usdc,
}

/// No budget has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no budget `{0}`; make it with `buyer budget set {0} --per-day DOLLARS`")]
pub struct UnknownBudget(pub String);

impl Budget {
    fn limits(&self, budget: &str) -> impl Iterator<Item = Limit> {
        let scopes = [
            (Scope::Call, self.per_call),
            (Scope::Day, self.per_day),
            (Scope::HostDay, self.per_host_day),
            (Scope::PayeeDay, self.per_payee_day),
        ];
        let limit = move |(scope, most): (Scope, Option<Usdc>)| {
            most.map(|most| Limit { budget: budget.to_owned(), scope, most })
        };
        scopes.into_iter().filter_map(limit)
    }

    /// With the limits of `other` where it has any, as `budget set` does.
    #[must_use]
    pub fn updated(self, other: Self) -> Self {
        Self {
            per_call: other.per_call.or(self.per_call),
            per_day: other.per_day.or(self.per_day),
            per_host_day: other.per_host_day.or(self.per_host_day),
            per_payee_day: other.per_payee_day.or(self.per_payee_day),
        }
    }
}

impl Budgets {
    /// No limits at all: for a load test, where the wallet's balance is the limit.
    #[must_use]
    pub fn unlimited() -> Self {
        Self(BTreeMap::from([(TOTAL.to_owned(), Budget::default())]))
    }

    /// Sets a budget's limits; those that `budget` leaves out stay as they are.
    pub fn set(&mut self, name: &str, budget: Budget) {
        let current = self.0.remove(name).unwrap_or_default();
        self.0.insert(name.to_owned(), current.updated(budget));
    }

    /// Every budget with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Budget)> {
        self.0.iter().map(|(name, budget)| (name.as_str(), budget))
    }

    /// The limits on a payment under the budget `name`: the total's, and the named one's.
    ///
    /// # Errors
    /// [`UnknownBudget`] when there is none of that name.
    pub fn limits(&self, name: Option<&str>) -> Result<Vec<Limit>, UnknownBudget> {
        let names = [Some(TOTAL), name.filter(|name| *name != TOTAL)];
        let limits = names.into_iter().flatten().map(|name| {
            let budget = self.0.get(name).ok_or_else(|| UnknownBudget(name.to_owned()))?;
            Ok(budget.limits(name))
        });
        Ok(limits.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}

/// A dollar a call and ten dollars a day: enough to try things, and not to be emptied by a mistake.
impl Default for Budgets {
    fn default() -> Self {
        let dollars = |dollars: u64| Usdc::from_atomic(10u64.pow(Usdc::DECIMALS)).checked_mul(dollars);
        let total = Budget { per_call: dollars(1), per_day: dollars(10), ..Budget::default() };
        Self(BTreeMap::from([(TOTAL.to_owned(), total)]))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call => "a call",
            Self::Day => "a day",
            Self::HostDay => "a day at one host",
            Self::PayeeDay => "a day to one payee",
        })
    }
}
