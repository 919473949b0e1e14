//! Which blocks the chain still has: what a reorganisation took back, and what none takes back any more.

use alloy::{eips::BlockId, primitives::U256, providers::Provider};
use x402::{B256, Multicall3};

use super::{
    Chain, ChainError,
    facts::{head, head_calls, result, to_multicall},
};

/// A block that was seen: its number and its hash.
pub type BlockRef = (u64, B256);

/// What became of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in the chain, and a reorganisation could still take it out.
    Included,
    /// It is in the chain, and undone only if the chain below undoes it.
    Safe,
    /// Another block has its place.
    Replaced,
    /// The chain does not tell yet: a block's hash can be read once there is a next block.
    Untold,
}

impl Chain {
    /// What became of blocks, by one call at the newest block; a question more for each that is older than 256 blocks.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn standing(&self, blocks: &[BlockRef]) -> Result<Vec<Standing>, ChainError> {
        let safe = self.head_at(BlockId::safe()).await?.number;
        let mut calls = head_calls();
        let hash_at = |number| to_multicall(&Multicall3::getBlockHashCall { blockNumber: number });
        calls.extend(blocks.iter().map(|(number, _)| hash_at(U256::from(*number))));
        let results = self.aggregate_all(calls, BlockId::latest()).await?;
        let (latest, hashes) = results.split_at(2);
        let latest = head(&latest[0], &latest[1])?.number;
        let mut standings = Vec::with_capacity(blocks.len());
        for ((number, hash), read) in blocks.iter().zip(hashes) {
            let now = match result::<Multicall3::getBlockHashCall>(read)? {
                B256::ZERO if *number < latest => self.old_hash(*number).await?,
                hash => hash,
            };
            standings.push(match now {
                B256::ZERO => Standing::Untold,
                now if now != *hash => Standing::Replaced,
                _ if *number <= safe => Standing::Safe,
                _ => Standing::Included,
            });
        }
        Ok(standings)
    }

    /// The hash of a block that contracts cannot read any more; zero where the node has it no more either.
    async fn old_hash(&self, number: u64) -> Result<B256, ChainError> {
        let block = self.ask(self.provider.get_block_by_number(number.into())).await?;
        Ok(block.map_or(B256::ZERO, |block| block.header.hash))
    }
}
