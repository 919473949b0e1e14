//! A run from beginning to end: preflight, calls, audit, result.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;
use x402::{Address, ExtensionInfo, Usdc};
use x402_buyer::Wallet;

use crate::{
    audit::{Audit, Before, Signers, audit},
    chain::{ChainClock, Node, NodeError},
    generator::{
        Caller, Generator, NotStarted, SigningPool,
        channels::{Channels, ChannelsError},
        http::Http,
    },
    plan::Plan,
    preflight::{Estimate, PreflightError, Priced},
    provenance::{load_average, processor_seconds, provenance},
    result::{CostSummary, HistogramError, Raw, RunResult},
    sample::Call,
    wallets::total,
};

/// From now to the first intended start: time for everything to be in its place.
const LEAD: Duration = Duration::from_millis(100);

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It did not start.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// The chain went away. What was bought was bought: the next audit needs the chain.
    #[error("the audit could not be made: {0}")]
    Node(#[from] NodeError),
    /// There is nothing to pay from channels with.
    #[error(transparent)]
    Channels(#[from] ChannelsError),
    /// A fault of this program.
    #[error(transparent)]
    Histogram(#[from] HistogramError),
}

/// Sees a run go by.
pub trait Observer: Send {
    /// The run begins: so many calls are intended, where that is known.
    fn begins(&mut self, _plan: &Plan, _calls: Option<u64>) {}
    /// A call ended, so long after the beginning.
    fn ended(&mut self, _call: &Call, _at: Duration) {}
    /// Time went by without a call.
    fn tick(&mut self, _at: Duration) {}
    /// All calls ended; the audit begins.
    fn audits(&mut self) {}
}

/// Nobody looks.
impl Observer for () {}

/// Carries out a plan. Cancelling `stop` starts nothing more, waits for what is under way, and audits it.
///
/// # Errors
/// [`RunError`] when it did not start or could not be audited. A leak is no error: it stands in the result's verdict.
pub async fn run(
    plan: &Plan,
    buyers: Vec<Wallet>,
    observer: &mut dyn Observer,
    stop: CancellationToken,
) -> Result<RunResult, RunError> {
    let node = connect(plan).await?;
    let estimate = Estimate::of(plan, node.as_ref(), &buyers).await?;
    estimate.check(buyers.len())?;
    let mut provenance = provenance(plan);
    let busy_before = processor_seconds();

    let addresses: Vec<Address> = buyers.iter().map(Wallet::address).collect();
    let channels = Channels::prepare(plan, &estimate, &buyers).await?;
    let known = channels.as_ref().map(Channels::known).unwrap_or_default();
    let before = match &node {
        Some(node) => Some(Before::read(node, addresses, known).await?),
        None => None,
    };
    let epoch = Instant::now() + LEAD;
    let clock =
        node.as_ref().map(|node| ChainClock::start(node, plan.flashblocks.as_ref(), plan.block_poll, epoch));
    let caller = caller(plan, buyers, epoch)?;
    let caller = Arc::new(match channels {
        Some(channels) => caller.paying_from(channels),
        None => caller,
    });
    observer.begins(plan, plan.calls());
    let (calls, not_started) = generate(plan, &estimate, &caller, epoch, observer, stop).await;
    let processors_busy = busy_before
        .zip(processor_seconds())
        .map(|(before, after)| (after - before) / epoch.elapsed().as_secs_f64().max(f64::MIN_POSITIVE));
    if let Some(host) = provenance.hosts.first_mut() {
        host.load[1] = load_average();
    }

    observer.audits();
    let open = match caller.channels() {
        Some(channels) => channels.close().await,
        None => Vec::new(),
    };
    let mut audited = match (&node, &before) {
        (Some(node), Some(before)) if plan.pays() => {
            let signers = signers(plan, &caller, &estimate.targets);
            Some(audit(node, &caller, before, &signers, &calls, plan.settle_wait).await?)
        }
        _ => None,
    };
    if let Some(audited) = &mut audited {
        let open = open.into_iter().map(|(channel, why)| format!("channel {channel} stays open: {why}"));
        audited.findings.extend(open);
    }
    let cost = match (&node, &audited) {
        (Some(node), Some(audit)) => cost(node, audit, plan.eth_usd).await?,
        _ => None,
    };
    let raw = Raw {
        plan,
        calls: &calls,
        not_started_in_flight: not_started.in_flight.into_inner(),
        not_started_interrupted: not_started.interrupted.into_inner(),
        prices: &estimate
            .targets
            .iter()
            .map(|target| target.offer.as_ref().map(|_| target.price))
            .collect::<Vec<_>>(),
        clock: clock.map(|clock| clock.reading()).unwrap_or_default(),
        audit: audited.as_ref(),
        cost,
        provenance,
        processors_busy,
    };
    Ok(raw.result()?)
}

/// The plan's chain, where it has one.
///
/// # Errors
/// [`NodeError`] where it does not answer, or is another chain.
pub async fn connect(plan: &Plan) -> Result<Option<Node>, NodeError> {
    match &plan.rpc {
        Some(url) => Node::connect(url, plan.deployment.network()).await.map(Some),
        None => Ok(None),
    }
}

/// Who may sign for each target's seller, by what it offered before the run.
fn signers(plan: &Plan, caller: &Caller, priced: &[Priced]) -> Vec<Signers> {
    let named = |priced: &Priced| ExtensionInfo::read(priced.offer.as_ref()?.extensions.as_ref()).ok()?;
    let targets = caller.goals.iter().zip(priced);
    let signers = targets.map(|(goal, priced)| Signers {
        network: plan.deployment.network(),
        origin: goal.prepared.origin(),
        key: named(priced),
    });
    signers.collect()
}

fn caller(plan: &Plan, buyers: Vec<Wallet>, epoch: Instant) -> Result<Caller, PreflightError> {
    let http = Http::new().map_err(|error| PreflightError::Generator(error.to_string()))?;
    let pool = SigningPool::new(plan.deployment.network());
    let pool = pool.map_err(|error| PreflightError::Generator(error.to_string()))?;
    Ok(Caller::new(plan, buyers, http, pool, epoch))
}

async fn generate(
    plan: &Plan,
    estimate: &Estimate,
    caller: &Arc<Caller>,
    epoch: Instant,
    observer: &mut dyn Observer,
    stop: CancellationToken,
) -> (Vec<Call>, NotStarted) {
    let prices = estimate.targets.iter().map(|target| target.price.atomic());
    let cheapest = prices.filter(|price| *price > 0).min().unwrap_or_default();
    let generator = Generator::new(plan, caller.clone(), epoch, cheapest, stop);
    let (sender, mut ended) = mpsc::unbounded_channel();
    let load = plan.load.clone();
    let starting = tokio::spawn(async move { generator.run(&load, sender).await });
    let mut calls = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    loop {
        tokio::select! {
            call = ended.recv() => match call {
                Some(call) => {
                    observer.ended(&call, epoch.elapsed());
                    calls.push(call);
                }
                None => break,
            },
            _ = ticks.tick() => observer.tick(epoch.elapsed()),
        }
    }
    (calls, starting.await.unwrap_or_default())
}

/// What the settlements cost in gas.
async fn cost(node: &Node, audit: &Audit, eth_usd: Option<f64>) -> Result<Option<CostSummary>, NodeError> {
    let settlements: Vec<_> = audit.judged.iter().flatten().flat_map(|judged| &judged.settlements).collect();
    let mut transactions: std::collections::BTreeSet<_> =
        settlements.iter().map(|one| one.debit.transaction).collect();
    let (mut payments, mut taken) = (settlements.len(), total(settlements.iter().map(|one| one.debit.value)));
    if let Some(channels) = &audit.channels {
        transactions.extend(&channels.transactions);
        payments += usize::try_from(channels.calls).unwrap_or(usize::MAX);
        taken = total([taken, channels.charged]);
    }
    let (mut gas, mut wei) = (0u64, 0u128);
    for transaction in &transactions {
        if let Some(cost) = node.gas_of(*transaction).await? {
            (gas, wei) = (gas + cost.used, wei + cost.wei);
        }
    }
    Ok((payments > 0).then(|| summary(transactions.len(), payments, gas, wei, taken, eth_usd)))
}

#[expect(clippy::cast_precision_loss, reason = "shown to a few digits")]
fn summary(
    transactions: usize,
    payments: usize,
    gas: u64,
    wei: u128,
    paid: Usdc,
    eth_usd: Option<f64>,
) -> CostSummary {
    let each = |sum: f64| sum / payments as f64;
    let usd_per_payment = eth_usd.map(|price| each(wei as f64 / 1e18 * price));
    CostSummary {
        transactions: u64::try_from(transactions).unwrap_or(u64::MAX),
        payments: u64::try_from(payments).unwrap_or(u64::MAX),
        gas_per_payment: each(gas as f64),
        wei_per_payment: each(wei as f64),
        usd_per_payment,
        share_of_price: usd_per_payment.map(|usd| usd / each(paid.atomic() as f64 / 1e6)),
    }
}
