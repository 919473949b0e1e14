use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;
use x402::Network;

/// A network, public or on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deployment {
    /// Base: real money.
    Base,
    /// Base Sepolia: test money on a public chain.
    BaseSepolia,
    /// Base Sepolia's chain id and addresses on this machine.
    #[default]
    Devnet,
}

impl Deployment {
    /// The network that payments name.
    #[must_use]
    pub const fn network(self) -> Network {
        match self {
            Self::Base => Network::Base,
            Self::BaseSepolia | Self::Devnet => Network::BaseSepolia,
        }
    }

    /// How often its node is asked for the newest block unless the plan says otherwise.
    #[must_use]
    pub const fn block_poll(self) -> Duration {
        match self {
            Self::Devnet => Duration::from_millis(20),
            Self::Base | Self::BaseSepolia => Duration::from_millis(200),
        }
    }

    /// The name in plans and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::BaseSepolia => "base-sepolia",
            Self::Devnet => "devnet",
        }
    }
}

impl std::fmt::Display for Deployment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
