//! Whether a sale would succeed now, check by check.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use x402_gate::Gate;

use crate::chain::{ChainHealth, DomainCheck};

/// A head older than this means that the RPC has lost the chain: Base makes a block every two seconds.
const MAX_HEAD_AGE: Duration = Duration::from_secs(60);
/// A signer below this is about to run dry: 0.0001 ether, which on Base pays for some hundred settlements.
const MIN_GAS_WEI: u128 = 100_000_000_000_000;

/// Everything that readiness depends on.
#[derive(Clone)]
pub(crate) struct Readiness {
    pub(crate) chain: watch::Receiver<ChainHealth>,
    pub(crate) domain: DomainCheck,
    /// None where nothing is sold.
    pub(crate) gate: Option<Gate>,
    /// Cancelled once the process is asked to stop.
    pub(crate) stop: CancellationToken,
}

/// The body of `/readyz`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) ready: bool,
    checks: BTreeMap<&'static str, Check>,
}

/// What one check found.
#[derive(Debug, Serialize)]
struct Check {
    ok: bool,
    detail: String,
}

impl Check {
    fn new(ok: bool, detail: impl Into<String>) -> Self {
        Self { ok, detail: detail.into() }
    }
}

impl Readiness {
    /// Runs every check.
    pub(crate) async fn report(&self) -> Report {
        let health = self.chain.borrow().clone();
        let mut checks = BTreeMap::from([("process", self.process()), ("rpc", self.rpc(&health))]);
        if let Some(gate) = &self.gate {
            checks.insert("database", database(gate).await);
        }
        if let Some(check) = signers(&health) {
            checks.insert("signers", check);
        }
        Report { ready: checks.values().all(|check| check.ok), checks }
    }

    fn process(&self) -> Check {
        let stopping = self.stop.is_cancelled();
        Check::new(!stopping, if stopping { "stopping" } else { "serving" })
    }

    fn rpc(&self, health: &ChainHealth) -> Check {
        let fresh = health.head_age().filter(|age| *age <= MAX_HEAD_AGE);
        match (self.domain.passed(), fresh, &health.error) {
            (true, Some(age), None) => {
                Check::new(true, format!("the newest block is {} s old", age.as_secs()))
            }
            (_, _, Some(error)) => Check::new(false, error.as_str()),
            (false, _, None) => Check::new(false, "the chain was not asked yet"),
            (true, None, None) => Check::new(false, stale(health)),
        }
    }
}

fn stale(health: &ChainHealth) -> String {
    health.head_age().map_or_else(
        || "no block was seen yet".to_owned(),
        |age| format!("the newest block is {} s old", age.as_secs()),
    )
}

async fn database(gate: &Gate) -> Check {
    match gate.ready().await {
        Ok(()) => Check::new(true, "the ledger answers"),
        Err(error) => Check::new(false, error.to_string()),
    }
}

/// One signer with gas is enough to settle; all are named.
fn signers(health: &ChainHealth) -> Option<Check> {
    let all: Vec<_> = health.gas.iter().map(|(signer, wei)| format!("{signer} holds {wei} wei")).collect();
    let ok = health.gas.iter().any(|(_, wei)| *wei >= MIN_GAS_WEI);
    (!all.is_empty()).then(|| Check::new(ok, all.join("; ")))
}
