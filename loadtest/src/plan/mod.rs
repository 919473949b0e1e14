//! What to do to whom, for how long, and what it may cost.

mod args;
mod network;
mod schedule;
mod target;
mod text;
mod threshold;

use std::time::Duration;

use url::Url;
use x402::Usdc;
use x402_buyer::RequestError;

pub use args::PlanArgs;
pub use network::Deployment;
pub use schedule::{Schedule, Stage, StageError};
pub use target::{Flow, Scheme, Target, TargetArgs};
pub use text::Span;
pub(crate) use text::variant;
pub use threshold::{Comparison, Quantity, Threshold, ThresholdError};

/// A checked plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where payments settle.
    pub deployment: Deployment,
    /// JSON-RPC of that network; without it nothing is paid for.
    pub rpc: Option<Url>,
    /// A JSON-RPC endpoint whose pending block is the flashblocks' state.
    pub flashblocks: Option<Url>,
    /// What is asked for, each at its weight.
    pub targets: Vec<Target>,
    /// When calls start.
    pub load: Load,
    /// How many accounts pay, in turn.
    pub buyers: u32,
    /// The most that is signed for in the whole run.
    pub budget: Usdc,
    /// How many calls may be under way; an open loop counts what would come on top as not started.
    pub max_in_flight: usize,
    /// How long a call without a definite answer is sent again.
    pub patience: Duration,
    /// How long the audit waits, after the last call, for payments of unclear outcome.
    pub settle_wait: Duration,
    /// Whether every call asks for its price first.
    pub challenge: ChallengeMode,
    /// How often the chain is asked for its newest block.
    pub block_poll: Duration,
    /// Dollars for an ether, to tell what the gas costs.
    pub eth_usd: Option<f64>,
    /// What makes the run fail.
    pub fail_if: Vec<Threshold>,
}

/// When calls start.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// On a schedule, whatever became of earlier calls: what independent customers do.
    Open(Schedule),
    /// So many customers, each of whom waits for its answer before it asks again.
    Closed {
        /// How many.
        customers: u32,
        /// For how long.
        duration: Duration,
    },
}

/// Whether a call asks for its price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ChallengeMode {
    /// Every call asks, is refused with 402, and pays.
    #[default]
    Every,
    /// The first call of a target asks; the others pay at once by the same offer, until it is refused.
    Once,
}

/// Why a plan cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Nothing to ask for.
    #[error("no target: give --url, or [[target]] in the plan")]
    NoTarget,
    /// Neither a rate nor customers.
    #[error("no load: give one of --rate, --stage and --closed")]
    NoLoad,
    /// Several kinds of load.
    #[error("one of --rate, --stage and --closed, not several")]
    SeveralLoads,
    /// Neither a length nor stages, which have one.
    #[error("no duration: give --duration, such as 2m")]
    NoDuration,
    /// Something is zero that must not be.
    #[error("`{0}` must be more than nothing")]
    Zero(&'static str),
    /// A paid call needs the chain, for the audit.
    #[error("paid calls need the chain: give --rpc, the JSON-RPC endpoint of {0}")]
    NoRpc(Deployment),
    /// Nobody said how much may be spent.
    #[error("paid calls need a limit: give --budget, in dollars")]
    NoBudget,
    /// A target's request.
    #[error("target {url}: {source}")]
    Request {
        /// Where it was to go.
        url: String,
        /// What is wrong with it.
        source: RequestError,
    },
    /// The file is not TOML of this form.
    #[error("{0}")]
    File(#[from] toml::de::Error),
}

impl Plan {
    /// Whether anything is paid for.
    #[must_use]
    pub fn pays(&self) -> bool {
        self.targets.iter().any(|target| target.scheme != Scheme::None)
    }

    /// From the first intended start to the end of the schedule.
    #[must_use]
    pub fn duration(&self) -> Duration {
        match &self.load {
            Load::Open(schedule) => schedule.duration(),
            Load::Closed { duration, .. } => *duration,
        }
    }

    /// How many calls are to start, where that is known beforehand.
    #[must_use]
    pub fn calls(&self) -> Option<u64> {
        match &self.load {
            Load::Open(schedule) => Some(schedule.calls()),
            Load::Closed { .. } => None,
        }
    }
}
