use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// A machine-readable reason, as in `errorReason` and `invalidReason` (specification section 9).
///
/// The set is open: a remote facilitator may answer one that this crate does not know.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorReason(Cow<'static, str>);

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl ErrorReason {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($text));)*
        }
    };
}

reasons! {
    /// The payer does not hold the amount.
    INSUFFICIENT_FUNDS = "insufficient_funds";
    /// Not valid yet.
    VALID_AFTER = "invalid_exact_evm_payload_authorization_valid_after";
    /// Expired, or the time left does not cover what is still to do, or the window is too long.
    VALID_BEFORE = "invalid_exact_evm_payload_authorization_valid_before";
    /// The authorized amount is not the price.
    VALUE_MISMATCH = "invalid_exact_evm_payload_authorization_value_mismatch";
    /// The signature is not the payer's.
    SIGNATURE = "invalid_exact_evm_payload_signature";
    /// The payee is not the seller.
    RECIPIENT_MISMATCH = "invalid_exact_evm_payload_recipient_mismatch";
    /// The nonce was used or cancelled before.
    NONCE_USED = "invalid_exact_evm_payload_authorization_nonce_used";
    /// The network is not one that is offered.
    INVALID_NETWORK = "invalid_network";
    /// The payload is malformed.
    INVALID_PAYLOAD = "invalid_payload";
    /// `accepted` equals no current offer, or the requirements are malformed.
    INVALID_REQUIREMENTS = "invalid_payment_requirements";
    /// The scheme is not one that is offered.
    INVALID_SCHEME = "invalid_scheme";
    /// The facilitator does not do this scheme.
    UNSUPPORTED_SCHEME = "unsupported_scheme";
    /// The protocol version is neither 1 nor 2.
    INVALID_VERSION = "invalid_x402_version";
    /// The transaction failed on chain.
    INVALID_TRANSACTION_STATE = "invalid_transaction_state";
    /// The check itself failed; nothing is known about the payment.
    UNEXPECTED_VERIFY_ERROR = "unexpected_verify_error";
    /// The settlement failed in a way that moved no money.
    UNEXPECTED_SETTLE_ERROR = "unexpected_settle_error";
    /// Not known yet whether the money moved. Not terminal: ask again, never pay again.
    SETTLEMENT_PENDING = "settlement_pending";
    /// The payment is bound to, or was first used for, another request.
    REQUEST_MISMATCH = "payment_request_mismatch";
    /// The authorization was used or cancelled outside this sale: it can pay for nothing any more.
    AUTHORIZATION_BURNED = "authorization_burned";
    /// The work failed after the money moved; a refund is due.
    REFUND_DUE = "refund_due";
}

impl ErrorReason {
    /// A reason of this crate's own.
    pub(crate) const fn known(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The reason as on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for ErrorReason {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}
