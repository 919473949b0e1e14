//! What a run will cost, and whether the money is there, before anything is bought.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::{Instant, timeout};
use x402::{Address, Usdc};
use x402_buyer::{Offer, Wallet};

use crate::{
    chain::{Node, NodeError},
    generator::{Caller, SigningPool, http::Http},
    plan::{Load, Plan, Scheme},
    sample::Answer,
    wallets::total,
};

/// Gas of a settlement alone in its transaction, with Circle's USDC.
pub(crate) const SETTLEMENT_GAS: u64 = 86_000;
/// How long a seller may take to say its price.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a run will cost at most.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// Target by target: name, price of a call (nothing where it is not paid), number of calls.
    pub targets: Vec<Priced>,
    /// How many calls start; for a closed loop, as many as the budget pays.
    pub calls: u64,
    /// How many accounts pay for them.
    pub buyers: u64,
    /// What they cost at most.
    pub cost: Usdc,
    /// The plan's limit.
    pub budget: Usdc,
    /// What each buyer must hold.
    pub each: Usdc,
    /// Buyers who hold less, with what they hold.
    pub short: Vec<(Address, Usdc)>,
    /// What the sellers' signers pay for gas at most, in wei: every settlement alone, at the price of now.
    pub gas_wei: u128,
}

/// A target and its price.
#[derive(Clone, Debug)]
pub struct Priced {
    /// The target's name.
    pub name: String,
    /// What a call costs.
    pub price: Usdc,
    /// The offer; none where it is not paid.
    pub offer: Option<Arc<Offer>>,
    /// How many calls it gets at most.
    pub calls: u64,
}

/// Why a run does not start.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// A seller does not say its price.
    #[error("{target} makes no offer that can be paid: {reason}")]
    NoOffer {
        /// Which.
        target: String,
        /// Why.
        reason: String,
    },
    /// The plan costs more than it may.
    #[error("the run costs up to {cost} and the budget is {budget}: fewer calls, or a larger --budget")]
    Budget {
        /// What it costs.
        cost: Usdc,
        /// The limit.
        budget: Usdc,
    },
    /// Buyers hold too little.
    #[error(
        "{short} of {buyers} buyers hold less than the {each} that each may have to pay: run `loadtest wallets fund`"
    )]
    Short {
        /// How many.
        short: usize,
        /// Of how many.
        buyers: usize,
        /// What each should hold.
        each: Usdc,
    },
    /// A signer cannot pay for the gas.
    #[error("signer {signer} holds {held} wei and settling takes up to {needed}: send it ether")]
    Gas {
        /// Which.
        signer: Address,
        /// What it holds.
        held: String,
        /// What is needed.
        needed: u128,
    },
    /// The chain.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The HTTP client or the signing threads cannot be made.
    #[error("the generator cannot start: {0}")]
    Generator(String),
}

impl Estimate {
    /// Asks every target its price, and the chain what the buyers hold.
    ///
    /// # Errors
    /// [`PreflightError`] where a seller makes no offer, or the chain does not answer.
    pub async fn of(plan: &Plan, node: Option<&Node>, buyers: &[Wallet]) -> Result<Self, PreflightError> {
        let priced = prices(plan).await?;
        let weights: u64 = plan.targets.iter().map(|target| u64::from(target.weight)).sum();
        let cheapest = priced.iter().map(|target| target.0.atomic()).filter(|price| *price > 0).min();
        let calls = match (&plan.load, cheapest) {
            (Load::Open(schedule), _) => schedule.calls(),
            (Load::Closed { .. }, Some(price)) => plan.budget.atomic() / price,
            (Load::Closed { .. }, None) => 0,
        };
        let targets = plan.targets.iter().zip(priced).map(|(target, (price, offer))| Priced {
            name: target.name.clone(),
            price,
            offer,
            calls: (calls * u64::from(target.weight)).div_ceil(weights),
        });
        let targets: Vec<Priced> = targets.collect();
        let cost = match plan.load {
            Load::Open(_) => {
                total(targets.iter().filter_map(|target| target.price.checked_mul(target.calls)))
            }
            Load::Closed { .. } => plan.budget,
        };
        let (budget, payers) = (plan.budget, u64::from(plan.buyers));
        let mut estimate = Self {
            targets,
            calls,
            buyers: payers,
            cost,
            budget,
            each: Usdc::ZERO,
            short: Vec::new(),
            gas_wei: 0,
        };
        estimate.each = estimate.needed(plan);
        if let Some(node) = node.filter(|_| plan.pays()) {
            estimate.look(node, buyers).await?;
        }
        Ok(estimate)
    }

    /// What a buyer can come to spend at a target, whose calls the buyers make in turn.
    pub(crate) fn share(&self, target: &Priced) -> Usdc {
        target.price.checked_mul(target.calls.div_ceil(self.buyers)).unwrap_or(Usdc::from_atomic(u64::MAX))
    }

    /// What a buyer must hold: what is in a channel pays for nothing else.
    fn needed(&self, plan: &Plan) -> Usdc {
        let of = |scheme| {
            let targets = plan.targets.iter().zip(&self.targets);
            total(targets.filter(|(target, _)| target.scheme == scheme).map(|(_, priced)| self.share(priced)))
        };
        total([of(Scheme::Exact).min(self.cost), of(Scheme::BatchSettlement)])
    }

    async fn look(&mut self, node: &Node, buyers: &[Wallet]) -> Result<(), NodeError> {
        let addresses: Vec<Address> = buyers.iter().map(Wallet::address).collect();
        let held = node.balances(&addresses, node.head().await?).await?;
        self.short = addresses.into_iter().zip(held).filter(|(_, held)| *held < self.each).collect();
        let paid: u64 =
            self.targets.iter().filter(|target| target.price > Usdc::ZERO).map(|target| target.calls).sum();
        self.gas_wei = node.gas_price().await?.saturating_mul(u128::from(paid) * u128::from(SETTLEMENT_GAS));
        Ok(())
    }

    /// Whether the run may start.
    ///
    /// # Errors
    /// [`PreflightError::Budget`] or [`PreflightError::Short`].
    pub fn check(&self, buyers: usize) -> Result<(), PreflightError> {
        if self.cost > self.budget {
            return Err(PreflightError::Budget { cost: self.cost, budget: self.budget });
        }
        match self.short.len() {
            0 => Ok(()),
            short => Err(PreflightError::Short { short, buyers, each: self.each }),
        }
    }

    /// Whether the accounts that settle can pay for the gas.
    ///
    /// # Errors
    /// [`PreflightError::Gas`] naming the one that cannot.
    pub async fn check_signers(&self, node: &Node, signers: &[Address]) -> Result<(), PreflightError> {
        for &signer in signers {
            let held = node.ether(signer).await?;
            let needed = self.gas_wei / signers.len() as u128;
            if held < alloy::primitives::U256::from(needed) {
                return Err(PreflightError::Gas { signer, held: held.to_string(), needed });
            }
        }
        Ok(())
    }
}

/// The price and the offer of each target.
async fn prices(plan: &Plan) -> Result<Vec<(Usdc, Option<Arc<Offer>>)>, PreflightError> {
    let failed = |error: &dyn fmt::Display| PreflightError::Generator(error.to_string());
    let http = Http::new().map_err(|error| failed(&error))?;
    let pool = SigningPool::new(plan.deployment.network()).map_err(|error| failed(&error))?;
    let caller = Caller::new(plan, Vec::new(), http, pool, Instant::now());
    let mut prices = Vec::new();
    for (target, goal) in plan.targets.iter().zip(&caller.goals) {
        if target.scheme == Scheme::None {
            prices.push((Usdc::ZERO, None));
            continue;
        }
        let refused = |reason: String| PreflightError::NoOffer { target: target.name.clone(), reason };
        let offer = timeout(PATIENCE, caller.ask(goal)).await.map_err(|_| refused("no answer".to_owned()))?;
        let offer = offer.map_err(|answer| match answer {
            Answer::Refused(reason) | Answer::Unclear(reason) => refused(reason),
            Answer::Served => refused("no offer".to_owned()),
        })?;
        prices.push((offer.requirements.amount, Some(offer)));
    }
    Ok(prices)
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Priced { name, price, calls, .. } in &self.targets {
            writeln!(f, "{name:<48} {calls:>9} calls  {price} each")?;
        }
        writeln!(
            f,
            "{:<48} {:>9} calls  {} at most, of a budget of {}",
            "in all", self.calls, self.cost, self.budget
        )?;
        writeln!(f, "each buyer needs {}; {} hold less", self.each, self.short.len())?;
        #[expect(clippy::cast_precision_loss, reason = "shown to a few digits")]
        let ether = self.gas_wei as f64 / 1e18;
        write!(f, "the sellers' signers pay up to {ether:.6} ETH for gas, each settlement alone")
    }
}
