//! Signatures, made away from the threads that serve the sockets.

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tokio::sync::oneshot;
use x402::{Network, RequestHash};
use x402_buyer::{Offer, SignError, SignedPayment, UnixMillis, Wallet};

/// Threads that sign.
pub(crate) struct SigningPool {
    threads: ThreadPool,
    network: Network,
}

/// A payment that is ready to be sent.
pub(crate) struct Ready {
    pub(crate) payment: SignedPayment,
    pub(crate) header: (&'static str, String),
}

impl SigningPool {
    /// As many threads as the machine has processors.
    pub(crate) fn new(network: Network) -> Result<Self, ThreadPoolBuildError> {
        let threads = ThreadPoolBuilder::new().thread_name(|index| format!("sign-{index}")).build()?;
        Ok(Self { threads, network })
    }

    /// Signs an offer for one request. `None` when the thread ended without an answer.
    pub(crate) async fn sign(
        &self,
        wallet: Wallet,
        offer: std::sync::Arc<Offer>,
        request: RequestHash,
    ) -> Option<Result<Ready, SignError>> {
        let (done, signed) = oneshot::channel();
        let network = self.network;
        self.threads.spawn(move || {
            let _ = done.send(ready(&wallet, network, &offer, request)); // nobody waits any more
        });
        signed.await.ok()
    }
}

fn ready(wallet: &Wallet, network: Network, offer: &Offer, request: RequestHash) -> Result<Ready, SignError> {
    let payment = SignedPayment::sign(wallet, network, offer, request, UnixMillis::now())?;
    let header = payment.payload.header()?;
    Ok(Ready { payment, header })
}
