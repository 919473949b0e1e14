use std::fmt;

use alloy::{
    primitives::hex,
    sol_types::{Revert as ErrorString, SolError, SolInterface},
};
use x402::{Bytes, Collector::CollectorErrors, Settlement::SettlementErrors};

/// What the settlement contract returns when it refuses a call: its own error, its collector's, or the token's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRevert(pub Bytes);

impl ChannelRevert {
    /// The name of the contract's error, where it is one that is known.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        let selector = self.0.first_chunk::<4>()?;
        SettlementErrors::name_by_selector(*selector).or_else(|| CollectorErrors::name_by_selector(*selector))
    }

    /// The contract's error.
    #[must_use]
    pub fn error(&self) -> Option<SettlementErrors> {
        SettlementErrors::abi_decode(&self.0).ok()
    }
}

/// The error's name, the token's words, or the bytes.
impl fmt::Display for ChannelRevert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), ErrorString::abi_decode(&self.0)) {
            (Some(name), _) => f.write_str(name),
            (None, Ok(words)) => f.write_str(&words.reason),
            (None, Err(_)) => f.write_str(&hex::encode_prefixed(&self.0)),
        }
    }
}
