use alloy::{consensus::BlockHeader, eips::BlockNumberOrTag, providers::Provider};

use super::{Chain, ChainError};

/// What the newest block says about the next ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fees {
    /// What a transaction should offer at most to get in, in wei per gas.
    pub(crate) max_fee_per_gas: u128,
    /// What of it goes to the block's maker.
    pub(crate) max_priority_fee_per_gas: u128,
    /// What every transaction pays.
    pub(crate) base_fee: u128,
    /// The gas of a whole block.
    pub(crate) block_gas: u64,
}

impl Fees {
    /// What replaces a transaction of these fees: nodes ask for an eighth more.
    pub(crate) fn bumped(self, now: Self) -> Self {
        let more = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        Self {
            max_fee_per_gas: more(self.max_fee_per_gas).max(now.max_fee_per_gas),
            max_priority_fee_per_gas: more(self.max_priority_fee_per_gas).max(now.max_priority_fee_per_gas),
            ..now
        }
    }
}

impl Chain {
    /// What a transaction should offer to get into one of the next blocks.
    pub(crate) async fn fees(&self) -> Result<Fees, ChainError> {
        let estimate = self.ask(self.provider.estimate_eip1559_fees());
        let block = self.ask(self.provider.get_block_by_number(BlockNumberOrTag::Latest));
        let (estimate, block) = tokio::try_join!(estimate, block)?;
        let block = block.ok_or_else(|| ChainError::BadAnswer("no newest block".to_owned()))?;
        Ok(Fees {
            max_fee_per_gas: estimate.max_fee_per_gas,
            max_priority_fee_per_gas: estimate.max_priority_fee_per_gas,
            base_fee: block.header.base_fee_per_gas().unwrap_or_default().into(),
            block_gas: block.header.gas_limit(),
        })
    }
}
