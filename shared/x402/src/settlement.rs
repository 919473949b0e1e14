//! What counts as paid, read from a transaction's logs. Everybody who asks "is it settled" asks this function.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;

use crate::{Authorization, contracts::Token};

/// One log of a transaction receipt.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<'a> {
    /// The contract that emitted it.
    pub address: Address,
    /// Indexed fields, the event's signature first.
    pub topics: &'a [B256],
    /// The other fields.
    pub data: &'a [u8],
    /// Index in the block.
    pub index: u64,
}

/// The pair of logs that proves one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementLogs {
    /// Index in the block of `Transfer`; with the block's hash it vouches for this payment and no other.
    pub transfer_index: u64,
}

/// Finds the proof that `authorization` was paid on `asset`: `AuthorizationUsed(payer, nonce)` and, as the very next log of
/// the same transaction, `Transfer(payer, payTo, exactly value)`, both from the token.
///
/// `logs` are those of one successful transaction, in order. "Nonce used" alone is not "paid": the payer can sign another
/// transfer with the same nonce.
#[must_use]
pub fn find_settlement<'a>(
    logs: impl IntoIterator<Item = LogEntry<'a>>,
    asset: Address,
    authorization: &Authorization,
) -> Option<SettlementLogs> {
    let mut used_at = None;
    for log in logs {
        if log.address == asset {
            if is_used(&log, authorization) {
                used_at = Some(log.index);
                continue;
            }
            if used_at.is_some_and(|used| used + 1 == log.index) && is_transfer(&log, authorization) {
                return Some(SettlementLogs { transfer_index: log.index });
            }
        }
        used_at = None;
    }
    None
}

fn is_used(log: &LogEntry<'_>, authorization: &Authorization) -> bool {
    let topics =
        [Token::AuthorizationUsed::SIGNATURE_HASH, authorization.from.into_word(), authorization.nonce.0];
    log.topics == topics
}

fn is_transfer(log: &LogEntry<'_>, authorization: &Authorization) -> bool {
    let topics =
        [Token::Transfer::SIGNATURE_HASH, authorization.from.into_word(), authorization.to.into_word()];
    log.topics == topics && log.data == U256::from(authorization.value.atomic()).to_be_bytes::<32>()
}
