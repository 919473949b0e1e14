use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use x402::{SettleRequest, SupportedResponse, VerifyRequest};
use x402_facilitator::{
    ChainError, ChannelOutcome, ChannelVerification, Facilitator, FacilitatorError, SettleOutcome,
    Verification,
};

/// Whether the chain has proven to be the network it is taken for. Once it has, that stays true.
#[derive(Clone, Debug, Default)]
pub(crate) struct DomainCheck(Arc<AtomicBool>);

impl DomainCheck {
    pub(crate) fn pass(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn passed(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A facilitator that judges no payment before its chain has passed the check: on a wrong chain every verdict is wrong.
pub(super) struct Guarded {
    inner: Arc<dyn Facilitator>,
    domain: DomainCheck,
}

impl Guarded {
    pub(super) fn new(inner: Arc<dyn Facilitator>, domain: DomainCheck) -> Self {
        Self { inner, domain }
    }

    fn admit(&self) -> Result<(), FacilitatorError> {
        let unknown = || ChainError::Unreachable("it has not told yet which chain it serves".to_owned());
        if self.domain.passed() { Ok(()) } else { Err(unknown().into()) }
    }
}

#[async_trait]
impl Facilitator for Guarded {
    async fn verify(&self, request: &VerifyRequest) -> Result<Verification, FacilitatorError> {
        self.admit()?;
        self.inner.verify(request).await
    }

    async fn settle(&self, request: &SettleRequest) -> Result<SettleOutcome, FacilitatorError> {
        self.admit()?;
        self.inner.settle(request).await
    }

    async fn verify_channel(&self, request: &VerifyRequest) -> Result<ChannelVerification, FacilitatorError> {
        self.admit()?;
        self.inner.verify_channel(request).await
    }

    async fn settle_channel(&self, request: &SettleRequest) -> Result<ChannelOutcome, FacilitatorError> {
        self.admit()?;
        self.inner.settle_channel(request).await
    }

    async fn supported(&self) -> Result<SupportedResponse, FacilitatorError> {
        self.inner.supported().await
    }
}
