use std::time::Duration;

use x402::{MIN_WITHDRAW_DELAY, Network, Usdc};

/// How a gate serves and claims channels.
#[derive(Clone, Debug)]
pub struct ChannelSettings {
    /// Seconds between the announcement of a withdrawal and its execution: the time in which the seller must claim.
    pub withdraw_delay: u32,
    /// Whether channels are served whose vouchers no key signs. Their payer's contract can change its mind about a voucher at
    /// any time, so each is tried on the chain before it is served.
    pub serve_contracts: bool,
    /// A channel that owes this much is claimed.
    pub claim_value: Usdc,
    /// When all channels together owe this much, they are claimed.
    pub total_value: Usdc,
    /// What is owed for this long is claimed.
    pub claim_age: Duration,
    /// When this much was claimed and not paid out, it is paid out.
    pub settle_value: Usdc,
    /// How many channels one transaction claims.
    pub claim_batch: usize,
    /// The value served to one channel on money that a reorganisation could take back.
    pub unsafe_value: Usdc,
    /// How long what the chain said of a channel is believed, unless a withdrawal is seen.
    pub believe_for: Duration,
    /// How often the chain is asked for withdrawals, and the ledger for what is to claim.
    pub tick: Duration,
    /// How many calls of one channel may wait.
    pub max_waiting: usize,
    /// How long a voucher waits for the one before it.
    pub patience: Duration,
}

impl ChannelSettings {
    /// Settings for a network. Where `local`, the chain is one of this machine, and a withdrawal need not wait out an outage.
    #[must_use]
    pub const fn new(network: Network, local: bool) -> Self {
        let withdraw_delay = match (network, local) {
            (Network::BaseSepolia, true) => MIN_WITHDRAW_DELAY,
            _ => 86_400,
        };
        Self {
            withdraw_delay,
            serve_contracts: false,
            claim_value: Usdc::from_atomic(1_000_000),
            total_value: Usdc::from_atomic(10_000_000),
            claim_age: Duration::from_secs(3600),
            settle_value: Usdc::from_atomic(1_000_000),
            claim_batch: 100,
            unsafe_value: Usdc::from_atomic(1_000_000),
            believe_for: Duration::from_secs(30),
            tick: Duration::from_secs(2),
            max_waiting: 256,
            patience: Duration::from_millis(500),
        }
    }
}
