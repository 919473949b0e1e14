use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use x402::Usdc;

use crate::{Ledger, LedgerError};

/// How long the ledger's answer is taken for true; what this process sells meanwhile is added.
const FRESH: Duration = Duration::from_secs(1);

/// What was delivered on payments that a reorganisation could take back, as far as this process knows.
#[derive(Default)]
pub(crate) struct Exposure(Mutex<Option<(Instant, Usdc)>>);

impl Exposure {
    /// Whether one more may be sold before its payment is safe. If so it is counted.
    pub(crate) async fn admits(
        &self,
        ledger: &Ledger,
        limit: Usdc,
        price: Usdc,
    ) -> Result<bool, LedgerError> {
        let mut known = self.0.lock().await;
        let (read, value) = match *known {
            Some((read, value)) if read.elapsed() < FRESH => (read, value),
            _ => (Instant::now(), ledger.unsafe_value().await?),
        };
        let admitted = value < limit;
        let more = if admitted { price.atomic() } else { 0 };
        *known = Some((read, Usdc::from_atomic(value.atomic().saturating_add(more))));
        Ok(admitted)
    }
}
