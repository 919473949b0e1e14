use std::time::Duration;

/// How settlements are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnchainSettings {
    /// How long a settlement may take, waiting for a signer included, before its outcome is called unknown.
    pub settle_timeout: Duration,
    /// After how long without a block a transaction is replaced, once, by the same with higher fees.
    pub stuck_timeout: Duration,
    /// How many transactions of one signer may wait for a block at once. With 1, payments gather for as long as the transaction
    /// before them takes.
    pub max_in_flight: usize,
    /// How many payments one transaction may make.
    pub max_batch: usize,
    /// The gas that one transaction may take. It stays within half a block in any case.
    pub max_batch_gas: u64,
    /// The most that a transaction may offer, in wei per gas.
    pub max_fee_per_gas: u128,
    /// How long the fees of one block are used for the next ones.
    pub fee_age: Duration,
}

impl OnchainSettings {
    /// How long a payment may wait for a signer: what is left is for its transaction, which may get stuck.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.settle_timeout - self.stuck_timeout.min(self.settle_timeout / 2)
    }
}

impl Default for OnchainSettings {
    /// For Base: the cap on a transaction's gas is that of EIP-7825, the fees last a block. A settlement may take ten blocks: less
    /// than a seller allows it, so that the window it offers has time for another one.
    fn default() -> Self {
        Self {
            settle_timeout: Duration::from_secs(20),
            stuck_timeout: Duration::from_secs(10),
            max_in_flight: 16,
            max_batch: 150,
            max_batch_gas: (1 << 24) - 1,
            max_fee_per_gas: 50_000_000_000,
            fee_age: Duration::from_secs(2),
        }
    }
}
