//! The payer's own way out, for when the seller does not answer: announced on the chain, and made after the channel's delay.
//!
//! The chain holds what is under way, so a process that ends between the two steps, or before it hears of one, goes on from there.

use std::time::Duration;

use alloy::eips::BlockNumberOrTag;
use x402::{B256, ChannelId, Settlement, Usdc};

use super::ChannelClient;
use crate::{
    Kind, UnixMillis,
    channel::{ChannelError, ChannelRow, Withdrawal},
};

/// Where a withdrawal stands.
#[derive(Clone, Debug)]
pub struct Withdrawn {
    /// What came back; nothing yet where the withdrawal is announced.
    pub returned: Usdc,
    /// The transaction that announced it or made it, where one was sent just now.
    pub transaction: Option<B256>,
    /// The channel afterwards.
    pub channel: ChannelRow,
}

impl ChannelClient {
    /// Takes the next step of a withdrawal of what is not owed to the seller: announces it, makes it once the chain allows, or
    /// takes note that it was made. Costs gas.
    ///
    /// # Errors
    /// [`ChannelError`]; the same call again goes on from what the chain has.
    pub async fn withdraw(&self, id: ChannelId) -> Result<Withdrawn, ChannelError> {
        let known = self.ledger.channel(id).await?.ok_or(ChannelError::NoSuchChannel(id))?;
        let account = self.accounts.get(id);
        let mut turn = account.lock().await;
        let mut row = known.clone();
        let claimed = self.look(&mut row).await?;
        let back = |row: &ChannelRow| known.balance.checked_sub(row.balance).unwrap_or_default();
        let transaction = match row.withdrawal {
            Some(pending) if self.is_ready(pending).await? => {
                let call = Settlement::finalizeWithdrawCall { config: row.config.into() };
                Some(self.chain.transact(self.wallet.key(), &call).await?)
            }
            Some(_) => None,
            // It was made, and nobody lived to write that down.
            None if known.withdrawal.is_some() && back(&row) > Usdc::ZERO => None,
            None => Some(self.announce(&mut row, claimed).await?),
        };
        self.look(&mut row).await?;
        let returned = back(&row);
        match returned {
            Usdc::ZERO => self.ledger.keep_channel(&row).await?,
            _ => self.ledger.came_back(&row, Kind::Withdrawal, returned, transaction).await?,
        }
        turn.row = Some(row.clone());
        Ok(Withdrawn { returned, transaction, channel: row })
    }

    /// Reads from the chain what a channel holds and what is leaving it. Answers what was claimed from it.
    pub(super) async fn look(&self, row: &mut ChannelRow) -> Result<Usdc, ChannelError> {
        let (balance, claimed) = self.chain.channel(row.id).await?;
        let delay = Duration::from_secs(row.config.withdraw_delay.into());
        row.balance = balance;
        row.withdrawal = self.chain.pending_withdrawal(row.id).await?.map(|(amount, since)| Withdrawal {
            amount,
            ready_at: Some(UnixMillis::from_seconds(since).after(delay)),
        });
        Ok(claimed)
    }

    /// From here on nothing is signed for the channel, also if this process ends before the chain has the announcement.
    async fn announce(&self, row: &mut ChannelRow, claimed: Usdc) -> Result<B256, ChannelError> {
        let owed = row.charged.max(claimed);
        let amount = row.balance.checked_sub(owed).filter(|amount| *amount > Usdc::ZERO);
        let amount = amount.ok_or(ChannelError::NothingLeft(row.id))?;
        row.withdrawal = Some(Withdrawal { amount, ready_at: None });
        self.ledger.keep_channel(row).await?;
        let config = row.config.into();
        let call = Settlement::initiateWithdrawCall { config, amount: amount.atomic().into() };
        Ok(self.chain.transact(self.wallet.key(), &call).await?)
    }

    /// Whether the chain's own time has come to it.
    async fn is_ready(&self, pending: Withdrawal) -> Result<bool, ChannelError> {
        let (_, now) = self.chain.block(BlockNumberOrTag::Latest).await?;
        Ok(pending.ready_at.is_some_and(|ready| ready.seconds() <= now))
    }
}
