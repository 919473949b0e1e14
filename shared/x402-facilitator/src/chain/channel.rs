//! What the chain says about channels.

use alloy::{
    eips::BlockId,
    primitives::{Address as Account, U256},
    providers::Provider,
    rpc::types::Filter,
    sol_types::{SolCall, SolEvent},
    transports::RpcError,
};
use x402::{
    Address, B256, Bytes, ChannelId, ChannelState, Multicall3::Call3, PaymentKey, SETTLEMENT_CONTRACT,
    Settlement, Token, UnixSeconds, Usdc,
};

use super::{Chain, ChainError, DomainError, Head, Mismatch, facts, transaction};
use crate::channel::ChannelRevert;

/// A channel as the chain has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnchainChannel {
    /// Deposits less refunds and withdrawals. Claims do not lower it.
    pub balance: Usdc,
    /// What was claimed in all.
    pub total_claimed: Usdc,
    /// The withdrawal that the payer announced.
    pub withdrawal: Option<Withdrawal>,
    /// How many refunds were made.
    pub refund_nonce: u64,
}

/// A withdrawal that is announced and not made yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// At most so much leaves the channel.
    pub amount: Usdc,
    /// The time of the block that announced it.
    pub initiated_at: UnixSeconds,
}

impl OnchainChannel {
    /// What stays in the channel whatever the payer does.
    #[must_use]
    pub fn trusted(&self) -> Usdc {
        let leaving = self.withdrawal.map_or(Usdc::ZERO, |withdrawal| withdrawal.amount);
        self.balance.checked_sub(leaving).unwrap_or_default()
    }

    /// The channel in the form of the protocol. A facilitator does not know what was charged.
    #[must_use]
    pub fn state(&self, channel_id: ChannelId, charged: Option<Usdc>) -> ChannelState {
        ChannelState {
            channel_id,
            balance: self.balance,
            total_claimed: self.total_claimed,
            withdraw_requested_at: self.withdrawal.map_or(0, |withdrawal| withdrawal.initiated_at),
            refund_nonce: self.refund_nonce,
            charged_cumulative_amount: charged,
        }
    }
}

impl Chain {
    /// Whether the contracts of channels stand where they should. To be asked before the first channel is served.
    ///
    /// # Errors
    /// [`DomainError::Mismatch`] where one is missing, [`DomainError::Unreachable`] when the chain does not answer.
    pub async fn check_channels(&self) -> Result<(), DomainError> {
        for contract in [SETTLEMENT_CONTRACT, x402::DEPOSIT_COLLECTOR] {
            if !self.has_code(contract).await? {
                return Err(Mismatch::NoContract(contract).into());
            }
        }
        Ok(())
    }

    /// Channels at the newest block, all at the same one.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn channels(&self, ids: &[ChannelId]) -> Result<(Head, Vec<OnchainChannel>), ChainError> {
        self.channels_at(ids, BlockId::latest()).await
    }

    /// One channel at the newest block.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn channel(&self, id: ChannelId) -> Result<(Head, OnchainChannel), ChainError> {
        let (head, channels) = self.channels(&[id]).await?;
        Ok((head, channels.first().copied().unwrap_or_default()))
    }

    /// What a channel held in the newest block that no reorganisation takes back.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn safe_balance(&self, id: ChannelId) -> Result<Usdc, ChainError> {
        let call = Settlement::channelsCall { channelId: id.0 };
        Ok(usdc(self.call(SETTLEMENT_CONTRACT, &call, BlockId::safe()).await?.balance))
    }

    /// Whether the token has seen a deposit's nonce, used or cancelled.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn deposit_used(&self, deposit: &PaymentKey) -> Result<bool, ChainError> {
        let call = Token::authorizationStateCall { authorizer: deposit.payer, nonce: deposit.nonce.0 };
        self.call(deposit.asset, &call, BlockId::latest()).await
    }

    /// What was claimed for a receiver and not paid out.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn unsettled(&self, receiver: Address, token: Address) -> Result<Usdc, ChainError> {
        let call = Settlement::receiversCall { receiver, token };
        let account = self.call(SETTLEMENT_CONTRACT, &call, BlockId::latest()).await?;
        Ok(usdc(account.totalClaimed.saturating_sub(account.totalSettled)))
    }

    /// The channels whose payers announced a withdrawal after one block and up to another.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn withdrawals(&self, after: u64, until: u64) -> Result<Vec<ChannelId>, ChainError> {
        let filter = Filter::new()
            .address(SETTLEMENT_CONTRACT)
            .event_signature(Settlement::WithdrawInitiated::SIGNATURE_HASH);
        let mut found = Vec::new();
        let mut after = after;
        while after < until {
            let last = after.saturating_add(self.settings.log_range.max(1)).min(until);
            let range = filter.clone().from_block(after + 1).to_block(last);
            let logs = self.ask(self.provider.get_logs(&range)).await?;
            found.extend(logs.iter().filter_map(|log| log.topics().get(1).copied()).map(ChannelId));
            after = last;
        }
        Ok(found)
    }

    /// Runs a call to the settlement contract without sending it. The inner error is what the contract says.
    pub(crate) async fn try_settlement(
        &self,
        from: Account,
        input: &Bytes,
    ) -> Result<Result<(), ChannelRevert>, ChainError> {
        let mut request = transaction(SETTLEMENT_CONTRACT, input.clone());
        request.from = Some(from);
        let limit = self.settings.request_timeout;
        let call = self.provider.call(request).block(BlockId::latest());
        let answer = tokio::time::timeout(limit, call.into_future()).await;
        match answer.map_err(|_| ChainError::TimedOut(limit))? {
            Ok(_) => Ok(Ok(())),
            Err(RpcError::ErrorResp(payload)) => match payload.as_revert_data() {
                Some(data) => Ok(Err(ChannelRevert(data))),
                None => Err(RpcError::ErrorResp(payload).into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a contract accepts a signature (ERC-1271).
    pub(crate) async fn accepts_signature(
        &self,
        contract: Address,
        digest: B256,
        signature: &Bytes,
    ) -> Result<bool, ChainError> {
        let call = Erc1271::isValidSignatureCall { hash: digest, signature: signature.clone() };
        match self.call(contract, &call, BlockId::latest()).await {
            Ok(answer) => Ok(answer == Erc1271::isValidSignatureCall::SELECTOR),
            Err(ChainError::Rpc { .. } | ChainError::BadAnswer(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn channels_at(
        &self,
        ids: &[ChannelId],
        at: BlockId,
    ) -> Result<(Head, Vec<OnchainChannel>), ChainError> {
        let mut calls = facts::head_calls();
        for ChannelId(id) in ids.iter().copied() {
            calls.push(to_settlement(&Settlement::channelsCall { channelId: id }));
            calls.push(to_settlement(&Settlement::pendingWithdrawalsCall { channelId: id }));
            calls.push(to_settlement(&Settlement::refundNonceCall { channelId: id }));
        }
        let results = self.aggregate_all(calls, at).await?;
        let (block, states) = results.split_at(2);
        let head = facts::head(&block[0], &block[1])?;
        let channels = states.chunks_exact(3).map(|state| {
            let held = facts::result::<Settlement::channelsCall>(&state[0])?;
            let leaving = facts::result::<Settlement::pendingWithdrawalsCall>(&state[1])?;
            let nonce: U256 = facts::result::<Settlement::refundNonceCall>(&state[2])?;
            let initiated_at: u64 = leaving.initiatedAt.to();
            Ok(OnchainChannel {
                balance: usdc(held.balance),
                total_claimed: usdc(held.totalClaimed),
                withdrawal: (initiated_at != 0)
                    .then(|| Withdrawal { amount: usdc(leaving.amount), initiated_at }),
                refund_nonce: nonce.saturating_to(),
            })
        });
        Ok((head, channels.collect::<Result<_, ChainError>>()?))
    }
}

alloy::sol! {
    interface Erc1271 {
        function isValidSignature(bytes32 hash, bytes signature) external view returns (bytes4);
    }
}

fn to_settlement(call: &impl SolCall) -> Call3 {
    Call3 { target: SETTLEMENT_CONTRACT, allowFailure: true, callData: call.abi_encode().into() }
}

/// USDC's supply fits 64 bits, so nothing larger occurs.
fn usdc(units: u128) -> Usdc {
    Usdc::from_atomic(u64::try_from(units).unwrap_or(u64::MAX))
}
