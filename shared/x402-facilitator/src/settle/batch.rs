//! The transaction of a batch. Its gas is computed: an estimate could find a gas at which every transfer fails and the batch
//! succeeds.

use std::collections::HashSet;

use alloy::sol_types::SolCall;
use x402::{
    Address,
    Multicall3::{Call3, aggregate3Call},
    Network,
};

use super::Job;
use crate::{
    OnchainSettings,
    admission::SignedBy,
    chain::{Chain, ChainError, Fees},
    relay::Call,
};

/// What a transfer may take alone when a key signed it: USDC needs about 90,000, more for a payee without a balance. What is
/// not used is not paid.
const KEY_GAS: u64 = 150_000;
/// What a transfer may take when the payer's code judges the signature. That code is a stranger's, and we pay.
const CODE_GAS: u64 = 500_000;
/// What a batch takes but for its transfers, and 1/64 that a call leaves to its caller.
const BATCH_GAS: u64 = 60_000;
/// What a transfer takes in a batch: USDC needs about 50,000.
const PAYMENT_GAS: u64 = 65_000;
/// What the first transfer to a payee may take more.
const PAYEE_GAS: u64 = 25_000;

/// Cuts a batch to what a transaction may take.
pub(super) fn cut(jobs: Vec<Job>, fees: Fees, settings: &OnchainSettings) -> Vec<Vec<Job>> {
    let limit = settings.max_batch_gas.min(fees.block_gas / 2);
    let mut batches: Vec<Vec<Job>> = vec![Vec::new()];
    for job in jobs {
        if let Some(batch) = batches.last_mut() {
            batch.push(job);
            if batch.len() > 1 && gas(batch) > limit {
                let rest = batch.split_off(batch.len() - 1);
                batches.push(rest);
            }
        }
    }
    batches
}

fn gas(jobs: &[Job]) -> u64 {
    let payees: HashSet<Address> = jobs.iter().map(|job| job.payload.authorization.to).collect();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    BATCH_GAS + PAYMENT_GAS * count(jobs.len()) + PAYEE_GAS * count(payees.len())
}

/// The call that makes the payments: a plain transfer for one.
pub(super) async fn call(jobs: &[Job], chain: &Chain, sender: Address) -> Result<Call, ChainError> {
    let usdc = chain.network().usdc();
    let payments = jobs.iter().map(|job| job.payload.authorization.key(&usdc)).collect();
    if let [job] = jobs {
        let input: x402::Bytes = job.payload.transfer_call().abi_encode().into();
        let gas = match job.signed_by {
            SignedBy::Key => KEY_GAS,
            SignedBy::Code => {
                let estimate = chain.estimate_gas(sender, usdc.address, input.clone()).await?;
                estimate.saturating_add(estimate / 4).min(CODE_GAS)
            }
        };
        return Ok(Call { to: usdc.address, input, gas, payments });
    }
    let calls = jobs.iter().map(|job| Call3 {
        target: usdc.address,
        allowFailure: true,
        callData: job.payload.transfer_call().abi_encode().into(),
    });
    let input = aggregate3Call { calls: calls.collect() }.abi_encode().into();
    Ok(Call { to: Network::MULTICALL3, input, gas: gas(jobs), payments })
}
