use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use x402::{
    Address, BATCH_SETTLEMENT, EXACT, SettleRequest, SigningKey, SupportedKind, SupportedResponse,
    VerifyRequest,
};

use crate::{
    admission::{Admitted, Rejection, admit, now, payer, signed_by, terms, window},
    chain::{Chain, Facts},
    channel::{self, ChannelOutcome, ChannelVerification},
    facilitator::{Facilitator, FacilitatorError, SettleOutcome, Verification},
    journal::{Journal, NoJournal},
    relay::Relay,
    settings::OnchainSettings,
    settle::Queue,
    verified::Verified,
};

/// Verifies and settles by itself, over an RPC.
///
/// Payments that wait at the same time settle in one transaction. A payment goes on when its caller goes away, and when the
/// facilitator is dropped.
pub struct OnchainFacilitator {
    chain: Chain,
    relay: Arc<Relay>,
    queue: Queue,
    verified: Verified,
}

/// There is nobody to send transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a facilitator needs at least one signer")]
pub struct NoSigner;

impl OnchainFacilitator {
    /// A facilitator whose transactions `signers` send and pay for, in turn. No other process may send from them.
    ///
    /// # Errors
    /// [`NoSigner`] when there is none.
    pub fn new(chain: Chain, signers: impl IntoIterator<Item = SigningKey>) -> Result<Self, NoSigner> {
        Self::with_settings(chain, signers, OnchainSettings::default())
    }

    /// As [`new`](Self::new), with other settings.
    ///
    /// # Errors
    /// [`NoSigner`] when there is none.
    pub fn with_settings(
        chain: Chain,
        signers: impl IntoIterator<Item = SigningKey>,
        settings: OnchainSettings,
    ) -> Result<Self, NoSigner> {
        Self::with_journal(chain, signers, settings, Arc::new(NoJournal))
    }

    /// As [`with_settings`](Self::with_settings), with somebody who writes down each transaction before it is sent.
    ///
    /// # Errors
    /// [`NoSigner`] when there is none.
    pub fn with_journal(
        chain: Chain,
        signers: impl IntoIterator<Item = SigningKey>,
        settings: OnchainSettings,
        journal: Arc<dyn Journal>,
    ) -> Result<Self, NoSigner> {
        let relay = Relay::new(chain.clone(), signers, settings, journal).ok_or(NoSigner)?;
        Ok(Self { chain, relay: Arc::new(relay), queue: Queue::default(), verified: Verified::default() })
    }

    /// Takes the signers up: what an earlier process sent from them and no block has is sent again, and what somebody else
    /// sent from them is said. Without this it happens with the first settlement. Needs a runtime.
    pub fn start(&self) {
        self.queue.start(&self.relay);
    }

    /// The chain it works on.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Who sends its transactions.
    pub fn signers(&self) -> impl Iterator<Item = Address> {
        self.relay.addresses()
    }

    async fn examine(&self, request: &VerifyRequest) -> Result<(Address, Facts), Rejection> {
        let Admitted { payload, signed_by } = admit(&self.chain, request).await?;
        let authorization = payload.authorization;
        window(&authorization, request.payment_requirements.max_timeout_seconds, now())?;
        let facts = self.chain.facts(&payload).await?;
        facts.judge(&authorization)?;
        self.verified.note(payload, signed_by);
        Ok((authorization.from, facts))
    }

    async fn send(&self, request: &SettleRequest) -> Result<SettleOutcome, Rejection> {
        let payload = terms(request, self.chain.network())?;
        let (signed_by, verified) = match self.verified.take(&payload) {
            Some((signed_by, at)) => (signed_by, Some(at)),
            None => (signed_by(&self.chain, &payload).await?, None),
        };
        let payment = Admitted { payload, signed_by };
        Ok(self.queue.settle(&self.relay, payment, verified, request).await?)
    }
}

#[async_trait]
impl Facilitator for OnchainFacilitator {
    async fn verify(&self, request: &VerifyRequest) -> Result<Verification, FacilitatorError> {
        match self.examine(request).await {
            Ok((payer, Facts { head, balance, .. })) => Ok(Verification::Valid { payer, head, balance }),
            Err(Rejection::Invalid(reason)) => Ok(Verification::Invalid { reason, payer: payer(request) }),
            Err(Rejection::Unavailable(error)) => Err(error),
        }
    }

    async fn settle(&self, request: &SettleRequest) -> Result<SettleOutcome, FacilitatorError> {
        match self.send(request).await {
            Ok(outcome) => Ok(outcome),
            Err(Rejection::Invalid(reason)) => Ok(SettleOutcome::Failed { reason, transaction: None }),
            Err(Rejection::Unavailable(error)) => Err(error),
        }
    }

    async fn verify_channel(&self, request: &VerifyRequest) -> Result<ChannelVerification, FacilitatorError> {
        match channel::verify(&self.relay, request).await {
            Ok(verdict) => Ok(verdict),
            Err(Rejection::Invalid(reason)) => {
                Ok(ChannelVerification::Invalid { reason, payer: channel::payer(request) })
            }
            Err(Rejection::Unavailable(error)) => Err(error),
        }
    }

    async fn settle_channel(&self, request: &SettleRequest) -> Result<ChannelOutcome, FacilitatorError> {
        self.queue.start(&self.relay);
        match channel::settle(&self.relay, request).await {
            Ok(outcome) => Ok(outcome),
            Err(Rejection::Invalid(reason)) => {
                Ok(ChannelOutcome::Failed { detail: reason.to_string(), reason, transaction: None })
            }
            Err(Rejection::Unavailable(error)) => Err(error),
        }
    }

    async fn supported(&self) -> Result<SupportedResponse, FacilitatorError> {
        let kind = |scheme: &str| SupportedKind {
            x402_version: 2,
            scheme: scheme.to_owned(),
            network: self.chain.network().caip2().to_owned(),
            extra: None,
        };
        let signers = self.signers().map(|signer| signer.to_checksum(None)).collect();
        Ok(SupportedResponse {
            kinds: vec![kind(EXACT), kind(BATCH_SETTLEMENT)],
            extensions: Vec::new(),
            signers: BTreeMap::from([("eip155:*".to_owned(), signers)]),
        })
    }
}
