use bytes::Bytes;
use reqwest::StatusCode;
use x402::{ChannelId, Usdc};

use crate::{
    BudgetExceeded, ChainError, ChallengeError, ExchangeError, LedgerError, NoOffer, ReserveError,
    UnknownBudget,
};

/// A call that was not paid from a channel.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The seller cannot be reached. Nothing was signed.
    #[error("the seller cannot be reached: {0}")]
    Unreachable(#[source] ExchangeError),
    /// The seller asks for no payment, or answers something else than an offer.
    #[error("the seller answered {0} where an offer was expected")]
    NotForSale(StatusCode),
    /// The offer cannot be read.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// No offer of channels fits the policy.
    #[error(transparent)]
    NoOffer(#[from] NoOffer),
    /// A budget has no room for the deposit.
    #[error(transparent)]
    Budget(#[from] Box<BudgetExceeded>),
    /// There is no such budget.
    #[error(transparent)]
    UnknownBudget(#[from] UnknownBudget),
    /// The record of channels cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The chain does not say what is in a channel.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The seller refuses.
    #[error("channel {channel}: the seller refuses ({status}): {reason}")]
    Refused {
        /// The channel.
        channel: ChannelId,
        /// The status.
        status: StatusCode,
        /// The seller's reason.
        reason: String,
        /// The answer's body.
        body: Bytes,
    },
    /// The seller's books are not ours, and it has no proof. Nothing more is signed for it.
    #[error("channel {channel}: {what}; nothing more is signed: withdraw what is left")]
    Dishonest {
        /// The channel.
        channel: ChannelId,
        /// What does not add up.
        what: &'static str,
    },
    /// No clear answer in time. The same request again gets the same answer.
    #[error("channel {channel}: no clear answer for a voucher over {ceiling}: {last}")]
    Unresolved {
        /// The channel.
        channel: ChannelId,
        /// The voucher's ceiling.
        ceiling: Usdc,
        /// What was heard last.
        last: String,
    },
    /// There is no such channel here.
    #[error("no channel {0} is known here")]
    NoSuchChannel(ChannelId),
    /// The payer is taking its money back from this channel.
    #[error("channel {0}: a withdrawal is under way; nothing more is signed for it")]
    Withdrawing(ChannelId),
    /// All that the channel holds is owed to the seller.
    #[error("channel {0} holds nothing that is not owed to its seller")]
    NothingLeft(ChannelId),
    /// The payment cannot be signed.
    #[error(transparent)]
    Sign(#[from] crate::SignError),
    /// The payment cannot be encoded.
    #[error(transparent)]
    Encode(#[from] x402::HeaderError),
}

impl From<ReserveError> for ChannelError {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::Budget(exceeded) => Self::Budget(exceeded),
            ReserveError::Ledger(error) => Self::Ledger(error),
        }
    }
}
