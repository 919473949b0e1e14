use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::gauge;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use x402::Address;
use x402_facilitator::{ChainError, DomainError, Head, Mismatch};

use super::ChainSide;

/// How often the chain is looked at.
const INTERVAL: Duration = Duration::from_secs(5);
/// How often while it does not answer.
const RETRY: Duration = Duration::from_secs(1);

/// What was last seen of the chain.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChainHealth {
    /// The newest block.
    pub(crate) head: Option<Head>,
    /// What each signer holds for gas, in wei.
    pub(crate) gas: Vec<(Address, u128)>,
    /// Why the last look failed.
    pub(crate) error: Option<String>,
}

/// Looks at the chain in the background, for readiness and metrics.
pub(crate) struct ChainWatch {
    side: ChainSide,
    health: watch::Sender<ChainHealth>,
}

impl ChainWatch {
    /// A watch, and where to read what it sees.
    pub(crate) fn new(side: ChainSide) -> (Self, watch::Receiver<ChainHealth>) {
        let (health, reader) = watch::channel(ChainHealth::default());
        (Self { side, health }, reader)
    }

    /// Watches until stopped, or until the chain turns out to be the wrong one.
    pub(crate) async fn run(self, stop: CancellationToken) -> Result<(), Mismatch> {
        while let Some(looked) = stop.run_until_cancelled(self.look()).await {
            self.measure_age();
            let pause = match looked {
                Ok(()) => INTERVAL,
                Err(DomainError::Mismatch(mismatch)) => return Err(mismatch),
                Err(DomainError::Unreachable(error)) => self.note(&error),
            };
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
        Ok(())
    }

    async fn look(&self) -> Result<(), DomainError> {
        let ChainSide { chain, domain, signers, .. } = &self.side;
        if !domain.passed() {
            chain.check_domain().await?;
            domain.pass();
            tracing::info!("the chain is the right one");
        }
        let head = chain.head().await?;
        let mut gas = Vec::with_capacity(signers.len());
        for signer in signers {
            let wei: u128 = chain.eth_balance(*signer).await?.saturating_to();
            // A gauge is a double: past 2^53 wei the last digits are rounded, which nobody reads.
            #[expect(clippy::cast_precision_loss, reason = "see above")]
            gauge!("signer_gas_wei", "signer" => signer.to_string()).set(wei as f64);
            gas.push((*signer, wei));
        }
        self.health.send_replace(ChainHealth { head: Some(head), gas, error: None });
        Ok(())
    }

    /// A head ages while the chain is silent, too: that is what an alarm waits for.
    fn measure_age(&self) {
        if let Some(age) = self.health.borrow().head_age() {
            gauge!("rpc_head_age_seconds").set(age.as_secs_f64());
        }
    }

    /// Keeps what was seen before.
    fn note(&self, error: &ChainError) -> Duration {
        if self.health.borrow().error.is_none() {
            tracing::warn!(%error, "the chain does not answer");
        }
        self.health.send_modify(|health| health.error = Some(error.to_string()));
        RETRY
    }
}

impl ChainHealth {
    /// How old the newest block is now.
    pub(crate) fn head_age(&self) -> Option<Duration> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.head.map(|head| now.saturating_sub(Duration::from_secs(head.timestamp)))
    }
}
