use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What this buyer knows about a payment that it signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// On disk, and not yet known to have left this machine.
    Signed,
    /// About to be sent, or sent.
    Sent,
    /// The seller said that the money moved, or the chain did.
    Paid,
    /// The chain says that it can never move money any more.
    Released,
    /// Nobody has said yet. The amount stays reserved.
    Unknown,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Signed, Self::Sent, Self::Paid, Self::Released, Self::Unknown];

    /// Whether a payment may go from this state to `next`. What the chain has decided stays decided.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Signed => false,
            Self::Sent => matches!(self, Self::Signed),
            Self::Unknown => matches!(self, Self::Signed | Self::Sent),
            Self::Paid | Self::Released => self.is_open(),
        }
    }

    /// Whether the outcome is open, so that the amount counts against every budget however old it is.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Signed | Self::Sent | Self::Unknown)
    }

    /// The name in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Sent => "sent",
            Self::Paid => "paid",
            Self::Released => "released",
            Self::Unknown => "unknown",
        }
    }
}

/// The ledger holds a state that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state of a payment")]
pub struct UnknownState(pub String);

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState(text.to_owned()))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
