use std::fmt;

use alloy::{
    primitives::hex,
    sol_types::{Revert as ErrorString, SolError, SolInterface},
};
use x402::{Bytes, ErrorReason, Token::TokenErrors};

use super::Head;

/// What a token returns when it refuses a transfer: `Error(string)` of USDC, or a custom error of OpenZeppelin's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revert(pub Bytes);

/// How USDC's words begin (FiatTokenV2, EIP3009, ECRecover), and what they mean.
const WORDS: [(&str, ErrorReason); 6] = [
    ("FiatTokenV2: authorization is not yet valid", ErrorReason::VALID_AFTER),
    ("FiatTokenV2: authorization is expired", ErrorReason::VALID_BEFORE),
    ("FiatTokenV2: authorization is used or canceled", ErrorReason::NONCE_USED),
    ("FiatTokenV2: invalid signature", ErrorReason::SIGNATURE),
    ("ECRecover: ", ErrorReason::SIGNATURE),
    ("ERC20: transfer amount exceeds balance", ErrorReason::INSUFFICIENT_FUNDS),
];

impl Revert {
    /// The protocol's word for it. `head` is the block it happened in. What has no word of its own, such as a payer on
    /// USDC's block list, is `invalid_transaction_state`.
    #[must_use]
    pub fn reason(&self, head: Head) -> ErrorReason {
        if let Some(words) = self.words() {
            let known = WORDS.into_iter().find(|(beginning, _)| words.starts_with(beginning));
            return known.map_or(ErrorReason::INVALID_TRANSACTION_STATE, |(_, reason)| reason);
        }
        match TokenErrors::abi_decode(&self.0) {
            Ok(TokenErrors::ERC3009UsedAuthorization(_)) => ErrorReason::NONCE_USED,
            Ok(TokenErrors::ERC20InsufficientBalance(_)) => ErrorReason::INSUFFICIENT_FUNDS,
            Ok(TokenErrors::ERC3009InvalidAuthorizationTime(window)) => {
                let early = window.validAfter >= head.timestamp;
                if early { ErrorReason::VALID_AFTER } else { ErrorReason::VALID_BEFORE }
            }
            Ok(_) => ErrorReason::SIGNATURE,
            Err(_) => ErrorReason::INVALID_TRANSACTION_STATE,
        }
    }

    fn words(&self) -> Option<String> {
        ErrorString::abi_decode(&self.0).ok().map(|error| error.reason)
    }
}

/// The token's words, or the bytes it returned.
impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words() {
            Some(words) => f.write_str(&words),
            None => f.write_str(&hex::encode_prefixed(&self.0)),
        }
    }
}
