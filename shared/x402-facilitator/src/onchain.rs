use std::{collections::BTreeMap, time::Duration};

use alloy::{
    consensus::TxEip1559,
    eips::{eip1559::Eip1559Estimation, eip2930::AccessList},
    primitives::{TxKind, U256},
    sol_types::SolCall,
};
use async_trait::async_trait;
use tokio::time::Instant;
use x402::{
    Address, EXACT, ErrorReason, ExactPayload, SettleRequest, SigningKey, SupportedKind, SupportedResponse,
    VerifyRequest,
};

use crate::{
    admission::{Admitted, Rejection, SignedBy, admit, now, payer, window},
    chain::{Chain, ChainError, Facts, PaymentState, Receipt, transfer},
    facilitator::{Facilitator, FacilitatorError, SettleOutcome, Verification},
    relay::{Relay, Relayed},
};

/// Verifies and settles by itself, over an RPC.
pub struct OnchainFacilitator {
    chain: Chain,
    relay: Relay,
    settings: OnchainSettings,
}

/// How settlements are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnchainSettings {
    /// How long a settlement may take before its outcome is called unknown.
    pub settle_timeout: Duration,
}

/// There is nobody to send transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a facilitator needs at least one signer")]
pub struct NoSigner;

/// What a transfer may take when a key signed it: USDC needs about 90,000, more for a payee without a balance. What is not
/// used is not paid.
const KEY_GAS: u64 = 150_000;
/// What a transfer may take when the payer's code judges the signature. That code is a stranger's, and we pay.
const CODE_GAS: u64 = 500_000;

impl Default for OnchainSettings {
    fn default() -> Self {
        Self { settle_timeout: Duration::from_secs(30) }
    }
}

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
        let relay = Relay::new(chain.clone(), signers).ok_or(NoSigner)?;
        Ok(Self { chain, relay, settings })
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
        let Admitted { payload, .. } = admit(&self.chain, request).await?;
        let authorization = &payload.authorization;
        window(authorization, request.payment_requirements.max_timeout_seconds, now())?;
        let facts = self.chain.facts(&payload).await?;
        facts.judge(authorization)?;
        Ok((authorization.from, facts))
    }

    async fn send(&self, request: &SettleRequest) -> Result<SettleOutcome, Rejection> {
        let deadline = Instant::now() + self.settings.settle_timeout;
        let payment = admit(&self.chain, request).await?;
        let authorization = &payment.payload.authorization;
        let (facts, fees) = tokio::try_join!(self.chain.facts(&payment.payload), self.chain.fees())?;
        if facts.nonce_used {
            let state = self.chain.recent_payment_state(authorization).await?;
            return Ok(self.outcome(state, &payment.payload, None).await?);
        }
        window(authorization, request.payment_requirements.max_timeout_seconds, now())?;
        facts.judge(authorization)?;

        let transaction = self.transaction(&payment, fees).await?;
        match self.relay.send(&transaction, deadline).await? {
            Relayed::Waiting(hash) => {
                let detail = format!("in no block after {:?}", self.settings.settle_timeout);
                Ok(SettleOutcome::Unknown { transaction: Some(hash), detail })
            }
            Relayed::Mined(receipt) => match self.chain.settlement(&receipt, authorization) {
                Some(settled) => Ok(SettleOutcome::Settled(settled)),
                None => Ok(self.beaten(&receipt, &payment.payload).await),
            },
        }
    }

    /// Our transaction is in a block and moved nothing. Somebody else's may have made the same payment before it.
    async fn beaten(&self, receipt: &Receipt, payload: &ExactPayload) -> SettleOutcome {
        let asked = async {
            let state = self.chain.recent_payment_state(&payload.authorization).await?;
            self.outcome(state, payload, Some(receipt)).await
        };
        asked.await.unwrap_or_else(|error| SettleOutcome::Unknown {
            transaction: Some(receipt.transaction_hash()),
            detail: error.to_string(),
        })
    }

    /// What the state of a payment means when no transaction of ours can change it, the one of `receipt` included.
    async fn outcome(
        &self,
        state: PaymentState,
        payload: &ExactPayload,
        receipt: Option<&Receipt>,
    ) -> Result<SettleOutcome, ChainError> {
        let reason = match state {
            PaymentState::Settled(settled) => return Ok(SettleOutcome::Settled(settled)),
            PaymentState::Burned => ErrorReason::AUTHORIZATION_BURNED,
            PaymentState::Unused { head } => {
                head.covers(receipt)?;
                let verdict = self.chain.facts(payload).await?.judge(&payload.authorization);
                verdict.err().unwrap_or(ErrorReason::INVALID_TRANSACTION_STATE)
            }
        };
        Ok(SettleOutcome::Failed { reason, transaction: receipt.map(Receipt::transaction_hash) })
    }

    /// The transaction that settles a payment, but for its nonce.
    async fn transaction(
        &self,
        payment: &Admitted,
        fees: Eip1559Estimation,
    ) -> Result<TxEip1559, FacilitatorError> {
        let to = self.chain.network().usdc().address;
        let input = transfer(&payment.payload).abi_encode();
        let gas_limit = match payment.signed_by {
            SignedBy::Key => KEY_GAS,
            SignedBy::Code => {
                let from = self.signers().next().unwrap_or_default();
                let estimate = self.chain.estimate_gas(from, to, input.clone().into()).await?;
                estimate.saturating_add(estimate / 4).min(CODE_GAS)
            }
        };
        Ok(TxEip1559 {
            chain_id: self.chain.network().chain_id(),
            nonce: 0,
            gas_limit,
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            to: TxKind::Call(to),
            value: U256::ZERO,
            access_list: AccessList::default(),
            input: input.into(),
        })
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

    async fn supported(&self) -> Result<SupportedResponse, FacilitatorError> {
        let kind = SupportedKind {
            x402_version: 2,
            scheme: EXACT.to_owned(),
            network: self.chain.network().caip2().to_owned(),
            extra: None,
        };
        let signers = self.signers().map(|signer| signer.to_checksum(None)).collect();
        Ok(SupportedResponse {
            kinds: vec![kind],
            extensions: Vec::new(),
            signers: BTreeMap::from([("eip155:*".to_owned(), signers)]),
        })
    }
}
