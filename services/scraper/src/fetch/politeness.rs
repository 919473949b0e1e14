//! How often one host is asked.

use std::time::Duration;

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};

use super::{FetchError, FetchLimits, Target};

/// How long a request waits for its turn, before its buyer is asked to come again.
const PATIENCE: Duration = Duration::from_secs(2);
/// When hosts that were not asked lately are forgotten.
const MANY_HOSTS: usize = 10_000;

type Limiter = RateLimiter<
    String,
    DashMapStateStore<String>,
    MonotonicClock,
    NoOpMiddleware<<MonotonicClock as governor::clock::Clock>::Instant>,
>;

/// A rate by host.
#[derive(Debug)]
pub(crate) struct Politeness(Limiter);

impl Politeness {
    pub(crate) fn new(limits: &FetchLimits) -> Self {
        let quota = Quota::per_second(limits.host_rate);
        Self(RateLimiter::new(quota, DashMapStateStore::default(), MonotonicClock))
    }

    /// Waits for the host's turn, for a moment.
    pub(crate) async fn turn(&self, target: &Target) -> Result<(), FetchError> {
        if self.0.len() > MANY_HOSTS {
            self.0.retain_recent();
        }
        let host = target.authority();
        let patience = tokio::time::Instant::now() + PATIENCE;
        while let Err(denied) = self.0.check_key(&host) {
            let wait = denied.wait_time_from(MonotonicClock.now());
            if tokio::time::Instant::now() + wait > patience {
                return Err(FetchError::HostBusy { host, retry_after: wait.max(PATIENCE) });
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }
}
