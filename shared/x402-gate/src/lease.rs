//! Whoever works on a payment says so every few seconds. Who says nothing any more, because it died or lost its database,
//! loses the payment to the next who asks, and everything it still writes is refused by the fence.

use std::time::Duration;

use tokio::time::sleep;
use x402::PaymentId;

use crate::{Ledger, LedgerError, ledger::Record};

/// How long a payment, a signer, or the claims stay with a process that says nothing: three beats, and a slow database.
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// The same in milliseconds.
pub(crate) const LEASE_MS: i64 = LEASE.as_secs().cast_signed() * 1000;
const BEAT: Duration = Duration::from_secs(3);

/// A payment that is ours to work on.
pub(crate) struct Lease {
    ledger: Ledger,
    id: PaymentId,
    fence: i64,
}

impl Lease {
    /// The lease on a record that was claimed or taken over here.
    pub(crate) fn of(ledger: &Ledger, record: &Record) -> Self {
        Self { ledger: ledger.clone(), id: record.id, fence: record.fence }
    }

    /// Works as long as nobody else has the payment, and lets go of it where the work ends with an error.
    pub(crate) async fn during<T>(
        self,
        work: impl Future<Output = Result<T, LedgerError>>,
    ) -> Result<T, LedgerError> {
        let ended = tokio::select! {
            biased;
            ended = work => ended,
            () = self.lost() => Err(LedgerError::Fenced),
        };
        // Work that ended well said itself where it leaves the payment.
        if ended.is_err()
            && let Err(error) = self.ledger.let_go(self.id, self.fence).await
        {
            tracing::warn!(payment = %self.id, %error, "a payment is let go when its lease runs out");
        }
        ended
    }

    /// Renews the lease until somebody else has it.
    async fn lost(&self) {
        loop {
            sleep(BEAT).await;
            match self.ledger.renew(self.id, self.fence, LEASE_MS).await {
                Ok(()) => {}
                Err(LedgerError::Fenced) => return,
                Err(error) => tracing::warn!(payment = %self.id, %error, "a lease is not renewed"),
            }
        }
    }
}
