use std::{fmt, time::Duration};

use serde::Serialize;
use x402::Usdc;

use super::{Limit, Scope};
use crate::UnixMillis;

/// A payment that a budget refuses. Nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BudgetExceeded {
    /// The budget.
    pub budget: String,
    /// What its limit counts.
    pub scope: Scope,
    /// The most.
    pub limit: Usdc,
    /// What counts against it now: paid in the last 24 hours, or reserved and not known to be dead.
    pub spent: Usdc,
    /// What this call costs.
    pub price: Usdc,
    /// When the call would fit.
    pub frees: Frees,
}

/// When a budget has room again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "when", content = "at")]
pub enum Frees {
    /// Never: the price alone is above the limit.
    Never,
    /// At this time, in milliseconds since the Unix epoch.
    At(UnixMillis),
    /// Once payments whose outcome is unknown are resolved.
    WhenResolved,
}

/// What counts against a limit, one payment.
pub(crate) struct Counted {
    pub(crate) amount: Usdc,
    pub(crate) signed_at: UnixMillis,
    /// Whether it stops counting a day after it was signed; a reservation does not.
    pub(crate) ages: bool,
}

impl Limit {
    /// Checks that a call at `price` fits besides what counts already. `counted` is in the order of signing.
    pub(crate) fn check(&self, price: Usdc, counted: &[Counted]) -> Result<(), BudgetExceeded> {
        let sum =
            |spent: Usdc, one: &Counted| spent.checked_add(one.amount).unwrap_or(Usdc::from_atomic(u64::MAX));
        let spent = counted.iter().fold(Usdc::ZERO, sum);
        if spent.checked_add(price).is_some_and(|after| after <= self.most) {
            return Ok(());
        }
        Err(BudgetExceeded {
            budget: self.budget.clone(),
            scope: self.scope,
            limit: self.most,
            spent,
            price,
            frees: self.frees(price, spent, counted),
        })
    }

    /// Lets payments age one by one until the price fits.
    fn frees(&self, price: Usdc, mut spent: Usdc, counted: &[Counted]) -> Frees {
        let Some(room) = self.most.checked_sub(price) else {
            return Frees::Never;
        };
        for one in counted.iter().filter(|one| one.ages) {
            spent = spent.checked_sub(one.amount).unwrap_or_default();
            if spent <= room {
                return Frees::At(one.signed_at.after(super::DAY));
            }
        }
        Frees::WhenResolved
    }
}

impl std::error::Error for BudgetExceeded {}

impl fmt::Display for BudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { budget, scope, limit, spent, price, frees } = self;
        write!(f, "budget `{budget}` allows {limit} {scope}; ")?;
        if *scope != Scope::Call {
            write!(f, "{spent} is spent or reserved, and ")?;
        }
        write!(f, "this call costs {price}; {frees}")
    }
}

impl fmt::Display for Frees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("it never fits"),
            Self::At(time) => {
                let wait = time.as_millis().saturating_sub(UnixMillis::now().as_millis());
                let wait = Duration::from_secs(wait.max(0).unsigned_abs().div_ceil(1000));
                write!(f, "it fits at {time}, in {}", humantime::format_duration(wait))
            }
            Self::WhenResolved => {
                f.write_str("it fits once payments of unknown outcome are resolved: `buyer resume --all`")
            }
        }
    }
}
