//! What channels hold, and every movement of it, from the settlement contract's own state and logs.

use std::collections::BTreeMap;

use alloy::{
    rpc::types::{Filter, Log},
    sol_types::{SolCall, SolEvent},
};
use x402::{
    Address, B256, ChannelId, Multicall3::Call3, SETTLEMENT_CONTRACT, Settlement as Contract, Token, Usdc,
};
use x402_buyer::ChainError;

use super::{Node, NodeError};
use crate::wallets::total;

/// How many channels one query names.
const CHANNELS_AT_ONCE: usize = 100;

/// A channel as the contract has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelFunds {
    /// Deposits less refunds and withdrawals.
    pub balance: Usdc,
    /// What its seller claimed of that since it was opened.
    pub claimed: Usdc,
}

/// A movement of a channel's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelMove {
    /// The channel.
    pub channel: ChannelId,
    /// Which way.
    pub kind: MoveKind,
    /// How much.
    pub amount: Usdc,
    /// In which transaction.
    pub transaction: B256,
}

/// What a seller has with the contract, from all channels that are paid to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SellerAccount {
    /// What it claimed.
    pub claimed: Usdc,
    /// What of that was paid out to it.
    pub paid_out: Usdc,
}

/// Which way a channel's money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveKind {
    /// From the buyer into the channel.
    Deposit,
    /// From the channel to the seller's account, which is paid out later for many channels at once.
    Claim,
    /// Back to the buyer, by the seller.
    Refund,
    /// Back to the buyer, by itself.
    Withdrawal,
}

impl Node {
    /// What channels hold as of a block, in their order.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not say.
    pub async fn channels(&self, ids: &[ChannelId], block: u64) -> Result<Vec<ChannelFunds>, NodeError> {
        let calls = ids.iter().map(|id| Contract::channelsCall { channelId: id.0 });
        let states = self.contract(calls, block).await?.into_iter();
        let funds = states.map(|state| {
            Ok(ChannelFunds { balance: units(state.balance)?, claimed: units(state.totalClaimed)? })
        });
        funds.collect()
    }

    /// What sellers have with the contract as of a block, in their order.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not say.
    pub async fn seller_accounts(
        &self,
        sellers: &[Address],
        block: u64,
    ) -> Result<Vec<SellerAccount>, NodeError> {
        let token = self.network().usdc().address;
        let calls = sellers.iter().map(|&receiver| Contract::receiversCall { receiver, token });
        let states = self.contract(calls, block).await?.into_iter();
        let accounts = states.map(|state| {
            Ok(SellerAccount { claimed: units(state.totalClaimed)?, paid_out: units(state.totalSettled)? })
        });
        accounts.collect()
    }

    /// What the contract sent to a seller from one block to another, both included, by the token's logs.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not tell.
    pub async fn pay_outs(&self, seller: Address, from: u64, to: u64) -> Result<Usdc, NodeError> {
        let filter = Filter::new()
            .address(self.network().usdc().address)
            .event_signature(Token::Transfer::SIGNATURE_HASH)
            .topic1(SETTLEMENT_CONTRACT.into_word())
            .topic2(seller.into_word());
        let mut paid = Usdc::ZERO;
        for log in self.filtered(filter, from, to).await? {
            let transfer = Token::Transfer::decode_log(&log.inner);
            let value = transfer.ok().and_then(|transfer| u128::try_from(transfer.value).ok());
            paid = total([paid, units(value.ok_or(ChainError::Nonsense("a transfer"))?)?]);
        }
        Ok(paid)
    }

    /// The same view of the contract for each call, as of a block.
    async fn contract<C: SolCall>(
        &self,
        calls: impl Iterator<Item = C>,
        block: u64,
    ) -> Result<Vec<C::Return>, NodeError> {
        let calls = calls.map(|call| Call3 {
            target: SETTLEMENT_CONTRACT,
            allowFailure: false,
            callData: call.abi_encode().into(),
        });
        let (calls, mut states) = (calls.collect::<Vec<_>>(), Vec::new());
        for calls in calls.chunks(CHANNELS_AT_ONCE) {
            for answer in self.multicall(calls.to_vec(), block).await? {
                let state = C::abi_decode_returns(&answer.returnData);
                states.push(state.map_err(|_| ChainError::Nonsense("the settlement contract's state"))?);
            }
        }
        Ok(states)
    }

    /// The movements of channels from one block to another, both included, in the order of the chain.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not tell.
    pub async fn channel_moves(
        &self,
        ids: &[ChannelId],
        from: u64,
        to: u64,
    ) -> Result<Vec<ChannelMove>, NodeError> {
        let mut moves = BTreeMap::new();
        for ids in ids.chunks(CHANNELS_AT_ONCE) {
            for log in self.filtered(filter(ids), from, to).await? {
                moves.insert((log.block_number, log.log_index), movement(&log)?);
            }
        }
        Ok(moves.into_values().collect())
    }
}

fn filter(ids: &[ChannelId]) -> Filter {
    let events = vec![
        Contract::Deposited::SIGNATURE_HASH,
        Contract::Claimed::SIGNATURE_HASH,
        Contract::Refunded::SIGNATURE_HASH,
        Contract::WithdrawFinalized::SIGNATURE_HASH,
    ];
    let ids: Vec<B256> = ids.iter().map(|id| id.0).collect();
    Filter::new().address(SETTLEMENT_CONTRACT).event_signature(events).topic1(ids)
}

fn movement(log: &Log) -> Result<ChannelMove, NodeError> {
    let read = || {
        if let Ok(event) = Contract::Deposited::decode_log(&log.inner) {
            return Some((MoveKind::Deposit, event.channelId, event.amount));
        }
        if let Ok(event) = Contract::Claimed::decode_log(&log.inner) {
            return Some((MoveKind::Claim, event.channelId, event.claimAmount));
        }
        if let Ok(event) = Contract::Refunded::decode_log(&log.inner) {
            return Some((MoveKind::Refund, event.channelId, event.amount));
        }
        let event = Contract::WithdrawFinalized::decode_log(&log.inner).ok()?;
        Some((MoveKind::Withdrawal, event.channelId, event.amount))
    };
    let transaction = log.transaction_hash.ok_or(ChainError::Nonsense("a log without a place"))?;
    let (kind, channel, amount) = read().ok_or(ChainError::Nonsense("a channel's log"))?;
    Ok(ChannelMove { channel: ChannelId(channel), kind, amount: units(amount)?, transaction })
}

fn units(amount: u128) -> Result<Usdc, NodeError> {
    let units = u64::try_from(amount).map_err(|_| ChainError::Nonsense("an amount"))?;
    Ok(Usdc::from_atomic(units))
}
