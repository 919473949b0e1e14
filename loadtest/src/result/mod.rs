//! What a run found, as JSON with a published schema (`loadtest schema`), from which reports, merges and comparisons are made.

mod build;
mod compare;
mod histogram;
mod merge;
mod thresholds;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use x402::{Address, Usdc};

use crate::wallets::total;

pub(crate) use build::Raw;
pub use compare::{Comparison, Difference, Figure, compare};
pub use histogram::{HistogramError, Latencies};
pub use merge::{MergeError, merge};

/// The form of the JSON; raised when a field changes its meaning.
pub const SCHEMA: &str = "x402-loadtest/1";

/// A run, or several that were merged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    /// [`SCHEMA`].
    pub schema: String,
    /// Whether it passed, and why not.
    pub verdict: Verdict,
    /// Where the figures come from.
    pub provenance: Provenance,
    /// How much was asked for and answered.
    pub load: LoadSummary,
    /// What calls that were not served ended with, and how many did.
    pub unserved: BTreeMap<String, u64>,
    /// Times of served calls, by measure.
    pub measures: BTreeMap<String, Summary>,
    /// Whether the parts make up the whole.
    pub additivity: Additivity,
    /// Each target by itself.
    pub targets: Vec<TargetSummary>,
    /// The audit of the money, where anything was paid for.
    pub money: Option<MoneySummary>,
    /// The gas of the settlements, where anything was paid for.
    pub cost: Option<CostSummary>,
    /// When blocks were seen, in seconds since the beginning.
    pub blocks: Vec<BlockSeen>,
    /// The generator's own part in the figures.
    pub generator: GeneratorSummary,
    /// The plan's conditions.
    pub thresholds: Vec<ThresholdResult>,
    /// Single calls, thinned out to at most a few thousand.
    pub points: Vec<Point>,
    /// The histograms behind the measures, by stretch of time.
    pub intervals: Intervals,
}

/// Whether a run passed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Nothing failed.
    pub passed: bool,
    /// Money that is not where it belongs, or not known to be.
    pub leaks: Vec<String>,
    /// Conditions of the plan that failed.
    pub thresholds: Vec<String>,
}

/// Where figures come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// This program's version.
    pub version: String,
    /// The commit it was built from, where the working directory tells.
    pub commit: Option<String>,
    /// SHA-256 of the plan as it was understood.
    pub plan_hash: String,
    /// The network.
    pub network: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// The machines that made the calls.
    pub hosts: Vec<Host>,
}

/// A machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Operating system and architecture.
    pub system: String,
    /// Processors that this process may use.
    pub processors: usize,
    /// The load average of the last minute, before and after.
    pub load: [f64; 2],
}

/// How much was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadSummary {
    /// In words.
    pub plan: String,
    /// From the first intended start to the end of the schedule, in seconds.
    pub duration_s: f64,
    /// From the beginning to the last answer, in seconds.
    pub elapsed_s: f64,
    /// Calls that the schedule wanted.
    pub intended: u64,
    /// Calls that started.
    pub started: u64,
    /// Calls that did not, because too many were under way.
    pub not_started_in_flight: u64,
    /// Calls that did not, because the run was interrupted.
    pub not_started_interrupted: u64,
    /// Calls that got what they asked for.
    pub served: u64,
    /// Of those, how many a second within the schedule's duration.
    pub served_per_s: f64,
    /// Payments that were sent again.
    pub sent_again: u64,
}

/// The distribution of a measure over the served calls, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// How many calls have it.
    pub count: u64,
    /// Their sum.
    pub sum_s: f64,
    /// The smallest.
    pub min_s: f64,
    /// The mean.
    pub mean_s: f64,
    /// Percentiles.
    pub p50_s: f64,
    /// 75%.
    pub p75_s: f64,
    /// 90%.
    pub p90_s: f64,
    /// 95%.
    pub p95_s: f64,
    /// 99%.
    pub p99_s: f64,
    /// 99.9%.
    pub p999_s: f64,
    /// The largest.
    pub max_s: f64,
}

/// The sum of the parts' means beside the mean of the total. A seller that tells more time than passed shows here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Additivity {
    /// Wait, challenge, sign, verify, serve, settle and rest, in seconds a call.
    pub parts_s: f64,
    /// Total, in seconds a call.
    pub total_s: f64,
}

/// One target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetSummary {
    /// Its name.
    pub name: String,
    /// Calls that started.
    pub started: u64,
    /// Calls that were served.
    pub served: u64,
    /// Its price, in atomic units.
    #[schemars(with = "Option<String>")]
    pub price: Option<Usdc>,
    /// Its calls' total time.
    pub total: Summary,
}

/// The audit. Amounts are strings of atomic units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MoneySummary {
    /// Payments by class.
    pub classes: BTreeMap<String, u64>,
    /// Signed for.
    #[schemars(with = "String")]
    pub signed: Usdc,
    /// Settled, by the sellers' answers.
    #[schemars(with = "String")]
    pub claimed: Usdc,
    /// Taken from the buyers, by the token's logs.
    #[schemars(with = "String")]
    pub debits: Usdc,
    /// Come back to the buyers, by the token's logs: refunds, and what was left in channels.
    #[schemars(with = "String")]
    #[serde(default)]
    pub returns: Usdc,
    /// Gone from the buyers, by their balances: what was taken less what came back.
    #[schemars(with = "String")]
    pub balances: Usdc,
    /// Given to each payee, by the token's logs.
    #[schemars(with = "BTreeMap<String, String>")]
    pub credits: BTreeMap<Address, Usdc>,
    /// Settled, by the sellers' ledgers; absent where one shows none.
    #[schemars(with = "Option<String>")]
    pub ledger: Option<Usdc>,
    /// Statuses of payments that nobody signed who may sign for the seller. They count for nothing, and fail the run.
    #[serde(default)]
    pub unproven: u64,
    /// What went through channels, where anything was paid from them.
    #[serde(default)]
    pub channels: Option<ChannelSummary>,
    /// The blocks whose logs were read.
    pub blocks: [u64; 2],
    /// Everything that must not be.
    pub findings: Vec<String>,
}

/// The money of channels, by the contract's logs but for what was charged. Amounts are strings of atomic units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelSummary {
    /// Channels that were used.
    pub channels: u64,
    /// Calls that were answered.
    pub calls: u64,
    /// Charged, by the answers.
    #[schemars(with = "String")]
    pub charged: Usdc,
    /// Put in by the buyers.
    #[schemars(with = "String")]
    pub deposits: Usdc,
    /// Claimed by the sellers.
    #[schemars(with = "String")]
    pub claims: Usdc,
    /// Given back by the sellers.
    #[schemars(with = "String")]
    pub refunds: Usdc,
    /// Taken back by the buyers.
    #[schemars(with = "String")]
    pub withdrawals: Usdc,
    /// Paid out to the sellers by the contract, for these channels and any others of theirs.
    #[schemars(with = "String")]
    #[serde(default)]
    pub paid_out: Usdc,
    /// Claimed by the sellers, from these channels and any others, and not paid out yet.
    #[schemars(with = "String")]
    #[serde(default)]
    pub owed: Usdc,
    /// Neither claimed nor back.
    #[schemars(with = "String")]
    pub left: Usdc,
}

/// The gas of settlements, and of whatever moved the money of channels but their sellers' pay-out. A rollup's fee for its data is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CostSummary {
    /// Transactions that held settlements.
    pub transactions: u64,
    /// Payments in them.
    pub payments: u64,
    /// Gas of a payment.
    pub gas_per_payment: f64,
    /// Ether of a payment, in wei.
    pub wei_per_payment: f64,
    /// Dollars of a payment, where the plan says what an ether is worth.
    pub usd_per_payment: Option<f64>,
    /// That as a share of what was paid.
    pub share_of_price: Option<f64>,
}

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlockSeen {
    /// Its number.
    pub number: u64,
    /// When it was seen, in seconds since the beginning.
    pub at_s: f64,
}

/// The generator's own part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GeneratorSummary {
    /// Why the figures may be the generator's rather than the seller's; empty where they are not.
    pub bottleneck: Vec<String>,
    /// How many of its processors this process kept busy.
    pub processors_busy: Option<f64>,
}

/// A condition of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdResult {
    /// As the plan says it.
    pub condition: String,
    /// What was found; absent where nothing was measured, which fails.
    pub value: Option<f64>,
    /// Whether it is as wanted.
    pub passed: bool,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Intended start, in seconds since the beginning.
    pub at_s: f64,
    /// When the payment was sent, in seconds since the beginning.
    pub paid_s: Option<f64>,
    /// Total time, in seconds.
    pub total_s: f64,
    /// The class of its payment, or `served` or `unserved` without one.
    pub outcome: String,
}

/// Histograms (HdrHistogram V2, deflated, base64; microseconds), one for each stretch of intended starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Intervals {
    /// The length of a stretch, in seconds.
    pub length_s: f64,
    /// By measure, in order; empty text where nothing was measured.
    pub measures: BTreeMap<String, Vec<String>>,
}

impl ChannelSummary {
    fn with(self, other: Self) -> Self {
        Self {
            channels: self.channels + other.channels,
            calls: self.calls + other.calls,
            charged: total([self.charged, other.charged]),
            deposits: total([self.deposits, other.deposits]),
            claims: total([self.claims, other.claims]),
            refunds: total([self.refunds, other.refunds]),
            withdrawals: total([self.withdrawals, other.withdrawals]),
            // The sellers' whole accounts, of which both runs saw the same: the later one's state, and no sum.
            paid_out: self.paid_out.max(other.paid_out),
            owed: other.owed,
            left: total([self.left, other.left]),
        }
    }
}

impl CostSummary {
    /// The cost of both runs' settlements.
    #[expect(clippy::cast_precision_loss, reason = "counts of payments, far below 2^53")]
    fn with(self, other: Self) -> Self {
        let payments = self.payments + other.payments;
        let mean = |ours: f64, theirs: f64| {
            (ours * self.payments as f64 + theirs * other.payments as f64) / payments.max(1) as f64
        };
        let both = |ours: Option<f64>, theirs: Option<f64>| Some(mean(ours?, theirs?));
        Self {
            transactions: self.transactions + other.transactions,
            payments,
            gas_per_payment: mean(self.gas_per_payment, other.gas_per_payment),
            wei_per_payment: mean(self.wei_per_payment, other.wei_per_payment),
            usd_per_payment: both(self.usd_per_payment, other.usd_per_payment),
            share_of_price: both(self.share_of_price, other.share_of_price),
        }
    }
}
