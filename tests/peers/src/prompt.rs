//! A facilitator that says yes at once, to see what a gate takes when nobody keeps it waiting.

use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::U256;
use async_trait::async_trait;
use x402::{B256, ErrorReason, Finality, Network, SettleRequest, SupportedResponse, Usdc, VerifyRequest};
use x402_facilitator::{Facilitator, FacilitatorError, Head, SettleOutcome, Settled, Verification};

/// Checks signatures and asks no chain, of which it makes up a block for each settlement. No money moves.
#[derive(Debug, Default)]
pub struct Prompt(AtomicU64);

/// The block before the first settlement's.
const FIRST_HEAD: u64 = 1;

#[async_trait]
impl Facilitator for Prompt {
    async fn verify(&self, request: &VerifyRequest) -> Result<Verification, FacilitatorError> {
        let exact = request.payment_payload.exact().ok();
        let payer = exact.as_ref().and_then(|exact| exact.recover(&Network::BaseSepolia.usdc()).ok());
        let Some((exact, payer)) = exact.zip(payer) else {
            return Ok(Verification::Invalid { reason: ErrorReason::SIGNATURE, payer: None });
        };
        let number = FIRST_HEAD + self.0.load(Ordering::Relaxed);
        let head = Head { number, timestamp: exact.authorization.valid_after };
        Ok(Verification::Valid { payer, head, balance: Usdc::from_atomic(u64::MAX / 4) })
    }

    async fn settle(&self, _: &SettleRequest) -> Result<SettleOutcome, FacilitatorError> {
        let block_number = FIRST_HEAD + self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let block_hash = B256::from(U256::from(block_number));
        Ok(SettleOutcome::Settled(Settled {
            transaction: block_hash,
            block_hash,
            block_number,
            log_index: 0,
            gas_used: 0,
            finality: Finality::Block,
        }))
    }

    async fn supported(&self) -> Result<SupportedResponse, FacilitatorError> {
        Err(FacilitatorError::Busy)
    }
}
