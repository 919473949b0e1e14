use clap::Args;
use serde::Deserialize;
use url::Url;
use x402::Usdc;

use super::{
    ChallengeMode, Deployment, Flow, Load, Plan, PlanError, Schedule, Scheme, Stage, TargetArgs, Threshold,
    text::{self, Span},
};

/// A plan as people write it: each key is a flag, and a line of a TOML file, which flags win over.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PlanArgs {
    /// What to ask for. Several, with weights and bodies, stand in a plan as [[target]].
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The request's method: GET, or POST where there is a body.
    #[arg(short = 'X', long)]
    pub method: Option<String>,
    /// The request's body, JSON.
    #[arg(short = 'd', long, value_name = "JSON")]
    pub body: Option<String>,
    /// How calls are paid.
    #[arg(long)]
    #[serde(deserialize_with = "text::variant")]
    pub scheme: Option<Scheme>,
    /// The order of work and settlement that the seller must offer; any unless set.
    #[arg(long)]
    #[serde(deserialize_with = "text::variant")]
    pub flow: Option<Flow>,
    /// Calls a second, started on time whatever became of earlier ones.
    #[arg(long, value_name = "PER-SECOND")]
    pub rate: Option<f64>,
    /// A stretch of a schedule: `50:30s`, or `10..100:1m` for a ramp. Several follow one another.
    #[arg(long = "stage", value_name = "RATE[..RATE]:TIME")]
    #[serde(deserialize_with = "text::list")]
    pub stages: Vec<Stage>,
    /// So many customers instead, each of whom waits for an answer before it asks again.
    #[arg(long, value_name = "CUSTOMERS")]
    pub closed: Option<u32>,
    /// How long: 30s, 2m.
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "text::option")]
    pub duration: Option<Span>,
    /// How many accounts pay, in turn.
    #[arg(long, value_name = "ACCOUNTS")]
    pub buyers: Option<u32>,
    /// The most that is spent, in dollars. Nothing starts that could cost more.
    #[arg(long, value_name = "DOLLARS")]
    #[serde(deserialize_with = "text::option")]
    pub budget: Option<Usdc>,
    /// Where payments settle.
    #[arg(long)]
    #[serde(deserialize_with = "text::variant")]
    pub network: Option<Deployment>,
    /// JSON-RPC endpoint of that network.
    #[arg(long, env = "LOADTEST_RPC_URL", value_name = "URL", hide_env_values = true)]
    #[serde(deserialize_with = "text::option")]
    pub rpc: Option<Url>,
    /// JSON-RPC endpoint whose pending block is that of the flashblocks.
    #[arg(long, value_name = "URL")]
    #[serde(deserialize_with = "text::option")]
    pub flashblocks: Option<Url>,
    /// What makes the run fail: `p99(total)>3s`, `rate<50`, `errors>1%`, `not-started>0`.
    #[arg(long, value_name = "CONDITION")]
    #[serde(deserialize_with = "text::list")]
    pub fail_if: Vec<Threshold>,
    /// How many calls may be under way at once.
    #[arg(long, value_name = "CALLS")]
    pub max_in_flight: Option<usize>,
    /// How long a call without a definite answer is sent again.
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "text::option")]
    pub patience: Option<Span>,
    /// How long the audit waits for payments of unclear outcome.
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "text::option")]
    pub settle_wait: Option<Span>,
    /// Whether every call asks for its price first.
    #[arg(long)]
    #[serde(deserialize_with = "text::variant")]
    pub challenge: Option<ChallengeMode>,
    /// How often the chain is asked for its newest block.
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "text::option")]
    pub block_poll: Option<Span>,
    /// Dollars for an ether, to tell what gas costs.
    #[arg(long, value_name = "DOLLARS")]
    pub eth_usd: Option<f64>,
    /// The targets of a plan's file.
    #[arg(skip)]
    #[serde(rename = "target")]
    pub targets: Vec<TargetArgs>,
}

impl PlanArgs {
    /// Reads a plan's file.
    ///
    /// # Errors
    /// [`PlanError::File`] naming the line.
    pub fn from_toml(text: &str) -> Result<Self, PlanError> {
        Ok(toml::from_str(text)?)
    }

    /// These, and where they say nothing, the others. A load given here replaces the other's whole.
    #[must_use]
    pub fn over(self, file: Self) -> Self {
        let loads = self.rate.is_some() || self.closed.is_some() || !self.stages.is_empty();
        let (rate, closed, stages) =
            if loads { (self.rate, self.closed, self.stages) } else { (file.rate, file.closed, file.stages) };
        let either = |ours: Vec<_>, theirs| if ours.is_empty() { theirs } else { ours };
        Self {
            targets: if self.url.is_some() { Vec::new() } else { file.targets },
            url: self.url.or(file.url),
            method: self.method.or(file.method),
            body: self.body.or(file.body),
            scheme: self.scheme.or(file.scheme),
            flow: self.flow.or(file.flow),
            rate,
            stages,
            closed,
            duration: self.duration.or(file.duration),
            buyers: self.buyers.or(file.buyers),
            budget: self.budget.or(file.budget),
            network: self.network.or(file.network),
            rpc: self.rpc.or(file.rpc),
            flashblocks: self.flashblocks.or(file.flashblocks),
            fail_if: either(self.fail_if, file.fail_if),
            max_in_flight: self.max_in_flight.or(file.max_in_flight),
            patience: self.patience.or(file.patience),
            settle_wait: self.settle_wait.or(file.settle_wait),
            challenge: self.challenge.or(file.challenge),
            block_poll: self.block_poll.or(file.block_poll),
            eth_usd: self.eth_usd.or(file.eth_usd),
        }
    }

    /// Checks the plan.
    ///
    /// # Errors
    /// [`PlanError`], with what to give.
    pub fn plan(self) -> Result<Plan, PlanError> {
        let load = self.load()?;
        let deployment = self.network.unwrap_or_default();
        let span = |span: Option<Span>, default| span.map_or(default, |span| span.0);
        let plan = Plan {
            deployment,
            load,
            buyers: nonzero("buyers", self.buyers.unwrap_or(16))?,
            budget: self.budget.unwrap_or_default(),
            max_in_flight: nonzero("max-in-flight", self.max_in_flight.unwrap_or(4096))?,
            patience: span(self.patience, std::time::Duration::from_secs(30)),
            settle_wait: span(self.settle_wait, std::time::Duration::from_secs(60)),
            challenge: self.challenge.unwrap_or_default(),
            block_poll: span(self.block_poll, deployment.block_poll()),
            eth_usd: self.eth_usd,
            fail_if: self.fail_if.clone(),
            rpc: self.rpc.clone(),
            flashblocks: self.flashblocks.clone(),
            targets: self.targets()?,
        };
        match plan.pays() {
            true if plan.rpc.is_none() => Err(PlanError::NoRpc(deployment)),
            true if plan.budget == Usdc::ZERO => Err(PlanError::NoBudget),
            _ => Ok(plan),
        }
    }

    fn load(&self) -> Result<Load, PlanError> {
        let duration = || self.duration.map(|span| span.0).ok_or(PlanError::NoDuration);
        match (self.rate, self.closed, &self.stages[..]) {
            (Some(rate), None, []) => {
                Schedule::steady(rate, duration()?).map(Load::Open).map_err(|_| PlanError::Zero("rate"))
            }
            (None, Some(customers), []) => {
                Ok(Load::Closed { customers: nonzero("closed", customers)?, duration: duration()? })
            }
            (None, None, []) => Err(PlanError::NoLoad),
            (None, None, stages) => Ok(Load::Open(Schedule::new(stages.to_vec()))),
            _ => Err(PlanError::SeveralLoads),
        }
    }

    fn targets(self) -> Result<Vec<super::Target>, PlanError> {
        let (scheme, flow) = (self.scheme, self.flow);
        let flagged = self.url.map(|url| TargetArgs {
            url,
            method: self.method,
            body: self.body,
            ..TargetArgs::default()
        });
        let targets = flagged.into_iter().chain(self.targets);
        let targets = targets.map(|target| target.target(scheme, flow)).collect::<Result<Vec<_>, _>>()?;
        if targets.is_empty() { Err(PlanError::NoTarget) } else { Ok(targets) }
    }
}

fn nonzero<N: PartialEq + From<u8>>(name: &'static str, number: N) -> Result<N, PlanError> {
    if number == N::from(0) { Err(PlanError::Zero(name)) } else { Ok(number) }
}
