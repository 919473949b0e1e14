use std::fmt;

/// What a number of calls takes in gas, paid each on its own and from a channel. Measured on the contracts of the local chain,
/// whose figures are those of the deployed ones within a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// How many calls.
    pub calls: u64,
    /// A settlement each.
    pub exact: u64,
    /// A deposit, a claim and pay-out shared with other channels, and a refund of the rest.
    pub channel: u64,
}

/// How calls are paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Each on its own, by the scheme `exact`.
    Exact,
    /// From a channel.
    Channel,
}

const EXACT: u64 = 85_776;
const DEPOSIT: u64 = 140_976;
/// Of a batch of ten; in larger ones it is less.
const CLAIM: u64 = 27_600;
const CLAIM_AND_REFUND: u64 = 115_875;

impl Costs {
    /// The costs of `calls`, by one deposit.
    #[must_use]
    pub const fn of(calls: u64) -> Self {
        let once = DEPOSIT + CLAIM + CLAIM_AND_REFUND;
        Self { calls, exact: EXACT.saturating_mul(calls), channel: once }
    }
}

/// The cheaper way to pay for the calls that are expected.
#[must_use]
pub const fn choose(calls: u64) -> Choice {
    let costs = Costs::of(calls);
    if costs.channel < costs.exact { Choice::Channel } else { Choice::Exact }
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, exact, channel } = self;
        let cheaper = if channel < exact { "a channel" } else { "exact" };
        write!(f, "{calls} calls take {exact} gas paid each, {channel} from a channel: {cheaper} is cheaper")
    }
}
