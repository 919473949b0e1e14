use async_trait::async_trait;
use x402::{
    Address, B256, ErrorReason, SettleRequest, SettlementResponse, SupportedResponse, Usdc, VerifyRequest,
    VerifyResponse,
};

use crate::{
    admission::payer,
    chain::{ChainError, Head, Settled},
    channel::{ChannelOutcome, ChannelVerification},
    journal::JournalError,
};

/// Who verifies payments and settles them (specification section 7).
#[async_trait]
pub trait Facilitator: Send + Sync + 'static {
    /// Judges whether a payment would settle if it were sent now. Moves nothing.
    ///
    /// # Errors
    /// [`FacilitatorError`] when the payment could not be judged.
    async fn verify(&self, request: &VerifyRequest) -> Result<Verification, FacilitatorError>;

    /// Moves the money and waits until the chain shows it.
    ///
    /// May be repeated: a payment that is already settled as asked is [`SettleOutcome::Settled`] again, with the same
    /// transaction. Whether that settlement belongs to the caller's sale is the caller's to judge, by
    /// [`Settled::block_number`].
    ///
    /// # Errors
    /// [`FacilitatorError`] when this call sent nothing and learned nothing.
    async fn settle(&self, request: &SettleRequest) -> Result<SettleOutcome, FacilitatorError>;

    /// Judges a payment of the scheme `batch-settlement`. Moves nothing.
    ///
    /// # Errors
    /// [`FacilitatorError`] when the payment could not be judged.
    async fn verify_channel(&self, _: &VerifyRequest) -> Result<ChannelVerification, FacilitatorError> {
        Ok(ChannelVerification::Invalid { reason: ErrorReason::UNSUPPORTED_SCHEME, payer: None })
    }

    /// Sends the deposit, claim, refund or pay-out that a payload of the scheme `batch-settlement` asks for, and waits until
    /// it is in a block. A remote facilitator's word is no proof: what it says was done is read from the chain by whoever
    /// counts on it.
    ///
    /// # Errors
    /// [`FacilitatorError`] when this call sent nothing.
    async fn settle_channel(&self, _: &SettleRequest) -> Result<ChannelOutcome, FacilitatorError> {
        let reason = ErrorReason::UNSUPPORTED_SCHEME;
        Ok(ChannelOutcome::Failed { detail: reason.to_string(), reason, transaction: None })
    }

    /// What this facilitator can do.
    ///
    /// # Errors
    /// [`FacilitatorError`] when it could not be asked.
    async fn supported(&self) -> Result<SupportedResponse, FacilitatorError>;
}

/// The verdict on a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// It would settle.
    Valid {
        /// Who pays.
        payer: Address,
        /// The newest block when the nonce was seen unused. Only a settlement in a later block is this payment's.
        head: Head,
        /// What the payer held then: what it may promise in all to one seller at a time.
        balance: Usdc,
    },
    /// It would not.
    Invalid {
        /// Why.
        reason: ErrorReason,
        /// Who says they pay, where the payload could be read.
        payer: Option<Address>,
    },
}

/// What came of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettleOutcome {
    /// The money moved, and the chain shows it.
    Settled(Settled),
    /// No money moved, and no transaction of this call can move it any more.
    Failed {
        /// Why.
        reason: ErrorReason,
        /// The transaction that failed or that used the nonce up, where there is one.
        transaction: Option<B256>,
    },
    /// Something may have been sent. Ask [`Chain::payment_state`](crate::Chain::payment_state) later; never take it for a failure.
    Unknown {
        /// The transaction that may still move the money, where its hash is known.
        transaction: Option<B256>,
        /// What happened, for the log.
        detail: String,
    },
}

/// The facilitator cannot tell, and this call sent nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FacilitatorError {
    /// The chain gave no usable answer.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The remote facilitator cannot be reached.
    #[error("the facilitator cannot be reached: {0}")]
    Unreachable(String),
    /// The remote facilitator turned the request away.
    #[error("the facilitator answers HTTP status {0}")]
    Status(u16),
    /// The remote facilitator's answer is not of the protocol.
    #[error("the facilitator's answer makes no sense: {0}")]
    BadAnswer(String),
    /// The node refused the transactions of every signer that was tried: no gas money, say.
    #[error("the RPC refuses the transaction of signer {signer}: {message}")]
    Refused {
        /// The last signer tried.
        signer: Address,
        /// The node's words.
        message: String,
    },
    /// No signer was free in time.
    #[error("no signer is free")]
    Busy,
    /// A transaction costs more than the settings allow.
    #[error("the base fee is {base_fee} wei per gas, above the limit of {limit}")]
    GasPrice {
        /// What the chain asks for, in wei per gas.
        base_fee: u128,
        /// [`OnchainSettings::max_fee_per_gas`](crate::OnchainSettings::max_fee_per_gas).
        limit: u128,
    },
    /// What was about to be sent could not be written down first.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl From<Verification> for VerifyResponse {
    fn from(verification: Verification) -> Self {
        match verification {
            Verification::Valid { payer, .. } => {
                Self { is_valid: true, invalid_reason: None, payer: Some(payer) }
            }
            Verification::Invalid { reason, payer } => {
                Self { is_valid: false, invalid_reason: Some(reason), payer }
            }
        }
    }
}

impl SettleOutcome {
    /// The outcome as on the wire, for the request it came from. [`Unknown`](Self::Unknown) is `settlement_pending`.
    #[must_use]
    pub fn into_response(self, request: &SettleRequest) -> SettlementResponse {
        let (error_reason, transaction) = match self {
            Self::Settled(settled) => (None, Some(settled.transaction)),
            Self::Failed { reason, transaction } => (Some(reason), transaction),
            Self::Unknown { transaction, .. } => (Some(ErrorReason::SETTLEMENT_PENDING), transaction),
        };
        let success = error_reason.is_none();
        SettlementResponse {
            success,
            error_reason,
            payer: payer(request),
            transaction,
            network: request.payment_requirements.network.clone(),
            amount: success.then_some(request.payment_requirements.amount),
            extensions: None,
        }
    }
}
