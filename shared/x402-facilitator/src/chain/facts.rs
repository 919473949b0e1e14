use std::sync::atomic::Ordering;

use alloy::{eips::BlockId, sol_types::SolCall};
use x402::{
    Authorization, Bytes, ErrorReason, ExactPayload,
    Multicall3::{self, Call3},
    Network, Token, Usdc,
};

use super::{Chain, ChainError, Head, Revert, decode, usdc};

/// What one block says about a payment.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The block.
    pub head: Head,
    /// What the payer holds.
    pub balance: Usdc,
    /// Whether the authorization's nonce was used or cancelled.
    pub nonce_used: bool,
    /// What the token says to the transfer.
    pub simulation: Result<(), Revert>,
}

impl Facts {
    /// Whether the payment would settle.
    ///
    /// # Errors
    /// The reason why it would not.
    pub fn judge(&self, authorization: &Authorization) -> Result<(), ErrorReason> {
        match &self.simulation {
            Ok(()) => Ok(()),
            Err(_) if self.nonce_used => Err(ErrorReason::NONCE_USED),
            Err(_) if self.balance < authorization.value => Err(ErrorReason::INSUFFICIENT_FUNDS),
            Err(revert) => Err(revert.reason(self.head)),
        }
    }
}

impl Chain {
    /// Everything that decides whether a payment would settle, in one call, at one block.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn facts(&self, payment: &ExactPayload) -> Result<Facts, ChainError> {
        let facts = self.facts_of(&[payment]).await?.pop();
        facts.ok_or_else(|| ChainError::BadAnswer("no facts".to_owned()))
    }

    /// The facts of several payments that are to settle one after the other in this order: each simulation stands on those
    /// before it, so that a payer cannot spend the same balance twice.
    pub(crate) async fn facts_of(&self, payments: &[&ExactPayload]) -> Result<Vec<Facts>, ChainError> {
        // What is read comes first, and so shows nothing of the simulated transfers.
        let mut calls = head_calls();
        for Authorization { from, nonce, .. } in payments.iter().map(|payment| payment.authorization) {
            calls.push(self.to_token(&Token::balanceOfCall { account: from }));
            calls.push(self.to_token(&Token::authorizationStateCall { authorizer: from, nonce: nonce.0 }));
        }
        calls.extend(payments.iter().map(|payment| self.to_token(&payment.transfer_call())));
        let results = self.aggregate_all(calls, BlockId::latest()).await?;

        let (block, results) = results.split_at(2);
        let (read, simulated) = results.split_at(2 * payments.len());
        let head = head(&block[0], &block[1])?;
        self.newest.fetch_max(head.number, Ordering::Relaxed);
        let facts = |(read, simulated): (&[Multicall3::Result], &Multicall3::Result)| {
            Ok(Facts {
                head,
                balance: usdc(result::<Token::balanceOfCall>(&read[0])?),
                nonce_used: result::<Token::authorizationStateCall>(&read[1])?,
                simulation: if simulated.success {
                    Ok(())
                } else {
                    Err(Revert(simulated.returnData.clone()))
                },
            })
        };
        read.chunks_exact(2).zip(simulated).map(facts).collect()
    }

    /// Whether an authorization's nonce was used or cancelled, and the block that says so.
    pub(super) async fn nonce_used(
        &self,
        authorization: &Authorization,
        at: BlockId,
    ) -> Result<(bool, Head), ChainError> {
        let Authorization { from, nonce, .. } = *authorization;
        let calls = [
            self.to_token(&Token::authorizationStateCall { authorizer: from, nonce: nonce.0 }),
            to_multicall(&Multicall3::getBlockNumberCall {}),
            to_multicall(&Multicall3::getCurrentBlockTimestampCall {}),
        ];
        let [used, number, timestamp] = self.aggregate_at(calls, at).await?;
        Ok((result::<Token::authorizationStateCall>(&used)?, head(&number, &timestamp)?))
    }

    /// The newest block.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn head(&self) -> Result<Head, ChainError> {
        self.head_at(BlockId::latest()).await
    }

    pub(super) async fn head_at(&self, at: BlockId) -> Result<Head, ChainError> {
        let calls = [
            to_multicall(&Multicall3::getBlockNumberCall {}),
            to_multicall(&Multicall3::getCurrentBlockTimestampCall {}),
        ];
        let [number, timestamp] = self.aggregate_at(calls, at).await?;
        head(&number, &timestamp)
    }

    async fn aggregate_at<const N: usize>(
        &self,
        calls: [Call3; N],
        at: BlockId,
    ) -> Result<[Multicall3::Result; N], ChainError> {
        let wrong =
            |results: Vec<_>| ChainError::BadAnswer(format!("{} results for {N} calls", results.len()));
        self.aggregate_all(calls.into(), at).await?.try_into().map_err(wrong)
    }

    /// Makes several calls at one block. As many results as calls.
    pub(super) async fn aggregate_all(
        &self,
        calls: Vec<Call3>,
        at: BlockId,
    ) -> Result<Vec<Multicall3::Result>, ChainError> {
        let asked = calls.len();
        let results = self.call(Network::MULTICALL3, &Multicall3::aggregate3Call { calls }, at).await?;
        if results.len() != asked {
            return Err(ChainError::BadAnswer(format!("{} results for {asked} calls", results.len())));
        }
        Ok(results)
    }

    fn to_token(&self, call: &impl SolCall) -> Call3 {
        Call3 { target: self.network.usdc().address, allowFailure: true, callData: call.abi_encode().into() }
    }
}

pub(super) fn to_multicall(call: &impl SolCall) -> Call3 {
    let input = Bytes::from(call.abi_encode());
    Call3 { target: Network::MULTICALL3, allowFailure: true, callData: input }
}

pub(super) fn result<C: SolCall>(result: &Multicall3::Result) -> Result<C::Return, ChainError> {
    if !result.success {
        return Err(ChainError::BadAnswer(format!("{} reverts", C::SIGNATURE)));
    }
    decode::<C>(&result.returnData)
}

/// The calls whose results tell the block.
pub(super) fn head_calls() -> Vec<Call3> {
    vec![
        to_multicall(&Multicall3::getBlockNumberCall {}),
        to_multicall(&Multicall3::getCurrentBlockTimestampCall {}),
    ]
}

pub(super) fn head(number: &Multicall3::Result, timestamp: &Multicall3::Result) -> Result<Head, ChainError> {
    let number = result::<Multicall3::getBlockNumberCall>(number)?;
    let timestamp = result::<Multicall3::getCurrentBlockTimestampCall>(timestamp)?;
    Ok(Head { number: number.saturating_to(), timestamp: timestamp.saturating_to() })
}
