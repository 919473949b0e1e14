//! Channels, as the settlement contract has them.

use alloy::eips::BlockId;
use x402::{ChannelId, SETTLEMENT_CONTRACT, Settlement, UnixSeconds, Usdc};

use super::{Chain, ChainError};

impl Chain {
    /// Balance and total claimed of a channel.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn channel(&self, id: ChannelId) -> Result<(Usdc, Usdc), ChainError> {
        let call = Settlement::channelsCall { channelId: id.0 };
        let state = self.read(SETTLEMENT_CONTRACT, &call, BlockId::latest()).await?;
        Ok((usdc(state.balance)?, usdc(state.totalClaimed)?))
    }

    /// The withdrawal that is announced from a channel: at most how much, and when.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn pending_withdrawal(&self, id: ChannelId) -> Result<Option<(Usdc, UnixSeconds)>, ChainError> {
        let call = Settlement::pendingWithdrawalsCall { channelId: id.0 };
        let pending = self.read(SETTLEMENT_CONTRACT, &call, BlockId::latest()).await?;
        let since: UnixSeconds = pending.initiatedAt.to();
        if since == 0 { Ok(None) } else { Ok(Some((usdc(pending.amount)?, since))) }
    }
}

fn usdc(units: u128) -> Result<Usdc, ChainError> {
    let units = u64::try_from(units).map_err(|_| ChainError::Nonsense("a balance above all USDC"))?;
    Ok(Usdc::from_atomic(units))
}
