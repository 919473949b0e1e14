//! The scheme `batch-settlement`: deposits, claims, refunds and pay-outs of channels.

mod facilitate;
mod relay;
mod revert;
mod send;
mod verify;

pub(crate) use facilitate::settle;
pub use relay::ChannelRelay;
pub use revert::ChannelRevert;
pub(crate) use verify::verify;

use x402::{
    Address, B256, ChannelExtra, ChannelId, ChannelSettlement, ChannelVerifyResponse, ErrorReason,
    SettleRequest, Usdc,
};

use crate::chain::{Head, OnchainChannel};

/// The verdict on a payment from a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelVerification {
    /// It is good.
    Valid {
        /// Who pays.
        payer: Address,
        /// The channel.
        channel: ChannelId,
        /// What the chain says of it.
        state: OnchainChannel,
        /// The block that says so.
        head: Head,
    },
    /// It is not.
    Invalid {
        /// Why.
        reason: ErrorReason,
        /// Who says they pay, where the payload could be read.
        payer: Option<Address>,
    },
}

/// What came of a transaction to the settlement contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelOutcome {
    /// It is in a block and succeeded.
    Done(ChannelReceipt),
    /// Nothing happened, and no transaction of this call can make it happen any more.
    Failed {
        /// Why.
        reason: ErrorReason,
        /// The contract's word, for the log.
        detail: String,
        /// The transaction that failed, where one was sent.
        transaction: Option<B256>,
    },
    /// Something may have been sent. The chain will tell.
    Unknown {
        /// The transaction, where its hash is known.
        transaction: Option<B256>,
        /// What happened, for the log.
        detail: String,
    },
}

/// A transaction to the settlement contract that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelReceipt {
    /// The transaction.
    pub transaction: B256,
    /// Its block's number.
    pub block_number: u64,
    /// Gas that it took.
    pub gas_used: u64,
    /// What moved: a deposit, a refund, or what was paid out. Nothing for a claim.
    pub moved: Option<Usdc>,
    /// The channel afterwards, where it is about one.
    pub state: Option<(ChannelId, OnchainChannel)>,
}

impl From<ChannelVerification> for ChannelVerifyResponse {
    fn from(verification: ChannelVerification) -> Self {
        match verification {
            ChannelVerification::Valid { payer, channel, state, .. } => Self {
                is_valid: true,
                invalid_reason: None,
                payer: Some(payer),
                extra: Some(state.state(channel, None)),
            },
            ChannelVerification::Invalid { reason, payer } => {
                Self { is_valid: false, invalid_reason: Some(reason), payer, extra: None }
            }
        }
    }
}

impl ChannelOutcome {
    /// The outcome as on the wire, for the request it came from. [`Unknown`](Self::Unknown) is `settlement_pending`.
    #[must_use]
    pub fn into_response(self, request: &SettleRequest) -> ChannelSettlement {
        let (error_reason, transaction, receipt) = match self {
            Self::Done(receipt) => (None, Some(receipt.transaction), Some(receipt)),
            Self::Failed { reason, transaction, .. } => (Some(reason), transaction, None),
            Self::Unknown { transaction, .. } => (Some(ErrorReason::SETTLEMENT_PENDING), transaction, None),
        };
        let state = receipt.and_then(|receipt| receipt.state).map(|(id, state)| state.state(id, None));
        ChannelSettlement {
            success: error_reason.is_none(),
            error_reason,
            payer: payer(request),
            transaction,
            network: request.payment_requirements.network.clone(),
            amount: receipt.and_then(|receipt| receipt.moved),
            extra: state.map(|state| ChannelExtra { charged_amount: None, channel_state: Some(state) }),
            extensions: None,
        }
    }
}

/// Who says they pay, where the payload can be read.
pub(crate) fn payer(request: &SettleRequest) -> Option<Address> {
    let payload = request.payment_payload.channel().ok()?;
    payload.voucher().map(|(config, _)| config.payer)
}
